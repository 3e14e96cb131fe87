// Each pixel becomes the mean of its block of f × f pixels: what is left of an image that is reduced and enlarged again. The map is a
// projection and its own transpose, so it is also its own way back.

using GpuVae.Kernels.Common;
using ILGPU;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Layers;

/// <summary>Means over blocks of pixels, in the place of the pixels. One thread works on one block.</summary>
public sealed class AveragePool(Accelerator accelerator)
{
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, PoolShape> apply =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, PoolShape>(ApplyKernel);

    /// <summary>images [rows × pixels], planar, to means, as large, written.</summary>
    public void Apply(AcceleratorStream stream, FloatView images, FloatView means, PoolShape pool)
    {
        if (images.Length > 0)
            apply(stream, images.IntExtent / (pool.Factor * pool.Factor), images, means, pool);
    }

    private static void ApplyKernel(Index1D i, FloatView images, FloatView means, PoolShape pool)
    {
        // Rows of blocks run on through the images, as they do through their channels.
        int block = pool.FirstOf(i);
        float sum = 0f;
        for (int y = 0; y < pool.Factor; y++)
            for (int x = 0; x < pool.Factor; x++)
                sum += images[block + y * pool.Width + x];
        float mean = sum / (pool.Factor * pool.Factor);
        for (int y = 0; y < pool.Factor; y++)
            for (int x = 0; x < pool.Factor; x++)
                means[block + y * pool.Width + x] = mean;
    }
}
