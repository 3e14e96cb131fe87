// Finite scalar quantisation (Mentzer, Minnen, Agustsson & Tschannen 2023, arXiv:2309.15505): each number z of a vector is bounded and
// rounded to one of L levels, so that the codebook is the grid of all levels and nothing of it is learned.
//
//   h = ½·(L - 1)·(1 - 1e-3)         o = ½ where L is even, else 0
//   b = h·tanh(z + atanh(o / h)) - o
//   e = round(b) / ⌊L / 2⌋           in [-1, 1]; the levels are round(b) + ⌊L / 2⌋, of 0 … L - 1
//   k = Σ_d level_d·Π_(i < d) L_i    the number of the code
//
// The way back takes the rounding for nothing: dz = de·h·(1 - tanh²) / ⌊L / 2⌋.

using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Latent;

/// <summary>Rounds the numbers of vectors to levels, and goes back through that.</summary>
public sealed class ScalarQuantization(Accelerator accelerator)
{
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, ScalarLevels> forward =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, ScalarLevels>(ForwardKernel);

    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, ScalarLevels> number =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, ScalarLevels>(NumberKernel);

    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, ScalarLevels> lookup =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, ScalarLevels>(LookupKernel);

    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, FloatView, ScalarLevels> backward =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, FloatView, ScalarLevels>(BackwardKernel);

    /// <summary>e from z.</summary>
    /// <param name="z">[rows, D].</param>
    /// <param name="codes">[rows, D], written.</param>
    public void Forward(AcceleratorStream stream, FloatView z, FloatView codes, ScalarLevels levels)
    {
        if (z.Length > 0)
            forward(stream, z.IntExtent, z, codes, levels);
    }

    /// <summary>k from e.</summary>
    /// <param name="codes">[rows, D].</param>
    /// <param name="indices">[rows], written.</param>
    public void Number(AcceleratorStream stream, FloatView codes, FloatView indices, ScalarLevels levels)
    {
        if (indices.Length > 0)
            number(stream, indices.IntExtent, codes, indices, levels);
    }

    /// <summary>e from k.</summary>
    /// <param name="indices">[rows].</param>
    /// <param name="codes">[rows, D], written.</param>
    public void Lookup(AcceleratorStream stream, FloatView indices, FloatView codes, ScalarLevels levels)
    {
        if (codes.Length > 0)
            lookup(stream, codes.IntExtent, indices, codes, levels);
    }

    /// <summary>dz from de.</summary>
    /// <param name="z">[rows, D].</param>
    /// <param name="dCodes">[rows, D].</param>
    /// <param name="dz">[rows, D], written.</param>
    public void Backward(AcceleratorStream stream, FloatView z, FloatView dCodes, FloatView dz, ScalarLevels levels)
    {
        if (z.Length > 0)
            backward(stream, z.IntExtent, z, dCodes, dz, levels);
    }

    private static void ForwardKernel(Index1D i, FloatView z, FloatView codes, ScalarLevels levels)
    {
        int count = levels[i % levels.Count];
        float bounded = HalfOf(count) * XMath.Tanh(z[i] + ShiftOf(count)) - OffsetOf(count);
        // Halves have no place: |b| is less than L / 2.
        codes[i] = XMath.Floor(bounded + 0.5f) / (count / 2);
    }

    private static void NumberKernel(Index1D row, FloatView codes, FloatView indices, ScalarLevels levels)
    {
        int number = 0, stride = 1;
        for (int d = 0; d < levels.Count; d++)
        {
            int half = levels[d] / 2;
            number += stride * (int)(codes[row * levels.Count + d] * half + half + 0.5f);
            stride *= levels[d];
        }
        indices[row] = number;
    }

    private static void LookupKernel(Index1D i, FloatView indices, FloatView codes, ScalarLevels levels)
    {
        int number = (int)indices[i / levels.Count], at = i % levels.Count;
        for (int d = 0; d < at; d++)
            number /= levels[d];
        int half = levels[at] / 2;
        codes[i] = (float)(number % levels[at] - half) / half;
    }

    private static void BackwardKernel(Index1D i, FloatView z, FloatView dCodes, FloatView dz, ScalarLevels levels)
    {
        int count = levels[i % levels.Count];
        float tanh = XMath.Tanh(z[i] + ShiftOf(count));
        dz[i] = dCodes[i] * HalfOf(count) * (1f - tanh * tanh) / (count / 2);
    }

    private static float HalfOf(int count) => 0.5f * (count - 1) * (1f - 1e-3f);

    private static float OffsetOf(int count) => count % 2 == 0 ? 0.5f : 0f;

    /// <summary>atanh(o / h).</summary>
    private static float ShiftOf(int count)
    {
        float ratio = OffsetOf(count) / HalfOf(count);
        return 0.5f * XMath.Log((1f + ratio) / (1f - ratio));
    }
}

/// <summary>The levels of each number of a vector.</summary>
public readonly struct ScalarLevels
{
    /// <summary>The most numbers of a vector.</summary>
    public const int MaxCount = 8;

    /// <summary>The least and the greatest number of levels.</summary>
    public const int Least = 3, Most = 255;

    // A byte for each.
    private readonly ulong packed;

    /// <param name="levels">1 to 8 of them, of 3 … 255.</param>
    /// <exception cref="ArgumentException">There are more or fewer, or one is out of range.</exception>
    public ScalarLevels(IReadOnlyList<int> levels)
    {
        if (levels.Count is 0 or > MaxCount || levels.Any(level => level is < Least or > Most))
            throw new ArgumentException($"Levels [{string.Join(", ", levels)}]: 1 to {MaxCount}, each of {Least} … {Most}.");
        Count = levels.Count;
        for (int d = 0; d < Count; d++)
            packed |= (ulong)levels[d] << (8 * d);
    }

    /// <summary>D, the numbers of a vector.</summary>
    public int Count { get; }

    /// <summary>Levels of number <paramref name="d"/>.</summary>
    public int this[int d] => (int)(packed >> (8 * d)) & 0xFF;
}
