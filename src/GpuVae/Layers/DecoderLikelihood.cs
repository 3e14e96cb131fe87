using GpuVae.Kernels;
using GpuVae.Models;
using GpuVae.Scheduling;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Layers;

/// <summary>
/// The kernels of one likelihood. They take it as a type argument; this is where the value of <see cref="Likelihood"/> becomes that type.
/// </summary>
internal abstract class LikelihoodKernels
{
    /// <summary>
    /// The name of the number that all pixels share and where it starts; null for none. It is a parameter of the model beside the networks'.
    /// </summary>
    public (string Name, float Start)? Shared { get; private init; }

    /// <summary>
    /// Whether the first column of a pixel, through <see cref="MeanActivation"/>, is its mean, so that a dense decoder's last product can
    /// give the image.
    /// </summary>
    public bool MeanIsColumn { get; private init; }

    /// <summary>f, where the mean is f(first column); null for none.</summary>
    public ActivationKind? MeanActivation { get; private init; }

    public static LikelihoodKernels Create(Accelerator accelerator, Gemm gemm, VaeOptions options) => options.Likelihood switch
    {
        Likelihood.Bernoulli => new FusedLikelihoodKernels<BernoulliLikelihood>(accelerator, gemm, default)
        {
            MeanIsColumn = true,
            MeanActivation = ActivationKind.Sigmoid,
        },
        Likelihood.ContinuousBernoulli => new FusedLikelihoodKernels<ContinuousBernoulliLikelihood>(accelerator, gemm, default),
        Likelihood.Gaussian => new FusedLikelihoodKernels<GaussianLikelihood>(accelerator, gemm, new((float)options.Variance))
        {
            MeanIsColumn = true,
        },
        Likelihood.GaussianLearned => new LikelihoodKernels<PixelScale<NormalFamily>>(accelerator, default) { MeanIsColumn = true },
        Likelihood.GaussianShared => new LikelihoodKernels<SharedScale<NormalFamily>>(accelerator, default)
        {
            MeanIsColumn = true,
            Shared = ("likelihood.log_variance", (float)Math.Log(options.Variance)),
        },
        Likelihood.Laplace => new LikelihoodKernels<SharedScale<LaplaceFamily>>(accelerator, default)
        {
            MeanIsColumn = true,
            // Its variance is twice the square of its scale.
            Shared = ("likelihood.log_scale", (float)(0.5 * Math.Log(0.5 * options.Variance))),
        },
        Likelihood.DiscretizedLogistic => new LikelihoodKernels<PixelScale<DiscretizedLogisticFamily>>(accelerator, default),
        Likelihood.LogisticMixture =>
            new LikelihoodKernels<Mixture<DiscretizedLogisticFamily>>(accelerator, new(options.MixtureComponents)),
        _ => throw new ArgumentOutOfRangeException(nameof(options), options.Likelihood, "no such likelihood"),
    };

    /// <summary>Appends the decoder's last layer and the loss in one step; null where the likelihood cannot ride on a product.</summary>
    /// <inheritdoc cref="Linear.ForwardLoss"/>
    public virtual (PlannedTensor Loss, PlannedTensor Gradient)? ForwardLoss(
        LayerContext context, Linear layer, PlannedTensor x, PlannedTensor target) => null;

    /// <inheritdoc cref="LikelihoodLoss{T}.Forward"/>
    public abstract void Forward(
        AcceleratorStream stream, ArrayView<float> decoded, ArrayView<float> images, ArrayView<float> shared,
        ArrayView<float> reconstruction, PixelLayout layout, int samplesPerImage);

    /// <inheritdoc cref="LikelihoodLoss{T}.Differentiate"/>
    public abstract void Differentiate(
        AcceleratorStream stream, ArrayView<float> decoded, ArrayView<float> images, ArrayView<float> shared, ArrayView<float> dShared,
        ArrayView<float> reconstruction, PixelLayout layout, int samplesPerImage, float scale);

    /// <inheritdoc cref="MaskedLoss{T}.Differentiate"/>
    public abstract void DifferentiateSeen(
        AcceleratorStream stream, ArrayView<float> decoded, ArrayView<float> images, ArrayView<float> seen, ArrayView<float> shared,
        ArrayView<float> loss, PixelLayout layout, int samplesPerImage);

