// The gradient of a batch that is gone through in parts: sum = Σ share · gradient of a part, the shares of all parts adding up to 1.

using ILGPU;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Training;

/// <summary>Adds the gradients of a batch's parts up.</summary>
public sealed class GradientSum(Accelerator accelerator)
{
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, float> start =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, float>(StartKernel);
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, float> add =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, float>(AddKernel);

    /// <summary>sum = share · gradient, whatever it held.</summary>
    public void Start(AcceleratorStream stream, FloatView gradient, FloatView sum, float share) =>
        start(stream, sum.IntExtent, gradient, sum, share);

    /// <summary>sum += share · gradient.</summary>
    public void Add(AcceleratorStream stream, FloatView gradient, FloatView sum, float share) =>
        add(stream, sum.IntExtent, gradient, sum, share);

    private static void StartKernel(Index1D i, FloatView gradient, FloatView sum, float share) => sum[i] = share * gradient[i];

    private static void AddKernel(Index1D i, FloatView gradient, FloatView sum, float share) => sum[i] += share * gradient[i];
}
