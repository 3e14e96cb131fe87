using GpuVae.Kernels.Common;
using GpuVae.Kernels.Training;
using ILGPU;

namespace GpuVae.Kernels.Tests.Ops;

internal static class AdamOps
{
    // Three steps; the update is a ratio of moments, each within a few ulp.
    private const double Tolerance = 1e-6;

    public static IEnumerable<Op> Rows()
    {
        foreach (int n in OpTable.Sizes)
        {
            yield return new Op($"Adam {n}", Tolerance, run => Steps(run, n, new AdamOptions(), 0));
            yield return new Op($"Adam, L2 and clipping {n}", Tolerance, run =>
                Steps(run, n, new AdamOptions { WeightDecay = 0.1, MaxGradientNorm = 0.5 }, 0));
            yield return new Op($"AdamW {n}", Tolerance, run =>
                Steps(run, n, new AdamOptions { WeightDecay = 0.1, Decoupled = true, Beta1 = 0.5 }, 0));
            yield return new Op($"AdamW, skipping {n}", Tolerance, run =>
                Steps(run, n, new AdamOptions { WeightDecay = 0.1, Decoupled = true }, 0, skipsSecond: true));
        }
        yield return new Op("Adam, after 100000 steps", Tolerance, run => Steps(run, 17, new AdamOptions(), 100_000));
    }

    /// <param name="run">Where.</param>
    /// <param name="n">Weights.</param>
    /// <param name="o">Options.</param>
    /// <param name="start">Steps before these.</param>
    /// <param name="skipsSecond">Whether the second step's gradient is too large to be followed.</param>
    private static void Steps(OpRun run, int n, AdamOptions o, long start, bool skipsSecond = false)
    {
        const float rate = 0.05f;
        float[] weights = run.Uniform(n), first = run.Uniform(n, -0.1, 0.1), second = run.Uniform(n, 0, 0.1);
        float[][] gradients = [run.Uniform(n), run.Uniform(n, skipsSecond ? 100 : -1, skipsSecond ? 101 : 1), run.Uniform(n)];
        if (skipsSecond)
            o = o with { SkippedGradientNorm = 50 * Math.Sqrt(n) };
        if (start == 0)
        {
            Array.Clear(first);
            Array.Clear(second);
        }
        double[] p = Reference.ToDouble(weights), m = Reference.ToDouble(first), v = Reference.ToDouble(second);
        for (int s = 0; s < gradients.Length; s++)
        {
            double t = start + s + 1;
            double norm = Math.Sqrt(gradients[s].Sum(g => (double)g * g));
            if (o.SkippedGradientNorm > 0 && norm > o.SkippedGradientNorm)
                continue;
            double clip = o.MaxGradientNorm > 0 ? Math.Min(1, o.MaxGradientNorm / (norm + 1e-6)) : 1;
            for (int i = 0; i < n; i++)
            {
                double g = clip * gradients[s][i] + (o.Decoupled ? 0 : o.WeightDecay * p[i]);
                if (o.Decoupled)
                    p[i] -= rate * o.WeightDecay * p[i];
                m[i] = o.Beta1 * m[i] + (1 - o.Beta1) * g;
                v[i] = o.Beta2 * v[i] + (1 - o.Beta2) * g * g;
                p[i] -= rate * (m[i] / (1 - Math.Pow(o.Beta1, t))) / (Math.Sqrt(v[i] / (1 - Math.Pow(o.Beta2, t))) + o.Epsilon);
            }
        }

        var adam = new Adam(run.Accelerator, o);
        Reduce reduce = run.Own(new Reduce(run.Accelerator));
        ArrayView<float> w = run.Expect("weights", weights, p);
        ArrayView<float> m1 = run.Expect("first moment", first, m), m2 = run.Expect("second moment", second, v);
        ArrayView<float> learningRate = run.Upload([rate]), squaredNorm = run.Upload([0f]);
        // Each step's losses go to the entry of its number.
        float[] reconstruction = run.Uniform(9), kl = run.Uniform(5);
        double[] sums = [reconstruction.Sum(value => (double)value), kl.Sum(value => (double)value)];
        ArrayView<float> log = run.Expect("log", [.. gradients.SelectMany(_ => sums)]);
        ArrayView<float> reconstructionTerms = run.Upload(reconstruction), klTerms = run.Upload(kl);
        for (int s = 0; s < gradients.Length; s++)
        {
            ArrayView<float> g = run.Upload(gradients[s]);
            ArrayView<long> clock = run.Upload([start + s, 0L, start + s]);
            reduce.SumOfSquares(run.Stream, g, squaredNorm);
            adam.Update(run.Stream, w, g, m1, m2, learningRate, squaredNorm, new StepLog(clock, reconstructionTerms, klTerms, log));
        }
    }
}
