// Rows around a mean, y[r, c] = x[r, c] - mean[c]: what an encoder is given of images (Burda et al. 2016, arXiv:1509.00519, section 5.1).
// The way back is the identity, so it has no launch.

using ILGPU;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Layers;

/// <summary>Takes the same row off all rows of a batch.</summary>
public sealed class Centering(Accelerator accelerator)
{
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, FloatView> kernel =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, FloatView>(CenterKernel);

    /// <summary>y[r, c] = x[r, c] - mean[c]: x and y [rows × columns], mean [columns].</summary>
    public void Run(AcceleratorStream stream, FloatView x, FloatView mean, FloatView y) => kernel(stream, y.IntExtent, x, mean, y);

    private static void CenterKernel(Index1D i, FloatView x, FloatView mean, FloatView y) => y[i] = x[i] - mean[i.X % mean.IntLength];
}
