using GpuVae.Kernels.Latent;

namespace GpuVae.Kernels.Tests.Ops;

internal static class FlowOps
{
    // Sigmoids and softplus within a few ulp; sums of at most 40 terms of one sign.
    private const double Tolerance = 1e-6;

    public static IEnumerable<Op> Rows()
    {
        foreach ((int images, int samples, int latents) in new[] { (1, 1, 1), (3, 2, 5), (4, 1, 40) })
        {
            string size = $"{images}x{samples}x{latents}";
            yield return new Op($"Flow gate forward {size}", Tolerance, run => Gate(run, images * samples, latents));
            yield return new Op($"Flow gate backward {size}", Tolerance, run => GateBackward(run, images * samples, latents));
            yield return new Op($"Flow context {size}", Tolerance, run => Context(run, images, samples, 3 * latents));
            foreach (bool reversed in new[] { false, true })
                yield return new Op($"Flow mask {size}, reversed {reversed}", 0, run => Mask(run, latents, 2 * latents + 1, reversed));
        }
    }

    private static (double[] Next, double[] LogGates) Step(double[] outputs, double[] z, int latents)
    {
        double[] next = new double[z.Length], logGates = new double[z.Length / latents];
        for (int i = 0; i < z.Length; i++)
        {
            int row = i / latents, at = i + row * latents;
            double gate = Reference.Sigmoid(outputs[at + latents] + 2);
            next[i] = gate * z[i] + (1 - gate) * outputs[at];
            logGates[row] += Math.Log(gate);
        }
        return (next, logGates);
    }

    private static void Gate(OpRun run, int rows, int latents)
    {
        float[] outputs = run.Uniform(rows * 2 * latents, -4, 4), z = run.Uniform(rows * latents, -2, 2), density = run.Uniform(rows);
        (double[] next, double[] logGates) = Step(Reference.ToDouble(outputs), Reference.ToDouble(z), latents);
        new AutoregressiveFlow(run.Accelerator).Gate(
            run.Stream, run.Upload(outputs), run.Upload(z), run.Expect("z'", next),
            run.Expect("log q", density, [.. density.Zip(logGates, (before, sum) => before - sum)]), latents);
    }

    private static void GateBackward(OpRun run, int rows, int latents)
    {
        const float klWeight = 0.7f, scale = 0.5f;
        float[] outputs = run.Uniform(rows * 2 * latents, -4, 4), z = run.Uniform(rows * latents, -2, 2);
        float[] dNext = run.Uniform(rows * latents), shares = run.Uniform(rows, 0, 1);
        double Objective(double[] o, double[] code)
        {
            (double[] next, double[] logGates) = Step(o, code, latents);
            return next.Zip(dNext, (x, d) => x * d).Sum() - logGates.Zip(shares, (sum, share) => scale * klWeight * share * sum).Sum();
        }
        double[] o = Reference.ToDouble(outputs), code = Reference.ToDouble(z);
        new AutoregressiveFlow(run.Accelerator).GateBackward(
            run.Stream, run.Upload(outputs), run.Upload(z), run.Upload(dNext),
            new RowWeights(run.Upload(shares), run.Upload([klWeight]), scale),
            run.Expect("d outputs", Reference.Gradient(x => Objective(x, code), o)),
            run.Expect("dz", Reference.Gradient(x => Objective(o, x), code)), latents);
    }

    /// <summary>The context lies in the middle of the encoder's columns; its gradient leaves the others alone.</summary>
    private static void Context(OpRun run, int images, int samples, int width)
    {
        const int first = 2, after = 3;
        int columns = first + width + after;
        float[] hidden = run.Uniform(images * samples * width), encoded = run.Uniform(images * columns);
        float[] dHidden = run.Uniform(images * samples * width), dBefore = run.Uniform(images * columns);
        double[] expected = [.. hidden.Select((x, i) =>
            Math.Max(0, x + (double)encoded[i / width / samples * columns + first + i % width]))];
        double[] dExpected = Reference.ToDouble(dBefore);
        for (int image = 0; image < images; image++)
        {
            for (int h = 0; h < width; h++)
            {
                dExpected[image * columns + first + h] =
                    Enumerable.Range(image * samples, samples).Sum(row => (double)dHidden[row * width + h]);
            }
        }
        var flow = new AutoregressiveFlow(run.Accelerator);
        flow.AddContext(run.Stream, run.Expect("hidden", hidden, expected), run.Upload(encoded), columns, first, width, samples);
        flow.ContextBackward(
            run.Stream, run.Upload(dHidden), run.Expect("d encoded", dBefore, dExpected), columns, first, width, samples);
    }

    /// <summary>What the masks leave must make every unit's output depend on units before it alone, and on all of those.</summary>
    private static void Mask(OpRun run, int latents, int width, bool reversed)
    {
        float[] ones1 = [.. Enumerable.Repeat(1f, latents * width)], ones2 = [.. Enumerable.Repeat(1f, width * 2 * latents)];
        // Paths from unit i to output o are the product of what is left; there are some exactly where i comes before the unit of o.
        double[] first = new double[ones1.Length], second = new double[ones2.Length];
        for (int h = 0; h < width; h++)
        {
            for (int unit = 0; unit < latents; unit++)
            {
                int degree = reversed ? latents - unit : unit + 1;
                first[unit * width + h] = h % latents >= degree ? 1 : 0;
                second[h * 2 * latents + unit] = second[h * 2 * latents + latents + unit] = h % latents < degree ? 1 : 0;
            }
        }
        for (int unit = 0; unit < latents; unit++)
        {
            for (int o = 0; o < 2 * latents; o++)
            {
                double paths = Enumerable.Range(0, width).Sum(h => first[unit * width + h] * second[h * 2 * latents + o]);
                Assert.Equal(reversed ? unit > o % latents : unit < o % latents, paths > 0);
            }
        }
        new AutoregressiveFlow(run.Accelerator).Mask(
            run.Stream, run.Expect("first", ones1, first), run.Expect("second", ones2, second), latents, width, reversed);
    }
}
