// Enlarging images with channels innermost to twice their sides, by copying each pixel to two rows and two columns:
//
//   y[b, oy, ox, c] = x[b, ⌊oy / 2⌋, ⌊ox / 2⌋, c]
//   dx[b, y, x, c]  = Σ dy[b, 2y + i, 2x + j, c],  i, j ∈ {0, 1}
//
// The result may lack its last row or column: twice a side, or one less, rounds down to the side again.

using GpuVae.Kernels.Common;
using ILGPU;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Layers;

/// <summary>Nearest-neighbour enlargement by 2, forward and backward. One group works on one row of pixels of what is written.</summary>
public sealed class Upsampling(Accelerator accelerator)
{
    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, UpsamplingShape> forward =
        accelerator.LoadKernel<FloatView, FloatView, UpsamplingShape>(ForwardKernel);
    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, UpsamplingShape> backward =
        accelerator.LoadKernel<FloatView, FloatView, UpsamplingShape>(BackwardKernel);

    /// <summary>x [batch, ⌈height / 2⌉, ⌈width / 2⌉, channels] to y [batch, height, width, channels], written.</summary>
    public void Forward(AcceleratorStream stream, UpsamplingShape shape, FloatView x, FloatView y) =>
        forward(stream, Config(shape, shape.Height), x, y, shape);

    /// <summary>dy [batch, height, width, channels] to dx [batch, ⌈height / 2⌉, ⌈width / 2⌉, channels], written.</summary>
    public void Backward(AcceleratorStream stream, UpsamplingShape shape, FloatView dy, FloatView dx) =>
        backward(stream, Config(shape, shape.SourceHeight), dy, dx, shape);

    private KernelConfig Config(UpsamplingShape shape, int rows) =>
        (new Index2D(shape.Batch * rows, 1), GroupShapes.ForChannels(accelerator, shape.Channels));

    private static void ForwardKernel(FloatView x, FloatView y, UpsamplingShape shape)
    {
        int image = Grid.IdxX / shape.Height, row = Grid.IdxX % shape.Height;
        int from = (image * shape.SourceHeight + row / 2) * shape.SourceWidth;
        for (int column = Group.IdxY; column < shape.Width; column += Group.DimY)
        {
            for (int channel = Group.IdxX; channel < shape.Channels; channel += Group.DimX)
                y[(Grid.IdxX * shape.Width + column) * shape.Channels + channel] = x[(from + column / 2) * shape.Channels + channel];
        }
    }

    private static void BackwardKernel(FloatView dy, FloatView dx, UpsamplingShape shape)
    {
        int image = Grid.IdxX / shape.SourceHeight, row = Grid.IdxX % shape.SourceHeight;
        int from = (image * shape.Height + 2 * row) * shape.Width;
        for (int column = Group.IdxY; column < shape.SourceWidth; column += Group.DimY)
        {
            bool hasRight = 2 * column + 1 < shape.Width, hasBelow = 2 * row + 1 < shape.Height;
            for (int channel = Group.IdxX; channel < shape.Channels; channel += Group.DimX)
            {
                int at = (from + 2 * column) * shape.Channels + channel;
                float sum = dy[at];
                if (hasRight)
                    sum += dy[at + shape.Channels];
                if (hasBelow)
                {
                    at += shape.Width * shape.Channels;
                    sum += dy[at];
                    if (hasRight)
                        sum += dy[at + shape.Channels];
                }
                dx[(Grid.IdxX * shape.SourceWidth + column) * shape.Channels + channel] = sum;
            }
        }
    }
}

/// <summary>What an enlargement gives.</summary>
/// <param name="Batch">Images.</param>
/// <param name="Height">Rows of the result.</param>
/// <param name="Width">Columns of the result.</param>
/// <param name="Channels">Channels.</param>
public readonly record struct UpsamplingShape(int Batch, int Height, int Width, int Channels)
{
    /// <summary>Rows of what is enlarged: ⌈height / 2⌉.</summary>
    public int SourceHeight => (Height + 1) / 2;

    /// <summary>Its columns: ⌈width / 2⌉.</summary>
    public int SourceWidth => (Width + 1) / 2;
}
