using GpuVae.Kernels.Latent;
using GpuVae.Kernels.Random;

namespace GpuVae.Kernels.Tests.Ops;

/// <summary>A step of chains, some of whose proposals are taken and some not.</summary>
internal static class LangevinOps
{
    // Sums of up to 33 squares, a square root and Box and Muller's noise.
    private const double Tolerance = 3e-6;

    public static IEnumerable<Op> Rows()
    {
        foreach ((int rows, int latents) in new[] { (1, 1), (9, 3), (17, 33) })
        {
            yield return new Op($"Langevin step {rows}x{latents}", Tolerance, run => Step(run, rows, latents, 1, adapts: false));
            yield return new Op($"Langevin step {rows}x{latents}, adapting, warm", Tolerance, run =>
                Step(run, rows, latents, 2, adapts: true));
            yield return new Op($"Langevin step {rows}x{latents}, cold", Tolerance, run => Step(run, rows, latents, 0, adapts: true));
        }
    }

    private static void Step(OpRun run, int rows, int latents, double temperature, bool adapts)
    {
        const ulong seed = 11;
        const int firstRow = 40;
        float[] code = run.Uniform(rows * latents), gradient = run.Uniform(rows * latents), variance = run.Uniform(rows * latents, 0.2, 1);
        float[] data = run.Uniform(rows, -2, 2), prior = run.Uniform(rows, -2, 2), dEnergy = run.Uniform(rows * latents);
        float[] proposal = [.. run.Uniform(rows * latents, -0.3, 0.3).Zip(code, (change, z) => z + change)];
        float[] state = [.. Enumerable.Range(0, rows).SelectMany(row => new[] { run.Uniform(1, -2, 4)[0], 0.4f, 1 + row, row / 2 })];
        // The first step of a chain is always taken; NaN never is.
        (state[0], state[2]) = (float.PositiveInfinity, 0);
        if (rows > 1)
            data[1] = float.NaN;

        double[] nextCode = Reference.ToDouble(code), nextGradient = Reference.ToDouble(gradient), nextState = Reference.ToDouble(state);
        double[] next = new double[rows * latents];
        for (int row = 0; row < rows; row++)
        {
            double h = state[4 * row + 1], proposed = data[row] - (double)prior[row], ratio = 0;
            long done = (long)state[4 * row + 2];
            for (int i = row * latents; i < (row + 1) * latents; i++)
            {
                double there = proposal[i] - code[i] + h / 2 * variance[i] * gradient[i];
                double back = code[i] - proposal[i] + h / 2 * variance[i] * dEnergy[i];
                if (temperature > 0)
                    ratio += (there * there - back * back) / (2 * h * temperature * variance[i]);
            }
            double change = state[4 * row] - proposed, logRatio = temperature > 0 ? change / temperature + ratio : change;
            PhiloxBlock words = Philox.Generate(seed, RandomPurpose.Langevin, done, firstRow + row, Philox.BlockOf(latents));
            double bound = temperature > 0 ? Math.Log(Philox.ToUniformPositive(words[Philox.WordOf(latents)])) : 0;
            bool isTaken = logRatio >= bound;
            if (adapts && done > 0)
            {
                double acceptance = double.IsNaN(logRatio) ? 0 : Math.Min(1, Math.Exp(logRatio));
                h *= temperature > 0 ? Math.Exp((acceptance - 0.574) / Math.Sqrt(done)) : isTaken ? 1.2 : 0.5;
            }
            for (int i = row * latents; i < (row + 1) * latents; i++)
            {
                if (isTaken)
                    (nextCode[i], nextGradient[i]) = (proposal[i], dEnergy[i]);
                double noise = Philox.NormalAt(seed, RandomPurpose.Langevin, done, firstRow + row, i - row * latents);
                next[i] = nextCode[i] - h / 2 * variance[i] * nextGradient[i] + Math.Sqrt(h * temperature * variance[i]) * noise;
            }
            nextState[4 * row] = isTaken ? proposed : state[4 * row];
            nextState[4 * row + 1] = h;
            nextState[4 * row + 2] = done + 1;
            nextState[4 * row + 3] += isTaken ? 1 : 0;
        }
        var chains = new Chains(
            run.Expect("code", code, nextCode), run.Expect("gradient", gradient, nextGradient), run.Upload(variance),
            run.Expect("state", state, nextState), latents);
        new Langevin(run.Accelerator).Step(
            run.Stream, run.Expect("proposal", proposal, next), run.Upload(data), run.Upload(prior), run.Upload(dEnergy),
            run.Upload([(float)temperature, adapts ? 1f : 0f, firstRow]), chains, seed);
    }
}
