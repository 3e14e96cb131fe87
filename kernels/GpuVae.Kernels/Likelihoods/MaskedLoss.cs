// Reconstruction term of the pixels that are seen, Σ w·(-ln p(x | z)) with w = 1 for a seen pixel and 0 for a hidden one, in nats, with its
// gradient in the place of the decoder's output: 0 for all that describes a hidden pixel. With k samples per image row r belongs to image
// r / k.

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
    private readonly int groupSize;
    private readonly Action<
        AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, FloatView, FloatView, TLikelihood, PixelLayout, int>
        differentiate;

    public MaskedLoss(Accelerator accelerator)
    {
        groupSize = GroupShapes.ForRow(accelerator);
        differentiate = accelerator.LoadKernel<
            FloatView, FloatView, FloatView, FloatView, FloatView, TLikelihood, PixelLayout, int>(DifferentiateKernel);
    }

    /// <summary>The loss, and its gradient in the place of <paramref name="decoded"/>.</summary>
    /// <param name="stream">Stream to run on.</param>
    /// <param name="decoded">[rows × columns], columns being the layout's pixels times the likelihood's parameters; overwritten.</param>
    /// <param name="images">[rows / samplesPerImage × pixels], planar, in [0, 1]; hidden pixels need only be finite.</param>
    /// <param name="seen">[pixels], planar: 1 where a pixel is seen, else 0.</param>
    /// <param name="shared">One element where <see cref="IPixelLikelihood.HasShared"/>; else empty.</param>
    /// <param name="loss">[rows], written: nats.</param>
    /// <param name="likelihood">p(x|z).</param>
    /// <param name="layout">The order of the columns.</param>
    /// <param name="samplesPerImage">Consecutive rows that belong to the same image.</param>
    public void Differentiate(
        AcceleratorStream stream, FloatView decoded, FloatView images, FloatView seen, FloatView shared, FloatView loss,
        TLikelihood likelihood, PixelLayout layout, int samplesPerImage) =>
        differentiate(
            stream, (loss.IntExtent, groupSize), decoded, images, seen, shared, loss, likelihood, layout, samplesPerImage);

    private static void DifferentiateKernel(
        FloatView decoded, FloatView images, FloatView seen, FloatView shared, FloatView loss, TLikelihood likelihood, PixelLayout layout,
        int samplesPerImage)
    {
        FloatView scratch = SharedMemory.Allocate<float>(GroupShapes.MaxRowGroup);
        int row = Grid.IdxX;
        float sharedValue = TLikelihood.HasShared ? shared[0] : 0f;
        float sum = 0f;
        for (int channel = 0; channel < layout.Channels; channel++)
        {
            int plane = channel * layout.Area, image = row / samplesPerImage * layout.Pixels + plane;
            int first = row * layout.Pixels * likelihood.Parameters + channel * layout.ChannelStride;
            for (int a = Group.IdxX; a < layout.Area; a += Group.DimX)
            {
                float weight = seen[plane + a];
                LikelihoodTerm term = likelihood.Differentiate(
                    decoded, first + a * layout.AreaStride, layout.ParameterStride, sharedValue, images[image + a], weight);
                sum += weight * term.Loss;
            }
        }
        float total = GroupShapes.Sum(sum, scratch);
        if (Group.IdxX == 0)
            loss[row] = total;
    }
}
