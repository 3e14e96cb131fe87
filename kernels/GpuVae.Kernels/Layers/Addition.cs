// The end of a residual block (He et al. 2015, arXiv:1512.03385): y = f(a + b). The gradient at a + b is that of a and of b; where
// both come from the same x, their gradients to it add up.

using GpuVae.Kernels.Common;
using ILGPU;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Layers;

/// <summary>Sums of two buffers with an activation.</summary>
/// <typeparam name="TActivation">f.</typeparam>
public sealed class Addition<TActivation>(Accelerator accelerator)
    where TActivation : struct, IActivation
{
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, FloatView, FloatView> forward =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, FloatView, FloatView>(ForwardKernel);
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, FloatView> backward =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, FloatView>(BackwardKernel);

    /// <summary>y = f(a + b), where y may be a or b. All n long.</summary>
    /// <param name="a">Left.</param>
    /// <param name="b">Right.</param>
    /// <param name="y">Written.</param>
    /// <param name="derivative">
    /// f'(a + b), written if it cannot be had from y (<see cref="IActivation.DerivativeFromOutput"/>); else it may be y.
    /// </param>
    public void Forward(AcceleratorStream stream, FloatView a, FloatView b, FloatView y, FloatView derivative) =>
        forward(stream, y.IntExtent, a, b, y, derivative);

    /// <summary>dx = (dx + dy)·f'(<paramref name="saved"/>), f being what made x: the gradients of both ways to x. All n long.</summary>
    public void Backward(AcceleratorStream stream, FloatView saved, FloatView dy, FloatView dx) =>
        backward(stream, dx.IntExtent, saved, dy, dx);

    private static void ForwardKernel(Index1D i, FloatView a, FloatView b, FloatView y, FloatView derivative)
    {
        float sum = a[i] + b[i];
        if (!TActivation.DerivativeFromOutput)
            derivative[i] = TActivation.Derivative(sum);
        y[i] = TActivation.Apply(sum);
    }

    private static void BackwardKernel(Index1D i, FloatView saved, FloatView dy, FloatView dx) =>
        dx[i] = (dx[i] + dy[i]) * SavedActivation.Derivative<TActivation>(saved[i]);
}
