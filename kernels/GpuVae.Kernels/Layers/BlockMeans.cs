// Each pixel becomes the mean of its block of f × f pixels: what is left of an image that is reduced and enlarged again. The map is a
// projection and its own transpose, so it is also its own way back.

using GpuVae.Kernels.Common;
using ILGPU;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Layers;

/// <summary>Means over blocks of pixels, in the place of the pixels. One thread works on one block.</summary>
public sealed class BlockMeans
{
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, Reduction> apply;

    public BlockMeans(Accelerator accelerator) =>
        apply = accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, Reduction>(ApplyKernel);

    /// <summary>images [rows × pixels], planar, to means, as large, written.</summary>
    public void Apply(AcceleratorStream stream, FloatView images, FloatView means, Reduction reduction)
    {
        if (images.Length > 0)
            apply(stream, images.IntExtent / (reduction.Factor * reduction.Factor), images, means, reduction);
    }

    private static void ApplyKernel(Index1D i, FloatView images, FloatView means, Reduction reduction)
    {
        // Rows of blocks run on through the images, as they do through their channels.
        int block = reduction.FirstOf(i);
        float sum = 0f;
        for (int y = 0; y < reduction.Factor; y++)
            for (int x = 0; x < reduction.Factor; x++)
                sum += images[block + y * reduction.Width + x];
        float mean = sum / (reduction.Factor * reduction.Factor);
        for (int y = 0; y < reduction.Factor; y++)
            for (int x = 0; x < reduction.Factor; x++)
                means[block + y * reduction.Width + x] = mean;
    }
}
