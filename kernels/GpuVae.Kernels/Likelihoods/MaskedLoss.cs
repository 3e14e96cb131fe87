// Reconstruction term of the pixels that are seen, Σ w·(-ln p(x | z)) with w = 1 for a seen pixel and 0 for a hidden one, in nats, with its
// gradient in the place of the decoder's output: 0 for all that describes a hidden pixel. It is the kernel of LikelihoodLoss.cs with a mask.

using GpuVae.Kernels.Common;
using ILGPU;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Likelihoods;

/// <summary>A likelihood of seen pixels, forward and backward in one pass. One group works on one row.</summary>
/// <typeparam name="TLikelihood">p(x|z) of one pixel.</typeparam>
public sealed class MaskedLoss<TLikelihood>
    where TLikelihood : struct, IPixelLikelihood
{
    private readonly TLikelihood likelihood;
    private readonly int groupSize;
    private readonly Action<
        AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, FloatView, FloatView, FloatView, TLikelihood, PixelLayout, int,
        float> differentiate;

    public MaskedLoss(Accelerator accelerator, TLikelihood likelihood)
    {
        this.likelihood = likelihood;
        groupSize = GroupShapes.ForRow(accelerator);
        differentiate = accelerator.LoadKernel<
            FloatView, FloatView, FloatView, FloatView, FloatView, FloatView, TLikelihood, PixelLayout, int, float>(
            LikelihoodLoss<TLikelihood>.DifferentiateKernel<SeenPixels>);
    }

    /// <summary>The loss, and its gradient in the place of <paramref name="decoded"/>.</summary>
    /// <param name="decoded">[rows × columns], columns being the layout's pixels times the likelihood's parameters; overwritten.</param>
    /// <param name="images">[rows / samplesPerImage × pixels], planar, in [0, 1]; hidden pixels need only be finite.</param>
    /// <param name="seen">[pixels], planar: 1 where a pixel is seen, else 0.</param>
    /// <param name="shared">One element where <see cref="IPixelLikelihood.HasShared"/>; else empty.</param>
    /// <param name="loss">[rows], written: nats.</param>
    /// <param name="layout">The order of the columns.</param>
    /// <param name="samplesPerImage">Consecutive rows that belong to the same image.</param>
    public void Differentiate(
        AcceleratorStream stream, FloatView decoded, FloatView images, FloatView seen, FloatView shared, FloatView loss,
        PixelLayout layout, int samplesPerImage) =>
        differentiate(
            stream, (loss.IntExtent, groupSize), decoded, images, seen, shared, default, loss, likelihood, layout, samplesPerImage, 1f);
}

/// <summary>Which pixels count, compiled into the kernel.</summary>
internal interface IPixelMask
{
    /// <summary>1 for a pixel that counts, else 0.</summary>
    static abstract float Weight(FloatView seen, int pixel);
}

internal readonly struct AllPixels : IPixelMask
{
    public static float Weight(FloatView seen, int pixel) => 1f;
}

internal readonly struct SeenPixels : IPixelMask
{
    public static float Weight(FloatView seen, int pixel) => seen[pixel];
}
