// The mean of each window of images with channels innermost (k windows' side, s stride, p padding, whose zeros count):
//
//   y[b, oy, ox, c]  = Σ_{ky, kx} x[b, s·oy - p + ky, s·ox - p + kx, c] / k²     over the taps (ky, kx) that lie in x
//   dx[b, y, x, c]   = Σ dy[b, (y + p - ky) / s, (x + p - kx) / s, c] / k²       over the taps whose divisions have no remainder

using GpuVae.Kernels.Common;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Layers;

/// <summary>Means of windows, forward and backward. One group works on one row of pixels of what is written.</summary>
public sealed class MeanPooling(Accelerator accelerator)
{
    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, WindowShape> forward =
        accelerator.LoadKernel<FloatView, FloatView, WindowShape>(ForwardKernel);
    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, WindowShape> backward =
        accelerator.LoadKernel<FloatView, FloatView, WindowShape>(BackwardKernel);

    /// <summary>x [batch, height, width, channels] to y [batch, output height, output width, channels], written.</summary>
    /// <exception cref="ArgumentException">The shape is none.</exception>
    public void Forward(AcceleratorStream stream, WindowShape shape, FloatView x, FloatView y)
    {
        shape.Check();
        forward(stream, Config(shape, shape.OutputHeight), x, y, shape);
    }

    /// <summary>dy [batch, output height, output width, channels] to dx [batch, height, width, channels], written.</summary>
    /// <exception cref="ArgumentException">The shape is none.</exception>
    public void Backward(AcceleratorStream stream, WindowShape shape, FloatView dy, FloatView dx)
    {
        shape.Check();
        backward(stream, Config(shape, shape.Height), dy, dx, shape);
    }

    private KernelConfig Config(WindowShape shape, int rows) =>
        (new Index2D(shape.Batch * rows, 1), GroupShapes.ForChannels(accelerator, shape.Channels));

    private static void ForwardKernel(FloatView x, FloatView y, WindowShape shape)
    {
        int image = Grid.IdxX / shape.OutputHeight, top = Grid.IdxX % shape.OutputHeight * shape.Stride - shape.Padding;
        for (int column = Group.IdxY; column < shape.OutputWidth; column += Group.DimY)
        {
            int left = column * shape.Stride - shape.Padding;
            for (int channel = Group.IdxX; channel < shape.Channels; channel += Group.DimX)
            {
                float sum = 0f;
                for (int ky = XMath.Max(0, -top); ky < XMath.Min(shape.Kernel, shape.Height - top); ky++)
                {
                    int row = (image * shape.Height + top + ky) * shape.Width + left;
                    for (int kx = XMath.Max(0, -left); kx < XMath.Min(shape.Kernel, shape.Width - left); kx++)
                        sum += x[(row + kx) * shape.Channels + channel];
                }
                y[(Grid.IdxX * shape.OutputWidth + column) * shape.Channels + channel] = sum / (shape.Kernel * shape.Kernel);
            }
        }
    }

    private static void BackwardKernel(FloatView dy, FloatView dx, WindowShape shape)
    {
        int image = Grid.IdxX / shape.Height, row = Grid.IdxX % shape.Height + shape.Padding;
        for (int column = Group.IdxY; column < shape.Width; column += Group.DimY)
        {
            int place = column + shape.Padding;
            for (int channel = Group.IdxX; channel < shape.Channels; channel += Group.DimX)
            {
                float sum = 0f;
                for (int ky = row % shape.Stride; ky < XMath.Min(shape.Kernel, row + 1); ky += shape.Stride)
                {
                    int window = (row - ky) / shape.Stride;
                    if (window >= shape.OutputHeight)
                        continue;
                    int from = (image * shape.OutputHeight + window) * shape.OutputWidth;
                    for (int kx = place % shape.Stride; kx < XMath.Min(shape.Kernel, place + 1); kx += shape.Stride)
                    {
                        int next = (place - kx) / shape.Stride;
                        if (next < shape.OutputWidth)
                            sum += dy[(from + next) * shape.Channels + channel];
                    }
                }
                dx[(Grid.IdxX * shape.Width + column) * shape.Channels + channel] = sum / (shape.Kernel * shape.Kernel);
            }
        }
    }
}