    /// <inheritdoc cref="ReducedLoss{T}.Differentiate"/>
    public abstract void DifferentiateReduced(
        AcceleratorStream stream, ArrayView<float> decoded, ArrayView<float> small, ArrayView<float> shared, ArrayView<float> loss,
        PixelLayout layout, Reduction reduction, float precision);

    /// <inheritdoc cref="LikelihoodImages{T}.Means"/>
    public abstract void Means(
        AcceleratorStream stream, ArrayView<float> decoded, ArrayView<float> shared, ArrayView<float> images, PixelLayout layout);

    /// <inheritdoc cref="LikelihoodImages{T}.Samples"/>
    public abstract void Samples(
        AcceleratorStream stream, ArrayView<float> decoded, ArrayView<float> shared, ArrayView<float> images, PixelLayout layout,
        ulong seed, long step, int firstRow);
}

/// <inheritdoc/>
internal class LikelihoodKernels<TLikelihood>(Accelerator accelerator, TLikelihood likelihood) : LikelihoodKernels
    where TLikelihood : struct, IPixelLikelihood
{
    private LikelihoodLoss<TLikelihood> Losses => field ??= new(accelerator);

    private MaskedLoss<TLikelihood> Masked => field ??= new(accelerator);

    private ReducedLoss<TLikelihood> Reduced => field ??= new(accelerator);

    private LikelihoodImages<TLikelihood> Images => field ??= new(accelerator);

    public override void Forward(
        AcceleratorStream stream, ArrayView<float> decoded, ArrayView<float> images, ArrayView<float> shared,
        ArrayView<float> reconstruction, PixelLayout layout, int samplesPerImage) =>
        Losses.Forward(stream, decoded, images, shared, reconstruction, likelihood, layout, samplesPerImage);

    public override void Differentiate(
        AcceleratorStream stream, ArrayView<float> decoded, ArrayView<float> images, ArrayView<float> shared, ArrayView<float> dShared,
        ArrayView<float> reconstruction, PixelLayout layout, int samplesPerImage, float scale) =>
        Losses.Differentiate(stream, decoded, images, shared, dShared, reconstruction, likelihood, layout, samplesPerImage, scale);

    public override void DifferentiateSeen(
        AcceleratorStream stream, ArrayView<float> decoded, ArrayView<float> images, ArrayView<float> seen, ArrayView<float> shared,
        ArrayView<float> loss, PixelLayout layout, int samplesPerImage) =>
        Masked.Differentiate(stream, decoded, images, seen, shared, loss, likelihood, layout, samplesPerImage);

    public override void DifferentiateReduced(
        AcceleratorStream stream, ArrayView<float> decoded, ArrayView<float> small, ArrayView<float> shared, ArrayView<float> loss,
        PixelLayout layout, Reduction reduction, float precision) =>
        Reduced.Differentiate(stream, decoded, small, shared, loss, likelihood, layout, reduction, precision);

    public override void Means(
        AcceleratorStream stream, ArrayView<float> decoded, ArrayView<float> shared, ArrayView<float> images, PixelLayout layout) =>
        Images.Means(stream, decoded, shared, images, likelihood, layout);

    public override void Samples(
        AcceleratorStream stream, ArrayView<float> decoded, ArrayView<float> shared, ArrayView<float> images, PixelLayout layout,
        ulong seed, long step, int firstRow) =>
        Images.Samples(stream, decoded, shared, images, likelihood, layout, seed, step, firstRow);
}

/// <summary>The kernels of a likelihood that can ride on a decoder's last product.</summary>
internal sealed class FusedLikelihoodKernels<TLikelihood>(Accelerator accelerator, Gemm gemm, TLikelihood likelihood)
    : LikelihoodKernels<OneColumn<TLikelihood>>(accelerator, new(likelihood))
    where TLikelihood : struct, ILikelihood
{
    private LinearLoss<TLikelihood> Fused => field ??= new(gemm);

    public override (PlannedTensor Loss, PlannedTensor Gradient)? ForwardLoss(
        LayerContext context, Linear layer, PlannedTensor x, PlannedTensor target) =>
        layer.ForwardLoss(context, Fused, likelihood, x, target);
}
