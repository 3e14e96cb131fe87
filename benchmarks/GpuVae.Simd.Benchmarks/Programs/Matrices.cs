using System.Runtime.InteropServices;

namespace GpuVae.Simd.Benchmarks.Programs;

/// <summary>What both matrix products share: operands and the check.</summary>
internal static class Matrices
{
    /// <summary>Elements uniform in [-1, 1).</summary>
    public static float[,] Create(int size, int seed)
    {
        var random = new Random(seed);
        float[,] matrix = new float[size, size];
        foreach (ref float element in MemoryMarshal.CreateSpan(ref matrix[0, 0], matrix.Length))
            element = 2 * random.NextSingle() - 1;
        return matrix;
    }

    public static Span<float> Row(float[,] matrix, int row) => MemoryMarshal.CreateSpan(ref matrix[row, 0], matrix.GetLength(1));

    /// <summary>Compares a thousand elements of the product with sums in double.</summary>
    public static void CheckProduct(float[,] a, float[,] b, float[,] c)
    {
        int size = a.GetLength(0);
        var random = new Random(3);
        for (int i = 0; i < 1000; i++)
        {
            int row = random.Next(size), column = random.Next(size);
            double sum = 0;
            for (int k = 0; k < size; k++)
                sum += (double)a[row, k] * b[k, column];
            // Rounding of partial sums of about √k: far below k · 2^-24, above which something is missing.
            Expect.Close($"C[{row}, {column}]", c[row, column], sum, size, 1.0 / (1 << 24));
        }
    }
}
