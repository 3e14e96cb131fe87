// Other views of the images of a batch, drawn anew in every step: turned round (flips), moved by whole pixels (shifts), a part of them
// enlarged (crops; the "random resized crop" of Szegedy et al. 2015, "Going deeper with convolutions", with the aspect ratio kept), and
// brighter or darker by a factor.
//
//   counter (0, row of the batch, step, purpose)   horizontal flip, vertical flip, shift to the right, shift down
//   counter (1, row of the batch, step, purpose)   side of the crop, its place from the left, from the top, factor of the brightness
//
// Output pixel (x, y) is taken from the place
//
//   u = place + (x' + 1/2) s - 1/2 - shift,   x' = x or W - 1 - x,   place in [0, W (1 - s)]
//
// and so for y: between pixels linearly in both directions, beyond the edge from the edge. Without a crop s is 1 and u a whole number, and
// the pixel is copied as it is.

using GpuVae.Kernels.Common;
using GpuVae.Kernels.Random;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Training;

/// <summary>What may become of an image; the kernels' own form of the options.</summary>
/// <param name="FlipX">The probability that left and right change places.</param>
/// <param name="FlipY">The probability that top and bottom do.</param>
/// <param name="Shift">The most pixels that it moves, to each side.</param>
/// <param name="LeastCrop">The least side of the part that is enlarged, as a share of the whole; 1 takes the whole.</param>
/// <param name="Brightness">The factor of its values lies in [1 − Brightness, 1 + Brightness].</param>
/// <param name="Low">Values are held above.</param>
/// <param name="High">Values are held below.</param>
public readonly record struct AugmentationRanges(
    float FlipX, float FlipY, int Shift, float LeastCrop, float Brightness, float Low, float High);

/// <summary>Augments a batch. One group works on one image.</summary>
public sealed class Augmentation(Accelerator accelerator)
{
    private readonly int groupSize = GroupShapes.ForRow(accelerator);
    private readonly Action<
        AcceleratorStream, KernelConfig, FloatView, FloatView, ArrayView<long>, ImageExtent, AugmentationRanges, ulong, int> kernel =
        accelerator.LoadKernel<FloatView, FloatView, ArrayView<long>, ImageExtent, AugmentationRanges, ulong, int>(ViewKernel);

    /// <summary>Fills output with other views of the images.</summary>
    /// <param name="images">[batch, channels, height, width].</param>
    /// <param name="output">The same, written; not the same memory.</param>
    /// <param name="step">One element: the step under way, from which the draws follow.</param>
    /// <param name="extent">Of an image.</param>
    /// <param name="ranges">What may become of it.</param>
    /// <param name="seed">Of the draws.</param>
    /// <param name="firstRow">The row of the batch that the first image is, where it is a part of one.</param>
    public void Run(
        AcceleratorStream stream, FloatView images, FloatView output, ArrayView<long> step, ImageExtent extent,
        AugmentationRanges ranges, ulong seed, int firstRow = 0) =>
        kernel(stream, (images.IntLength / extent.Values, groupSize), images, output, step, extent, ranges, seed, firstRow);

    private static void ViewKernel(
        FloatView images, FloatView output, ArrayView<long> step, ImageExtent extent, AugmentationRanges ranges, ulong seed,
        int firstRow)
    {
        int row = Grid.IdxX, drawn = firstRow + row;
        PhiloxBlock first = Philox.Generate(seed, RandomPurpose.Augmentation, step[0], drawn, 0);
        PhiloxBlock second = Philox.Generate(seed, RandomPurpose.Augmentation, step[0], drawn, 1);
        bool flipsX = Philox.ToUniform(first.W0) < ranges.FlipX, flipsY = Philox.ToUniform(first.W1) < ranges.FlipY;
        int choices = 2 * ranges.Shift + 1;
        int right = (int)(Philox.ToUniform(first.W2) * choices) - ranges.Shift;
        int down = (int)(Philox.ToUniform(first.W3) * choices) - ranges.Shift;
        float side = 1f - Philox.ToUniform(second.W0) * (1f - ranges.LeastCrop);
        float left = Philox.ToUniform(second.W1) * extent.Width * (1f - side) + 0.5f * side - 0.5f - right;
        float top = Philox.ToUniform(second.W2) * extent.Height * (1f - side) + 0.5f * side - 0.5f - down;
        float factor = 1f + ranges.Brightness * (2f * Philox.ToUniform(second.W3) - 1f);
        int plane = extent.Width * extent.Height;
        for (int p = Group.IdxX; p < extent.Values; p += Group.DimX)
        {
            int x = p % extent.Width, y = p / extent.Width % extent.Height;
            float u = left + side * (flipsX ? extent.Width - 1 - x : x), v = top + side * (flipsY ? extent.Height - 1 - y : y);
            u = XMath.Clamp(u, 0f, extent.Width - 1f);
            v = XMath.Clamp(v, 0f, extent.Height - 1f);
            int x0 = (int)u, y0 = (int)v;
            int x1 = XMath.Min(x0 + 1, extent.Width - 1), y1 = XMath.Min(y0 + 1, extent.Height - 1);
            float along = u - x0, across = v - y0;
            long image = (long)row * extent.Values + p / plane * plane;
            long above = image + y0 * extent.Width, below = image + y1 * extent.Width;
            float upper = images[above + x0] + along * (images[above + x1] - images[above + x0]);
            float lower = images[below + x0] + along * (images[below + x1] - images[below + x0]);
            float value = upper + across * (lower - upper);
            output[(long)row * extent.Values + p] = XMath.Clamp(factor * value, ranges.Low, ranges.High);
        }
    }
}

/// <summary>The size of an image, [channels, height, width].</summary>
/// <param name="Width">Pixels of a row.</param>
/// <param name="Height">Rows.</param>
/// <param name="Channels">Planes.</param>
public readonly record struct ImageExtent(int Width, int Height, int Channels)
{
    /// <summary>Channels · height · width.</summary>
    public int Values => Channels * Height * Width;
}
