using GpuVae.Kernels.Training;
using ILGPU;

namespace GpuVae.Kernels.Tests.Ops;

/// <summary>What training does to all weights or gradients at once, beside Adam.</summary>
internal static class WeightOps
{
    public static IEnumerable<Op> Rows()
    {
        foreach (int n in OpTable.Sizes)
        {
            // A difference, a product and a sum, correctly rounded.
            yield return new Op($"Average of weights {n}", 3e-7, run => Average(run, n, step: 3, keep: 4.0 / 13));
            yield return new Op($"Sum of gradients {n}", 3e-7, run => Sum(run, n));
        }
        yield return new Op("Average of weights, late", 3e-7, run => Average(run, 17, step: 100_000, keep: 0.99f));
    }

    private static void Average(OpRun run, int n, long step, double keep)
    {
        float[] weights = run.Uniform(n), average = run.Uniform(n);
        double[] after = [.. average.Zip(weights, (a, w) => a + (1 - keep) * ((double)w - a))];
        var kernel = new WeightAverage(run.Accelerator);
        kernel.Update(run.Stream, run.Upload(weights), run.Expect("average", average, after), run.Upload([step]), 0.99f);
        ArrayView<float> a = run.Expect("a", weights, Reference.ToDouble(average));
        kernel.Exchange(run.Stream, a, run.Expect("b", average, Reference.ToDouble(weights)));
    }

    private static void Sum(OpRun run, int n)
    {
        float[] first = run.Uniform(n), second = run.Uniform(n), before = [.. Enumerable.Repeat(float.NaN, n)];
        var kernel = new GradientSum(run.Accelerator);
        ArrayView<float> sum = run.Expect("sum", before, [.. first.Zip(second, (a, b) => 0.75 * a + 0.25 * b)]);
        kernel.Start(run.Stream, run.Upload(first), sum, 0.75f);
        kernel.Add(run.Stream, run.Upload(second), sum, 0.25f);
    }
}
