// Reconstruction term of the pixels that are seen, Σ w·(-ln p(x | z)) with w = 1 for a seen pixel and 0 for a hidden one, in nats, with its
// gradient in the place of the decoder's output: 0 for all that describes a hidden pixel. It is the kernel of LikelihoodLoss.cs with a
// mask.

using ILGPU;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Likelihoods;

public abstract partial class LikelihoodKernels
{
    /// <summary>
    /// The loss of what is seen, and its gradient in the place of <paramref name="decoded"/>; else as <see cref="Forward"/>.
    /// </summary>
    /// <param name="images">[rows / samplesPerImage × pixels], planar, in [0, 1]; hidden pixels need only be finite.</param>
    /// <param name="seen">[pixels], planar: 1 where a pixel is seen, else 0.</param>
    public abstract void DifferentiateSeen(
        AcceleratorStream stream, FloatView decoded, FloatView images, FloatView seen, FloatView shared, FloatView loss, PixelLayout layout,
        int samplesPerImage);
}

internal sealed partial class LikelihoodKernels<TLikelihood>
{
    private DifferentiateLauncher DifferentiateMasked => field ??= LoadDifferentiate(DifferentiateKernel<SeenPixels>);

    public override void DifferentiateSeen(
        AcceleratorStream stream, FloatView decoded, FloatView images, FloatView seen, FloatView shared, FloatView loss, PixelLayout layout,
        int samplesPerImage) =>
        DifferentiateMasked(
            stream, (loss.IntExtent, groupSize), decoded, images, seen, shared, default, loss, likelihood, layout, samplesPerImage, 1f);
}

/// <summary>Which pixels count, compiled into the kernel.</summary>
internal interface IPixelMask
{
    /// <summary>Whether all do; only then the shared number has a gradient.</summary>
    static abstract bool TakesAll { get; }

    /// <summary>1 for a pixel that counts, else 0.</summary>
    static abstract float Weight(FloatView seen, int pixel);
}

internal readonly struct AllPixels : IPixelMask
{
    public static bool TakesAll => true;

    public static float Weight(FloatView seen, int pixel) => 1f;
}

internal readonly struct SeenPixels : IPixelMask
{
    public static bool TakesAll => false;

    public static float Weight(FloatView seen, int pixel) => seen[pixel];
}
