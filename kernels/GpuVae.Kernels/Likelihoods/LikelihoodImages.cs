// Images from a decoder's output: the mean E[x|z] of every pixel, with its way back, or a draw from p(x|z). The draw of pixel i (planar)
// of row r takes the Philox block of counter (i, r, step, Pixels), the same whatever the layout and the batch.

using GpuVae.Kernels.Random;
using ILGPU;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Likelihoods;

public abstract partial class LikelihoodKernels
{
    /// <summary>The mean of p(x|z): outside [0, 1] only for likelihoods that reach there.</summary>
    /// <param name="decoded">[rows × columns], columns being the layout's pixels times the likelihood's parameters.</param>
    /// <param name="shared">One element where <see cref="IPixelLikelihood.HasShared"/>; else empty.</param>
    /// <param name="images">[rows × pixels], planar, written; not <paramref name="decoded"/>.</param>
    /// <param name="layout">The order of the columns.</param>
    public abstract void Means(AcceleratorStream stream, FloatView decoded, FloatView shared, FloatView images, PixelLayout layout);

    /// <summary>The way back: what <paramref name="dImages"/> are at the means, in the place of the decoder's output.</summary>
    /// <param name="decoded">[rows × columns], as for <see cref="Means"/>; overwritten by the gradient.</param>
    /// <param name="shared">As for <see cref="Means"/>; has no gradient here.</param>
    /// <param name="dImages">[rows × pixels], planar: the gradient at the means.</param>
    /// <param name="layout">The order of the columns.</param>
    public abstract void DifferentiateMeans(
        AcceleratorStream stream, FloatView decoded, FloatView shared, FloatView dImages, PixelLayout layout);

    /// <summary>A draw from p(x|z); else as <see cref="Means"/>.</summary>
    /// <param name="seed">Seed of the draws.</param>
    /// <param name="step">Keeps several draws of one row apart.</param>
    /// <param name="firstRow">The number of the first row, where a larger batch is worked through in parts.</param>
    public abstract void Samples(
        AcceleratorStream stream, FloatView decoded, FloatView shared, FloatView images, PixelLayout layout, ulong seed, long step,
        int firstRow = 0);
}

internal sealed partial class LikelihoodKernels<TLikelihood>
{
    private Action<AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, TLikelihood, PixelLayout> MeansLauncher =>
        field ??= accelerator.LoadKernel<FloatView, FloatView, FloatView, TLikelihood, PixelLayout>(MeansKernel);

    private Action<AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, TLikelihood, PixelLayout> MeansBackwardLauncher =>
        field ??= accelerator.LoadKernel<FloatView, FloatView, FloatView, TLikelihood, PixelLayout>(MeansBackwardKernel);

    private Action<AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, TLikelihood, PixelLayout, ulong, long, int>
        SamplesLauncher => field ??= accelerator.LoadKernel<
            FloatView, FloatView, FloatView, TLikelihood, PixelLayout, ulong, long, int>(SamplesKernel);

    public override void Means(AcceleratorStream stream, FloatView decoded, FloatView shared, FloatView images, PixelLayout layout) =>
        MeansLauncher(stream, (images.IntExtent / layout.Pixels, groupSize), decoded, shared, images, likelihood, layout);

    public override void DifferentiateMeans(
        AcceleratorStream stream, FloatView decoded, FloatView shared, FloatView dImages, PixelLayout layout) =>
        MeansBackwardLauncher(stream, (dImages.IntExtent / layout.Pixels, groupSize), decoded, shared, dImages, likelihood, layout);

    public override void Samples(
        AcceleratorStream stream, FloatView decoded, FloatView shared, FloatView images, PixelLayout layout, ulong seed, long step,
        int firstRow) =>
        SamplesLauncher(
            stream, (images.IntExtent / layout.Pixels, groupSize), decoded, shared, images, likelihood, layout, seed, step, firstRow);

    private static void MeansKernel(FloatView decoded, FloatView shared, FloatView images, TLikelihood likelihood, PixelLayout layout)
    {
        int row = Grid.IdxX;
        float sharedValue = TLikelihood.HasShared ? shared[0] : 0f;
        for (int channel = 0; channel < layout.Channels; channel++)
        {
            int image = row * layout.Pixels + channel * layout.Area;
            int first = row * layout.Pixels * likelihood.Parameters + channel * layout.ChannelStride;
            for (int a = Group.IdxX; a < layout.Area; a += Group.DimX)
                images[image + a] = likelihood.Mean(decoded, first + a * layout.AreaStride, layout.ParameterStride, sharedValue);
        }
    }

    private static void MeansBackwardKernel(
        FloatView decoded, FloatView shared, FloatView dImages, TLikelihood likelihood, PixelLayout layout)
    {
        int row = Grid.IdxX;
        float sharedValue = TLikelihood.HasShared ? shared[0] : 0f;
        for (int channel = 0; channel < layout.Channels; channel++)
        {
            int image = row * layout.Pixels + channel * layout.Area;
            int first = row * layout.Pixels * likelihood.Parameters + channel * layout.ChannelStride;
            for (int a = Group.IdxX; a < layout.Area; a += Group.DimX)
                likelihood.DifferentiateMean(
                    decoded, first + a * layout.AreaStride, layout.ParameterStride, sharedValue, dImages[image + a]);
        }
    }

    private static void SamplesKernel(
        FloatView decoded, FloatView shared, FloatView images, TLikelihood likelihood, PixelLayout layout, ulong seed, long step,
        int firstRow)
    {
        int row = Grid.IdxX;
        float sharedValue = TLikelihood.HasShared ? shared[0] : 0f;
        for (int channel = 0; channel < layout.Channels; channel++)
        {
            int image = row * layout.Pixels + channel * layout.Area;
            int first = row * layout.Pixels * likelihood.Parameters + channel * layout.ChannelStride;
            for (int a = Group.IdxX; a < layout.Area; a += Group.DimX)
            {
                PhiloxBlock noise = Philox.Generate(seed, RandomPurpose.Pixels, step, firstRow + row, channel * layout.Area + a);
                images[image + a] = likelihood.Sample(decoded, first + a * layout.AreaStride, layout.ParameterStride, sharedValue, noise);
            }
        }
    }
}
