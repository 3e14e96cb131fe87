using GpuVae.Kernels;
using GpuVae.Models;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Layers;

/// <summary>
/// The matrix products of a linear layer with the epilogues of one activation. Kernels take the activation as a type argument; this is
/// where the value of <see cref="ActivationKind"/> becomes that type.
/// </summary>
internal abstract class LinearKernels
{
    /// <summary>Whether the derivative needs the pre-activation, which the forward product then keeps.</summary>
    public abstract bool KeepsPreActivation { get; }

    public static LinearKernels Create(Gemm gemm, ActivationKind activation) => activation switch
    {
        ActivationKind.Relu => new LinearKernels<Relu>(gemm),
        ActivationKind.LeakyRelu => new LinearKernels<LeakyRelu>(gemm),
        ActivationKind.Silu => new LinearKernels<Silu>(gemm),
        ActivationKind.Gelu => new LinearKernels<Gelu>(gemm),
        ActivationKind.Tanh => new LinearKernels<Tanh>(gemm),
        ActivationKind.Sigmoid => new LinearKernels<Sigmoid>(gemm),
        ActivationKind.Softplus => new LinearKernels<Softplus>(gemm),
        _ => throw new ArgumentOutOfRangeException(nameof(activation), activation, "no such activation"),
    };

    /// <summary>
    /// y = f(x·Wᵀ + b): x [batch, inputs] with rows <paramref name="pitch"/> apart, W [outputs, inputs], y [batch, outputs]. Where
    /// <paramref name="preActivation"/> is not empty, x·Wᵀ + b is kept there, [batch, outputs].
    /// </summary>
    public abstract void Forward(
        AcceleratorStream stream, int batch, int inputs, int outputs, ArrayView<float> x, int pitch, ArrayView<float> weight,
        ArrayView<float> bias, ArrayView<float> y, ArrayView<float> preActivation);

    /// <summary>
    /// dx = (dy·W) ∘ f'(saved), f being the activation that made x: dy [batch, outputs], W [outputs, inputs], saved and dx [batch, inputs].
    /// </summary>
    public abstract void InputGradient(
        AcceleratorStream stream, int batch, int inputs, int outputs, ArrayView<float> dy, ArrayView<float> weight, ArrayView<float> saved,
        ArrayView<float> dx);
}

/// <inheritdoc/>
internal sealed class LinearKernels<TActivation>(Gemm gemm) : LinearKernels
    where TActivation : struct, IActivation
{
    private Gemm<BiasEpilogue<TActivation>> Biased => field ??= gemm.With<BiasEpilogue<TActivation>>();

    private Gemm<BiasKeepEpilogue<TActivation>> BiasedAndKept => field ??= gemm.With<BiasKeepEpilogue<TActivation>>();

    private Gemm<DerivativeEpilogue<TActivation>> Derivative => field ??= gemm.With<DerivativeEpilogue<TActivation>>();

    public override bool KeepsPreActivation => !TActivation.DerivativeFromOutput;

    public override void Forward(
        AcceleratorStream stream, int batch, int inputs, int outputs, ArrayView<float> x, int pitch, ArrayView<float> weight,
        ArrayView<float> bias, ArrayView<float> y, ArrayView<float> preActivation)
    {
        if (preActivation.Length > 0)
        {
            var epilogue = new BiasKeepEpilogue<TActivation>(bias, preActivation, outputs);
            BiasedAndKept.Run(stream, false, true, batch, outputs, inputs, 1, x, pitch, weight, inputs, 0, y, outputs, epilogue);
        }
        else
        {
            var epilogue = new BiasEpilogue<TActivation>(bias);
            Biased.Run(stream, false, true, batch, outputs, inputs, 1, x, pitch, weight, inputs, 0, y, outputs, epilogue);
        }
    }

    public override void InputGradient(
        AcceleratorStream stream, int batch, int inputs, int outputs, ArrayView<float> dy, ArrayView<float> weight, ArrayView<float> saved,
        ArrayView<float> dx)
    {
        var epilogue = new DerivativeEpilogue<TActivation>(saved, inputs);
        Derivative.Run(stream, false, false, batch, inputs, outputs, 1, dy, outputs, weight, inputs, 0, dx, inputs, epilogue);
    }
}
