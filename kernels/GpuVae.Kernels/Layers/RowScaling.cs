using ILGPU;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Layers;

/// <summary>Scales the rows of a batch, each by a weight of its own.</summary>
public sealed class RowScaling(Accelerator accelerator)
{
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, float, int> kernel =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, float, int>(ScaleKernel);

    /// <summary>x[r] = factor·w[r]·x[r], in place: x [rows × columns], w [rows].</summary>
    public void Run(AcceleratorStream stream, FloatView x, FloatView w, float factor, int columns)
    {
        if (x.Length > 0)
            kernel(stream, x.IntExtent, x, w, factor, columns);
    }

    private static void ScaleKernel(Index1D i, FloatView x, FloatView w, float factor, int columns) => x[i] *= factor * w[i.X / columns];
}
