using GpuVae.Kernels.Common;

namespace GpuVae.Kernels.Tests.Ops;

internal static class ReduceOps
{
    // Terms of one sign: no cancellation, at most 1000 additions in one lane of the scalar device and a tree above.
    private const double Tolerance = 2e-6;

    public static IEnumerable<Op> Rows()
    {
        foreach (int n in OpTable.Sizes.Append(100_003))
        {
            yield return new Op($"Sum {n}", Tolerance, run => Sum(run, n));
            yield return new Op($"Sum of squares {n}", Tolerance, run => SumOfSquares(run, n));
        }
        foreach ((int rows, int columns) in new[] { (1, 17), (3, 1), (129, 1000), (1000, 3) })
        {
            yield return new Op($"Column maxima {rows}x{columns}", 0, run => ColumnMaxima(run, rows, columns));
        }
    }

    private static void Sum(OpRun run, int n)
    {
        float[] x = run.Uniform(n, 0, 1);
        run.Own(new Reduce(run.Accelerator)).Sum(run.Stream, run.Upload(x), run.Expect("sum", [x.Sum(v => (double)v)]));
    }

    private static void SumOfSquares(OpRun run, int n)
    {
        float[] x = run.Uniform(n);
        run.Own(new Reduce(run.Accelerator)).SumOfSquares(run.Stream, run.Upload(x), run.Expect("‖x‖²", [x.Sum(v => (double)v * v)]));
    }

    private static void ColumnMaxima(OpRun run, int rows, int columns)
    {
        float[] x = run.Uniform(rows * columns);
        double[] expected = [.. Enumerable.Range(0, columns).Select(j => Enumerable.Range(0, rows).Max(i => (double)x[i * columns + j]))];
        run.Own(new Reduce(run.Accelerator)).ColumnMaxima(run.Stream, run.Upload(x), run.Expect("maxima", expected));
    }
}
