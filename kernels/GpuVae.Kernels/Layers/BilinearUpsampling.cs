// Enlarging images with channels innermost to twice their sides by linear interpolation in both directions, pixels taken as squares
// whose values stand in their middles: a pixel of the result is three quarters of the pixel that it lies in and a quarter of that one's
// neighbour,
//
//   y[b, oy, ox, c] = Σ w(oy, i)·w(ox, j)·x[b, i, j, c],  w(o, ⌊o / 2⌋) = 3/4,  w(o, ⌊o / 2⌋ ± 1) = 1/4: + where o is odd
//   dx[b, i, j, c]  = Σ w(oy, i)·w(ox, j)·dy[b, oy, ox, c]
//
// where a neighbour outside counts as the pixel at the edge: PyTorch's interpolate(scale_factor=2, mode="bilinear"). The result may lack
// its last row or column, as that of Upsampling.

using GpuVae.Kernels.Common;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Layers;

/// <summary>Bilinear enlargement by 2, forward and backward. One group works on one row of pixels of what is written.</summary>
public sealed class BilinearUpsampling(Accelerator accelerator)
{
    private const float Near = 0.75f, Far = 0.25f;

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
        int near = (image * shape.SourceHeight + row / 2) * shape.SourceWidth;
        int far = (image * shape.SourceHeight + Neighbour(row, shape.SourceHeight)) * shape.SourceWidth;
        for (int column = Group.IdxY; column < shape.Width; column += Group.DimY)
        {
            int left = column / 2, right = Neighbour(column, shape.SourceWidth);
            for (int channel = Group.IdxX; channel < shape.Channels; channel += Group.DimX)
            {
                float inner = Near * x[(near + left) * shape.Channels + channel] + Far * x[(near + right) * shape.Channels + channel];
                float outer = Near * x[(far + left) * shape.Channels + channel] + Far * x[(far + right) * shape.Channels + channel];
                y[(Grid.IdxX * shape.Width + column) * shape.Channels + channel] = Near * inner + Far * outer;
            }
        }
    }

    private static void BackwardKernel(FloatView dy, FloatView dx, UpsamplingShape shape)
    {
        int image = Grid.IdxX / shape.SourceHeight, row = Grid.IdxX % shape.SourceHeight;
        int firstRow = XMath.Max(2 * row - 1, 0), lastRow = XMath.Min(2 * row + 2, shape.Height - 1);
        for (int column = Group.IdxY; column < shape.SourceWidth; column += Group.DimY)
        {
            int firstColumn = XMath.Max(2 * column - 1, 0), lastColumn = XMath.Min(2 * column + 2, shape.Width - 1);
            for (int channel = Group.IdxX; channel < shape.Channels; channel += Group.DimX)
            {
                float sum = 0f;
                for (int toRow = firstRow; toRow <= lastRow; toRow++)
                {
                    float part = 0f;
                    int from = (image * shape.Height + toRow) * shape.Width;
                    for (int to = firstColumn; to <= lastColumn; to++)
                        part += Weight(to, column, shape.SourceWidth) * dy[(from + to) * shape.Channels + channel];
                    sum += Weight(toRow, row, shape.SourceHeight) * part;
                }
                dx[(Grid.IdxX * shape.SourceWidth + column) * shape.Channels + channel] = sum;
            }
        }
    }

    /// <summary>Of the pixel that a pixel of the result lies in: the one on its side, or at the edge itself.</summary>
    private static int Neighbour(int to, int count) => XMath.Clamp(to / 2 + to % 2 * 2 - 1, 0, count - 1);

    /// <summary>w(to, from).</summary>
    private static float Weight(int to, int from, int count) =>
        (to / 2 == from ? Near : 0f) + (Neighbour(to, count) == from ? Far : 0f);
}
