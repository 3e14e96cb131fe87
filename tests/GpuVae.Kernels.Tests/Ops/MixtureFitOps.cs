using GpuVae.Kernels.Latent;

namespace GpuVae.Kernels.Tests.Ops;

/// <summary>What expectation-maximisation does beside its matrix products.</summary>
internal static class MixtureFitOps
{
    public static IEnumerable<Op> Rows()
    {
        foreach ((int rows, int columns) in new[] { (1, 1), (5, 3), (3, 17), (130, 33) })
        {
            // One product each.
            yield return new Op($"Quadratic features {rows}x{columns}", 1e-7, run => Features(run, rows, columns));
            // Exponentials of scores up to 20.
            yield return new Op($"Row softmax {rows}x{columns}", 2e-6, run => Softmax(run, rows, columns));
        }
    }

    private static void Features(OpRun run, int rows, int latents)
    {
        float[] z = run.Uniform(rows * latents, -2, 2);
        var expected = new List<double>();
        for (int row = 0; row < rows; row++)
        {
            double Unit(int i) => i < latents ? z[row * latents + i] : 1;
            for (int i = 0; i <= latents; i++)
                for (int j = 0; j <= i; j++)
                    expected.Add(Unit(i) * Unit(j));
        }
        new QuadraticFeatures(run.Accelerator).Run(run.Stream, run.Upload(z), run.Expect("features", [.. expected]), latents);
    }

    private static void Softmax(OpRun run, int rows, int columns)
    {
        float[] scores = run.Uniform(rows * columns, -20, 20);
        double[][] ofRows = [.. scores.Chunk(columns).Select(Reference.ToDouble)];
        double[] logSums = [.. ofRows.Select(row => Reference.LogSumExp(row))];
        double[] shares = [.. ofRows.SelectMany((row, r) => row.Select(score => Math.Exp(score - logSums[r])))];
        new RowSoftmax(run.Accelerator).Run(run.Stream, run.Expect("shares", scores, shares), run.Expect("log sums", logSums));
    }
}
