// The kernels take a likelihood as a type argument. A program that chooses one at run time has them all behind one type here.

using GpuVae.Kernels.Common;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Likelihoods;

/// <summary>All kernels of one likelihood, whichever it is, each loaded at first use.</summary>
public abstract class LikelihoodKernels
{
    /// <summary>The kernels of <paramref name="likelihood"/>.</summary>
    public static LikelihoodKernels Create<TLikelihood>(Accelerator accelerator, TLikelihood likelihood)
        where TLikelihood : struct, IPixelLikelihood => new Typed<TLikelihood>(accelerator, likelihood);

    /// <inheritdoc cref="LikelihoodLoss{T}.Forward"/>
    public abstract void Forward(
        AcceleratorStream stream, FloatView decoded, FloatView images, FloatView shared, FloatView loss, PixelLayout layout,
        int samplesPerImage);

    /// <inheritdoc cref="LikelihoodLoss{T}.Differentiate"/>
    public abstract void Differentiate(
        AcceleratorStream stream, FloatView decoded, FloatView images, FloatView shared, FloatView dShared, FloatView loss,
        PixelLayout layout, int samplesPerImage, float scale);

    /// <inheritdoc cref="MaskedLoss{T}.Differentiate"/>
    public abstract void DifferentiateSeen(
        AcceleratorStream stream, FloatView decoded, FloatView images, FloatView seen, FloatView shared, FloatView loss, PixelLayout layout,
        int samplesPerImage);

    /// <inheritdoc cref="ReducedLoss{T}.Differentiate"/>
    public abstract void DifferentiateReduced(
        AcceleratorStream stream, FloatView decoded, FloatView small, FloatView shared, FloatView loss, PixelLayout layout,
        PoolShape pool, float precision);

    /// <inheritdoc cref="LikelihoodImages{T}.Means"/>
    public abstract void Means(AcceleratorStream stream, FloatView decoded, FloatView shared, FloatView images, PixelLayout layout);

    /// <inheritdoc cref="LikelihoodImages{T}.Samples"/>
    public abstract void Samples(
        AcceleratorStream stream, FloatView decoded, FloatView shared, FloatView images, PixelLayout layout, ulong seed, long step,
        int firstRow = 0);

    private sealed class Typed<TLikelihood>(Accelerator accelerator, TLikelihood likelihood) : LikelihoodKernels
        where TLikelihood : struct, IPixelLikelihood
    {
        private LikelihoodLoss<TLikelihood> Loss => field ??= new(accelerator, likelihood);

        private MaskedLoss<TLikelihood> Masked => field ??= new(accelerator, likelihood);

        private ReducedLoss<TLikelihood> Reduced => field ??= new(accelerator, likelihood);

        private LikelihoodImages<TLikelihood> Images => field ??= new(accelerator, likelihood);

        public override void Forward(
            AcceleratorStream stream, FloatView decoded, FloatView images, FloatView shared, FloatView loss, PixelLayout layout,
            int samplesPerImage) =>
            Loss.Forward(stream, decoded, images, shared, loss, layout, samplesPerImage);

        public override void Differentiate(
            AcceleratorStream stream, FloatView decoded, FloatView images, FloatView shared, FloatView dShared, FloatView loss,
            PixelLayout layout, int samplesPerImage, float scale) =>
            Loss.Differentiate(stream, decoded, images, shared, dShared, loss, layout, samplesPerImage, scale);

        public override void DifferentiateSeen(
            AcceleratorStream stream, FloatView decoded, FloatView images, FloatView seen, FloatView shared, FloatView loss,
            PixelLayout layout, int samplesPerImage) =>
            Masked.Differentiate(stream, decoded, images, seen, shared, loss, layout, samplesPerImage);

        public override void DifferentiateReduced(
            AcceleratorStream stream, FloatView decoded, FloatView small, FloatView shared, FloatView loss, PixelLayout layout,
            PoolShape pool, float precision) =>
            Reduced.Differentiate(stream, decoded, small, shared, loss, layout, pool, precision);

        public override void Means(
            AcceleratorStream stream, FloatView decoded, FloatView shared, FloatView images, PixelLayout layout) =>
            Images.Means(stream, decoded, shared, images, layout);

        public override void Samples(
            AcceleratorStream stream, FloatView decoded, FloatView shared, FloatView images, PixelLayout layout, ulong seed, long step,
            int firstRow) =>
            Images.Samples(stream, decoded, shared, images, layout, seed, step, firstRow);
    }
}
