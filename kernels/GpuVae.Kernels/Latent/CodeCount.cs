// How often each of K codes is among the indices: count_k = Σ_r [index_r = k].

using ILGPU;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Latent;

/// <summary>Counts codes.</summary>
public sealed class CodeCount(Accelerator accelerator)
{
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView> start =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView>(StartKernel);

    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView> add =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView>(AddKernel);

    /// <summary>Writes the counts [K] of indices [rows].</summary>
    public void Start(AcceleratorStream stream, FloatView indices, FloatView counts) => start(stream, counts.IntExtent, indices, counts);

    /// <summary>Adds the counts of indices [rows] to counts [K].</summary>
    public void Add(AcceleratorStream stream, FloatView indices, FloatView counts) => add(stream, counts.IntExtent, indices, counts);

    private static void StartKernel(Index1D code, FloatView indices, FloatView counts) => counts[code] = CountOf(code, indices);

    private static void AddKernel(Index1D code, FloatView indices, FloatView counts) => counts[code] += CountOf(code, indices);

    private static float CountOf(int code, FloatView indices)
    {
        float count = 0f;
        for (int row = 0; row < indices.IntLength; row++)
            count += indices[row] == code ? 1f : 0f;
        return count;
    }
}
