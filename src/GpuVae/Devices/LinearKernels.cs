using GpuVae.Kernels.Common;
using GpuVae.Kernels.Gemm;
using GpuVae.Kernels.Layers;

namespace GpuVae.Devices;

/// <summary>
/// The matrix products of a linear layer with the epilogues of one activation, which <see cref="Activation"/> is loaded as.
/// </summary>
internal abstract class LinearKernels
{
    /// <summary>Whether the derivative cannot be had from the output, so that the forward product keeps it.</summary>
    public abstract bool KeepsDerivative { get; }

    /// <summary>The kernels of convolutional layers with the same activation.</summary>
    public abstract ConvolutionKernels Convolutions { get; }

    /// <summary>
    /// y = f(x·W + b): x [batch, inputs], W [inputs, outputs], y [batch, outputs]. Where <paramref name="derivative"/> is not empty,
    /// f'(x·W + b) is kept there, [batch, outputs].
    /// </summary>
    public abstract void Forward(
        AcceleratorStream stream, MatrixView x, MatrixView weight, ArrayView<float> bias, MatrixView y, ArrayView<float> derivative);

    /// <summary>
    /// dW = xᵀ·dy, db = Σ dy and dx = (dy·Wᵀ) ∘ f'(saved), f being the activation that made x: x, saved and dx [batch, inputs], dy [batch,
    /// outputs], W and dW [inputs, outputs], db [outputs]. With an empty dx that gradient is left out.
    /// </summary>
    public abstract void Backward(
        AcceleratorStream stream, MatrixView x, MatrixView dy, MatrixView weight, MatrixView dw, ArrayView<float> db,
        ArrayView<float> saved, MatrixView dx);

    /// <summary>Of <see cref="Backward"/> the last gradient alone: dx = (dy·Wᵀ) ∘ f'(saved).</summary>
    public abstract void InputGradient(
        AcceleratorStream stream, MatrixView dy, MatrixView weight, ArrayView<float> saved, MatrixView dx);
}

/// <inheritdoc/>
internal sealed class LinearKernels<TActivation>(GemmContext gemm) : LinearKernels
    where TActivation : struct, IActivation
{
    private Gemm<BiasEpilogue<TActivation>> Biased => field ??= gemm.With<BiasEpilogue<TActivation>>();

    private Gemm<BiasKeepEpilogue<TActivation>> BiasedAndKept => field ??= gemm.With<BiasKeepEpilogue<TActivation>>();

    private LinearBackward<DerivativeEpilogue<TActivation>> Gradients => field ??= new(gemm);

    private Gemm<DerivativeEpilogue<TActivation>> Product => field ??= gemm.With<DerivativeEpilogue<TActivation>>();

    public override bool KeepsDerivative => !TActivation.DerivativeFromOutput;

    public override ConvolutionKernels Convolutions => field ??= new ConvolutionKernels<TActivation>(gemm.Accelerator);

    public override void Forward(
        AcceleratorStream stream, MatrixView x, MatrixView weight, ArrayView<float> bias, MatrixView y, ArrayView<float> derivative)
    {
        if (derivative.Length > 0)
            BiasedAndKept.Run(stream, x, weight, y, new BiasKeepEpilogue<TActivation>(bias, derivative, y.Columns));
        else
            Biased.Run(stream, x, weight, y, new BiasEpilogue<TActivation>(bias));
    }

    public override void Backward(
        AcceleratorStream stream, MatrixView x, MatrixView dy, MatrixView weight, MatrixView dw, ArrayView<float> db,
        ArrayView<float> saved, MatrixView dx) =>
        Gradients.Run(stream, x, dy, weight, dw, db, dx, new DerivativeEpilogue<TActivation>(saved, x.Columns));

    public override void InputGradient(
        AcceleratorStream stream, MatrixView dy, MatrixView weight, ArrayView<float> saved, MatrixView dx) =>
        Product.Run(stream, dy, weight.Transposed, dx, new DerivativeEpilogue<TActivation>(saved, dx.Columns));
}
