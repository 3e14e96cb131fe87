using GpuVae.Kernels.Common;
using GpuVae.Kernels.Convolution;
using GpuVae.Kernels.Layers;

namespace GpuVae.Devices;

/// <summary>
/// The kernels of convolutional layers with one activation, as <see cref="LinearKernels"/> has those of linear layers. Images have their
/// channels innermost.
/// </summary>
internal abstract class ConvolutionKernels
{
    /// <summary>
    /// y = f(x ∗ w + b), or, transposed, y = f(the data gradient of the convolution at x + b). Where <paramref name="derivative"/> is
    /// not empty, that of f is kept there. <paramref name="scratch"/> is needed by transposed convolutions alone.
    /// </summary>
    public abstract void Forward(
        AcceleratorStream stream, ConvolutionShape shape, bool isTransposed, ArrayView<float> x, ArrayView<float> weight,
        ArrayView<float> bias, ArrayView<float> scratch, ArrayView<float> y, ArrayView<float> derivative);

    /// <summary>
    /// dx = (the way of dy back through the convolution) ∘ f'(saved), f being the activation that made x. <paramref name="scratch"/> is
    /// needed by convolutions that are not transposed.
    /// </summary>
    public abstract void InputGradient(
        AcceleratorStream stream, ConvolutionShape shape, bool isTransposed, ArrayView<float> dy, ArrayView<float> weight,
        ArrayView<float> scratch, ArrayView<float> saved, ArrayView<float> dx);

    /// <summary>See <see cref="GroupNormalization{TActivation}.Forward"/>.</summary>
    public abstract void Normalize(
        AcceleratorStream stream, NormalizationShape shape, ArrayView<float> x, ArrayView<float> gamma, ArrayView<float> beta,
        ArrayView<float> y, ArrayView<float> derivative, ArrayView<float> statistics);

    /// <summary>See <see cref="Addition{TActivation}.Forward"/>.</summary>
    public abstract void Add(
        AcceleratorStream stream, ArrayView<float> a, ArrayView<float> b, ArrayView<float> y, ArrayView<float> derivative);

    /// <summary>dx = (dx + dy) ∘ f'(saved), f being the activation that made x.</summary>
    public abstract void AddBackward(AcceleratorStream stream, ArrayView<float> saved, ArrayView<float> dy, ArrayView<float> dx);

    /// <summary>dx = dx ∘ f'(saved), f being the activation that made x.</summary>
    public abstract void Differentiate(AcceleratorStream stream, ArrayView<float> saved, ArrayView<float> dx);
}

/// <inheritdoc/>
internal sealed class ConvolutionKernels<TActivation>(Accelerator accelerator) : ConvolutionKernels
    where TActivation : struct, IActivation
{
    private Convolution<BiasEpilogue<TActivation>> Biased => field ??= new(accelerator);

    private Convolution<BiasKeepEpilogue<TActivation>> BiasedAndKept => field ??= new(accelerator);

    private Convolution<DerivativeEpilogue<TActivation>> Gradients => field ??= new(accelerator);

    private GroupNormalization<TActivation> Normalization => field ??= new(accelerator);

    private Addition<TActivation> Addition => field ??= new(accelerator);

    private ActivationKernels<TActivation> Activation => field ??= new(accelerator);

    public override void Forward(
        AcceleratorStream stream, ConvolutionShape shape, bool isTransposed, ArrayView<float> x, ArrayView<float> weight,
        ArrayView<float> bias, ArrayView<float> scratch, ArrayView<float> y, ArrayView<float> derivative)
    {
        if (derivative.Length > 0)
        {
            var epilogue = new BiasKeepEpilogue<TActivation>(bias, derivative, isTransposed ? shape.Inputs : shape.Outputs);
            Run(BiasedAndKept, stream, shape, isTransposed, x, weight, scratch, y, epilogue);
        }
        else
            Run(Biased, stream, shape, isTransposed, x, weight, scratch, y, new BiasEpilogue<TActivation>(bias));
    }

    public override void InputGradient(
        AcceleratorStream stream, ConvolutionShape shape, bool isTransposed, ArrayView<float> dy, ArrayView<float> weight,
        ArrayView<float> scratch, ArrayView<float> saved, ArrayView<float> dx)
    {
        var epilogue = new DerivativeEpilogue<TActivation>(saved, isTransposed ? shape.Outputs : shape.Inputs);
        Run(Gradients, stream, shape, !isTransposed, dy, weight, scratch, dx, epilogue);
    }

    public override void Normalize(
        AcceleratorStream stream, NormalizationShape shape, ArrayView<float> x, ArrayView<float> gamma, ArrayView<float> beta,
        ArrayView<float> y, ArrayView<float> derivative, ArrayView<float> statistics) =>
        Normalization.Forward(stream, shape, x, gamma, beta, y, derivative, statistics);

    public override void Add(
        AcceleratorStream stream, ArrayView<float> a, ArrayView<float> b, ArrayView<float> y, ArrayView<float> derivative) =>
        Addition.Forward(stream, a, b, y, derivative);

    public override void AddBackward(AcceleratorStream stream, ArrayView<float> saved, ArrayView<float> dy, ArrayView<float> dx) =>
        Addition.Backward(stream, saved, dy, dx);

    public override void Differentiate(AcceleratorStream stream, ArrayView<float> saved, ArrayView<float> dx) =>
        Activation.Backward(stream, saved, dx, dx);

    private static void Run<TEpilogue>(
        Convolution<TEpilogue> convolution, AcceleratorStream stream, ConvolutionShape shape, bool backwards, ArrayView<float> from,
        ArrayView<float> weight, ArrayView<float> scratch, ArrayView<float> to, TEpilogue epilogue)
        where TEpilogue : struct, IEpilogue
    {
        if (backwards)
            convolution.DataGradient(stream, shape, from, weight, scratch, to, epilogue);
        else
            convolution.Forward(stream, shape, from, weight, to, epilogue);
    }
}
