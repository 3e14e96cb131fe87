using System.Numerics.Tensors;

namespace GpuVae.Evaluation;

/// <summary>
/// How two sets of features overlap, by balls around each row that reach to its k-th nearest neighbour in its own set: precision and recall
/// (Kynkäänniemi et al. 2019, arXiv:1904.06991, k = <see cref="Neighbors"/>), density and coverage (Naeem et al. 2020, arXiv:2002.09797,
/// k = <see cref="DenseNeighbors"/>).
/// </summary>
/// <param name="Precision">Share of the images that lie in a ball of the data: are they like data?</param>
/// <param name="Recall">Share of the data that lie in a ball of the images: is all of the data there?</param>
/// <param name="Density">Balls of the data that an image lies in, over k; it may exceed 1.</param>
/// <param name="Coverage">Share of the data's balls that hold an image.</param>
public sealed record ManifoldOverlap(double Precision, double Recall, double Density, double Coverage)
{
    /// <summary>k of precision and recall.</summary>
    public const int Neighbors = 3;

    /// <summary>k of density and coverage.</summary>
    public const int DenseNeighbors = 5;

    /// <summary>The overlap of two sets.</summary>
    /// <param name="data">[n, count].</param>
    /// <param name="images">[m, count].</param>
    /// <param name="count">Features.</param>
    /// <exception cref="ArgumentException">A set has no more rows than neighbours are looked for.</exception>
    public static ManifoldOverlap Of(ReadOnlySpan<float> data, ReadOnlySpan<float> images, int count)
    {
        float[] real = data.ToArray(), made = images.ToArray();
        int n = real.Length / count, m = made.Length / count;
        if (Math.Min(n, m) <= DenseNeighbors)
            throw new ArgumentException($"{Math.Min(n, m)} rows are too few for {DenseNeighbors} neighbours.", nameof(data));
        (float[] near, float[] far) = Radii(real, count);
        (float[] nearMade, _) = Radii(made, count);
        bool[] isPrecise = new bool[m];
        int[] balls = new int[m];
        bool[] isRecalled = new bool[n], isCovered = new bool[n];
        Parallel.For(0, n, i =>
        {
            for (int j = 0; j < m; j++)
            {
                float distance = Distance(real, i, made, j, count);
                // Written by several threads, the same value by each.
                if (distance <= near[i])
                    isPrecise[j] = true;
                if (distance <= far[i])
                {
                    isCovered[i] = true;
                    Interlocked.Increment(ref balls[j]);
                }
                if (distance <= nearMade[j])
                    isRecalled[i] = true;
            }
        });
        return new ManifoldOverlap(
            Share(isPrecise), Share(isRecalled), balls.Average() / DenseNeighbors, Share(isCovered));
    }

    /// <summary>Distances of each row to its third and its fifth neighbour.</summary>
    private static (float[] Near, float[] Far) Radii(float[] rows, int count)
    {
        int n = rows.Length / count;
        float[] near = new float[n], far = new float[n];
        Parallel.For(0, n, i =>
        {
            float[] distances = new float[n];
            for (int j = 0; j < n; j++)
                distances[j] = Distance(rows, i, rows, j, count);
            // The nearest is the row itself.
            Array.Sort(distances);
            (near[i], far[i]) = (distances[Neighbors], distances[DenseNeighbors]);
        });
        return (near, far);
    }

    private static float Distance(float[] a, int i, float[] b, int j, int count) =>
        TensorPrimitives.Distance<float>(a.AsSpan(i * count, count), b.AsSpan(j * count, count));

    private static double Share(bool[] values) => (double)values.Count(value => value) / values.Length;
}
