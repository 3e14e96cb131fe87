using GpuVae.Kernels.Common;
using ILGPU;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Layers;

/// <summary>Element-wise activation forward and backward, for where no matrix product is at hand to carry it as its epilogue.</summary>
/// <typeparam name="TActivation">The function.</typeparam>
public sealed class ActivationKernels<TActivation>(Accelerator accelerator)
    where TActivation : struct, IActivation
{
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView> forward =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView>(ForwardKernel);
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, FloatView> backward =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, FloatView>(BackwardKernel);

    /// <summary>y = f(x), element by element; y may be x. Both n long.</summary>
    public void Forward(AcceleratorStream stream, FloatView x, FloatView y)
    {
        if (x.Length > 0)
            forward(stream, x.IntExtent, x, y);
    }

    /// <summary>dx = dy·f'(<paramref name="saved"/>), where dx may be dy. All n long.</summary>
    /// <remarks>What is saved, the output or f' itself, is up to <see cref="IActivation.DerivativeFromOutput"/>.</remarks>
    public void Backward(AcceleratorStream stream, FloatView saved, FloatView dy, FloatView dx)
    {
        if (saved.Length > 0)
            backward(stream, saved.IntExtent, saved, dy, dx);
    }

    private static void ForwardKernel(Index1D i, FloatView x, FloatView y) => y[i] = TActivation.Apply(x[i]);

    private static void BackwardKernel(Index1D i, FloatView saved, FloatView dy, FloatView dx) =>
        dx[i] = dy[i] * SavedActivation.Derivative<TActivation>(saved[i]);
}
