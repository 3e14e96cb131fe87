using ILGPU;

namespace GpuVae.Kernels.Tests.Ops;

internal static class PriorOps
{
    // Sums over units and, with exponentials of their results, over components; gradients of either sign over up to 129 rows.
    private const double Tolerance = 3e-6;
    private const float KlWeight = 0.7f, Scale = 0.25f;

    public static IEnumerable<Op> Rows()
    {
        foreach ((int rows, int latents) in new[] { (1, 1), (3, 17), (129, 3) })
            yield return new Op($"Standard normal prior {rows}x{latents}", Tolerance, run => StandardNormal(run, rows, latents));
        foreach ((int rows, int components, int latents) in new[] { (1, 1, 1), (3, 7, 17), (129, 3, 2), (5, 40, 3) })
        {
            foreach (bool transposed in new[] { false, true })
            {
                yield return new Op(
                    $"Mixture prior {rows}x{components}x{latents}, transposed {transposed}", Tolerance,
                    run => Mixture(run, rows, components, latents, transposed));
            }
        }
        yield return new Op("Pseudo-inputs 5x17", 1e-6, run => PseudoInputs(run, 5, 17));
    }

    private static void StandardNormal(OpRun run, int rows, int latents)
    {
        float[] z = run.Uniform(rows * latents, -3, 3), dz = run.Uniform(rows * latents), shares = run.Uniform(rows, 0, 1);
        double Density(double[] code, int row) =>
            code.AsSpan(row * latents, latents).ToArray().Sum(x => Reference.LogNormal(x, 0, 0));
        double[] at = Reference.ToDouble(z);
        double[] gradient = Reference.Gradient(
            x => -Enumerable.Range(0, rows).Sum(row => Scale * KlWeight * shares[row] * Density(x, row)), at);
        var prior = new StandardNormalPrior(run.Accelerator);
        ArrayView<float> codes = run.Upload(z);
        prior.Forward(
            run.Stream, codes, run.Expect("log p", [.. Enumerable.Range(0, rows).Select(row => Density(at, row))]), latents);
        prior.Backward(
            run.Stream, codes, new RowWeights(run.Upload(shares), run.Upload([KlWeight]), Scale),
            run.Expect("dz", dz, [.. dz.Zip(gradient, (before, g) => before + g)]), latents);
    }

    private static void Mixture(OpRun run, int rows, int components, int latents, bool transposed)
    {
        int size = components * latents;
        float[] means = run.Uniform(size, -2, 2), logVariances = run.Uniform(size), logits = run.Uniform(components, -2, 2);
        float[] z = run.Uniform(rows * latents, -2, 2), dz = run.Uniform(rows * latents), shares = run.Uniform(rows, 0, 1);
        double[] m = Reference.ToDouble(means), s = Reference.ToDouble(logVariances), w = Reference.ToDouble(logits);
        double[] code = Reference.ToDouble(z);
        (int componentPitch, int unitPitch) = transposed ? (1, components) : (latents, 1);
        double Joint(int row, int c) =>
            w[c] - Reference.LogSumExp(w) + Enumerable.Range(0, latents).Sum(l =>
                Reference.LogNormal(
                    code[row * latents + l], m[c * componentPitch + l * unitPitch], s[c * componentPitch + l * unitPitch]));
        double Density(int row) => Reference.LogSumExp(Enumerable.Range(0, components).Select(c => Joint(row, c)));
        double Objective(double[] changed) => -Enumerable.Range(0, rows).Sum(row => Scale * KlWeight * shares[row] * Density(row));
        double[] dCode = Reference.Gradient(Objective, code), dm = Reference.Gradient(Objective, m);
        double[] ds = Reference.Gradient(Objective, s), dw = Reference.Gradient(Objective, w);

        var prior = new MixturePrior(run.Accelerator);
        var source = new MixtureComponents(run.Upload(means), run.Upload(logVariances), componentPitch, unitPitch);
        ArrayView<float> codes = run.Upload(z), weights = run.Upload(logits);
        ArrayView<float> table = run.Upload(new float[MixturePrior.TableLength(components, latents)]);
        prior.Prepare(run.Stream, source, weights, table, latents);
        ArrayView<float> density = run.Expect("log p", [.. Enumerable.Range(0, rows).Select(Density)]);
        ArrayView<float> parts = run.Expect(
            "shares",
            [
                .. from row in Enumerable.Range(0, rows)
                   from c in Enumerable.Range(0, components)
                   select Math.Exp(Joint(row, c) - Density(row)),
            ]);
        prior.Forward(run.Stream, codes, table, density, parts, latents);
        var ofRows = new RowWeights(run.Upload(shares), run.Upload([KlWeight]), Scale);
        prior.Backward(
            run.Stream, codes, table, parts, ofRows, run.Expect("dz", dz, [.. dz.Zip(dCode, (before, g) => before + g)]), components,
            latents);
        ArrayView<float> dMeans = run.Expect("d means", dm), dLogVariances = run.Expect("d log-variances", ds);
        // One component's share is 1 whatever its weight.
        ArrayView<float> dWeights = run.Expect("d weights", components == 1 ? [0] : dw);
        prior.ComponentsBackward(
            run.Stream, codes, table, parts, ofRows, source,
            new MixtureComponents(dMeans, dLogVariances, componentPitch, unitPitch), dWeights, latents);
    }

    /// <summary>Two images with pseudo-inputs after them.</summary>
    private static void PseudoInputs(OpRun run, int count, int pixels)
    {
        float[] images = run.Uniform(2 * pixels, 0, 1), logits = run.Uniform(pixels * count, -4, 4);
        float[] dRows = run.Uniform((2 + count) * pixels);
        double[] rows = [.. Reference.ToDouble(images), .. new double[logits.Length]], dLogits = new double[logits.Length];
        for (int u = 0; u < count; u++)
        {
            for (int p = 0; p < pixels; p++)
            {
                rows[(2 + u) * pixels + p] = Reference.Sigmoid(logits[p * count + u]);
                dLogits[p * count + u] = dRows[(2 + u) * pixels + p] * Reference.Slope(Reference.Sigmoid, logits[p * count + u]);
            }
        }
        var kernels = new PseudoInputs(run.Accelerator);
        ArrayView<float> joined = run.Expect("rows", rows);
        kernels.Join(run.Stream, run.Upload(images), run.Upload(logits), joined, pixels);
        kernels.Backward(run.Stream, joined, run.Upload(dRows), run.Expect("d logits", dLogits), pixels);
    }
}
