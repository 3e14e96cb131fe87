// Reconstruction term of the ELBO, -ln p(x|z) summed over the pixels of a sample, in nats, from a decoder's output, for every likelihood;
// with its gradient, where that is wanted, in the place of the output. Likelihoods of one column per pixel that share nothing can ride on
// a dense decoder's last product instead (LinearLoss.cs).
//
// A sample is a row of the decoder's output. With k samples per image row r belongs to image r / k.

using GpuVae.Kernels.Common;
using ILGPU;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Likelihoods;

public abstract partial class LikelihoodKernels
{
    /// <summary>The loss alone.</summary>
    /// <param name="decoded">[rows × columns], columns being the layout's pixels times the likelihood's parameters.</param>
    /// <param name="images">[rows / samplesPerImage × pixels], planar, in [0, 1].</param>
    /// <param name="shared">One element where <see cref="IPixelLikelihood.HasShared"/>; else empty.</param>
    /// <param name="loss">[rows], written: nats per sample.</param>
    /// <param name="layout">The order of the columns.</param>
    /// <param name="samplesPerImage">Consecutive rows that belong to the same image.</param>
    public abstract void Forward(
        AcceleratorStream stream, FloatView decoded, FloatView images, FloatView shared, FloatView loss, PixelLayout layout,
        int samplesPerImage);

    /// <summary>The loss, and scale times its gradient in the place of <paramref name="decoded"/>; else as <see cref="Forward"/>.</summary>
    /// <param name="dShared">[rows], written: each sample's part of scale times the gradient of the shared number, to be added up
    /// (<see cref="Reduce.Sum"/>); empty where nothing is shared.</param>
    /// <param name="scale">For a mean 1 / rows; the loss is without it.</param>
    public abstract void Differentiate(
        AcceleratorStream stream, FloatView decoded, FloatView images, FloatView shared, FloatView dShared, FloatView loss,
        PixelLayout layout, int samplesPerImage, float scale);
}

internal sealed partial class LikelihoodKernels<TLikelihood>
{
    private Action<AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, FloatView, TLikelihood, PixelLayout, int>
        ForwardLauncher => field ??= accelerator.LoadKernel<
            FloatView, FloatView, FloatView, FloatView, TLikelihood, PixelLayout, int>(ForwardKernel);

    private DifferentiateLauncher DifferentiateAll => field ??= LoadDifferentiate(DifferentiateKernel<AllPixels>);

    private delegate void DifferentiateLauncher(
        AcceleratorStream stream, KernelConfig config, FloatView decoded, FloatView images, FloatView seen, FloatView shared,
        FloatView dShared, FloatView loss, TLikelihood likelihood, PixelLayout layout, int samplesPerImage, float scale);

    public override void Forward(
        AcceleratorStream stream, FloatView decoded, FloatView images, FloatView shared, FloatView loss, PixelLayout layout,
        int samplesPerImage) =>
        ForwardLauncher(stream, (loss.IntExtent, groupSize), decoded, images, shared, loss, likelihood, layout, samplesPerImage);

    public override void Differentiate(
        AcceleratorStream stream, FloatView decoded, FloatView images, FloatView shared, FloatView dShared, FloatView loss,
        PixelLayout layout, int samplesPerImage, float scale) =>
        DifferentiateAll(
            stream, (loss.IntExtent, groupSize), decoded, images, default, shared, dShared, loss, likelihood, layout, samplesPerImage,
            scale);

    private DifferentiateLauncher LoadDifferentiate(
        Action<FloatView, FloatView, FloatView, FloatView, FloatView, FloatView, TLikelihood, PixelLayout, int, float> kernel) =>
        new(accelerator.LoadKernel(kernel));

    private static void ForwardKernel(
        FloatView decoded, FloatView images, FloatView shared, FloatView loss, TLikelihood likelihood, PixelLayout layout,
        int samplesPerImage)
    {
        FloatView scratch = SharedMemory.Allocate<float>(GroupShapes.MaxRowGroup);
        int row = Grid.IdxX;
        float sharedValue = TLikelihood.HasShared ? shared[0] : 0f;
        float sum = 0f;
        for (int channel = 0; channel < layout.Channels; channel++)
        {
            int image = row / samplesPerImage * layout.Pixels + channel * layout.Area;
            int first = row * layout.Pixels * likelihood.Parameters + channel * layout.ChannelStride;
            for (int a = Group.IdxX; a < layout.Area; a += Group.DimX)
                sum += likelihood.Loss(decoded, first + a * layout.AreaStride, layout.ParameterStride, sharedValue, images[image + a]);
        }
        GroupShapes.StoreSum(loss, row, sum, scratch);
    }

    private static void DifferentiateKernel<TMask>(
        FloatView decoded, FloatView images, FloatView seen, FloatView shared, FloatView dShared, FloatView loss, TLikelihood likelihood,
        PixelLayout layout, int samplesPerImage, float scale)
        where TMask : struct, IPixelMask
    {
        FloatView scratch = SharedMemory.Allocate<float>(GroupShapes.MaxRowGroup);
        int row = Grid.IdxX;
        float sharedValue = TLikelihood.HasShared ? shared[0] : 0f;
        float sum = 0f, ofShared = 0f;
        for (int channel = 0; channel < layout.Channels; channel++)
        {
            int plane = channel * layout.Area, image = row / samplesPerImage * layout.Pixels + plane;
            int first = row * layout.Pixels * likelihood.Parameters + channel * layout.ChannelStride;
            for (int a = Group.IdxX; a < layout.Area; a += Group.DimX)
            {
                float weight = TMask.Weight(seen, plane + a);
                LikelihoodTerm term = likelihood.Differentiate(
                    decoded, first + a * layout.AreaStride, layout.ParameterStride, sharedValue, images[image + a], weight * scale);
                sum += weight * term.Loss;
                if (TLikelihood.HasShared && TMask.TakesAll)
                    ofShared += term.Derivative;
            }
        }
        GroupShapes.StoreSum(loss, row, sum, scratch);
        if (TLikelihood.HasShared && TMask.TakesAll)
        {
            ofShared = scale * GroupShapes.Sum(ofShared, scratch);
            if (Group.IdxX == 0)
                dShared[row] = ofShared;
        }
    }
}
