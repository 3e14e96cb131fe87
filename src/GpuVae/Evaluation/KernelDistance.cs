using System.Numerics.Tensors;

namespace GpuVae.Evaluation;

/// <summary>
/// The squared maximum mean discrepancy of two sets of features with the kernel (x·y/d + 1)³ (kernel inception distance: Bińkowski et al.
/// 2018, arXiv:1801.01401, there with another network): the unbiased estimate, averaged over blocks of at most
/// <see cref="LargestBlock"/> pairs. It may be negative where the sets are alike.
/// </summary>
public static class KernelDistance
{
    /// <summary>Rows of a block.</summary>
    public const int LargestBlock = 1000;

    /// <summary>The estimate; of the longer set the rows beyond the other's are left out.</summary>
    /// <param name="first">[n, count].</param>
    /// <param name="second">[m, count].</param>
    /// <param name="count">d.</param>
    /// <exception cref="ArgumentException">A set has fewer than two rows.</exception>
    public static double Of(ReadOnlySpan<float> first, ReadOnlySpan<float> second, int count)
    {
        int rows = Math.Min(first.Length, second.Length) / count;
        if (rows < 2)
            throw new ArgumentException($"Sets of {first.Length} and {second.Length} values are not two or more rows of {count}.");
        int blocks = Math.Max(1, rows / LargestBlock), ofBlock = rows / blocks;
        double sum = 0;
        for (int block = 0; block < blocks; block++)
        {
            float[] x = first.Slice(block * ofBlock * count, ofBlock * count).ToArray();
            float[] y = second.Slice(block * ofBlock * count, ofBlock * count).ToArray();
            sum += Mean(x, x, count, skipsDiagonal: true) + Mean(y, y, count, skipsDiagonal: true)
                - 2 * Mean(x, y, count, skipsDiagonal: false);
        }
        return sum / blocks;
    }

    private static double Mean(float[] x, float[] y, int count, bool skipsDiagonal)
    {
        int rows = x.Length / count;
        double[] sums = new double[rows];
        Parallel.For(0, rows, i =>
        {
            ReadOnlySpan<float> row = x.AsSpan(i * count, count);
            for (int j = 0; j < rows; j++)
            {
                if (skipsDiagonal && i == j)
                    continue;
                double value = (double)TensorPrimitives.Dot(row, y.AsSpan(j * count, count)) / count + 1;
                sums[i] += value * value * value;
            }
        });
        return sums.Sum() / (rows * (rows - (skipsDiagonal ? 1.0 : 0)));
    }
}
