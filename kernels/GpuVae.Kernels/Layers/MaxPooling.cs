// The largest value of each window of images with channels innermost (k windows' side, s stride, p padding):
//
//   y[b, oy, ox, c]  = max_{ky, kx} x[b, s·oy - p + ky, s·ox - p + kx, c]     over the taps (ky, kx) that lie in x
//   dx[b, y, x, c]   = Σ dy[b, oy, ox, c]                                     over the windows whose largest is this pixel
//
// Which tap it was, the first of several, is kept from the way there: the way back then reads each window once instead of k² pixels of it.

using GpuVae.Kernels.Common;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Layers;

/// <summary>Maxima of windows, forward and backward. One group works on one row of pixels of what is written.</summary>
public sealed class MaxPooling(Accelerator accelerator)
{
    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, WindowShape> forward =
        accelerator.LoadKernel<FloatView, FloatView, FloatView, WindowShape>(ForwardKernel);
    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, WindowShape> backward =
        accelerator.LoadKernel<FloatView, FloatView, FloatView, WindowShape>(BackwardKernel);

    /// <summary>y = the largest of each window.</summary>
    /// <param name="x">[batch, height, width, channels].</param>
    /// <param name="y">[batch, output height, output width, channels], written; NaN where a pixel of the window is.</param>
    /// <param name="tap">As y, written: ky·k + kx of the largest.</param>
    /// <exception cref="ArgumentException">The shape is none.</exception>
    public void Forward(AcceleratorStream stream, WindowShape shape, FloatView x, FloatView y, FloatView tap)
    {
        shape.Check();
        forward(stream, Config(shape, shape.OutputHeight), x, y, tap, shape);
    }

    /// <summary>dx = what comes back to each pixel from the windows that it is the largest of.</summary>
    /// <param name="dy">[batch, output height, output width, channels].</param>
    /// <param name="tap">From the way there.</param>
    /// <param name="dx">[batch, height, width, channels], written.</param>
    /// <exception cref="ArgumentException">The shape is none.</exception>
    public void Backward(AcceleratorStream stream, WindowShape shape, FloatView dy, FloatView tap, FloatView dx)
    {
        shape.Check();
        backward(stream, Config(shape, shape.Height), dy, tap, dx, shape);
    }

    private KernelConfig Config(WindowShape shape, int rows) =>
        (new Index2D(shape.Batch * rows, 1), GroupShapes.ForChannels(accelerator, shape.Channels));

    private static void ForwardKernel(FloatView x, FloatView y, FloatView tap, WindowShape shape)
    {
        int image = Grid.IdxX / shape.OutputHeight, top = Grid.IdxX % shape.OutputHeight * shape.Stride - shape.Padding;
        for (int column = Group.IdxY; column < shape.OutputWidth; column += Group.DimY)
        {
            int left = column * shape.Stride - shape.Padding;
            for (int channel = Group.IdxX; channel < shape.Channels; channel += Group.DimX)
            {
                float largest = float.NegativeInfinity;
                int found = 0;
                for (int ky = XMath.Max(0, -top); ky < XMath.Min(shape.Kernel, shape.Height - top); ky++)
                {
                    int row = (image * shape.Height + top + ky) * shape.Width + left;
                    for (int kx = XMath.Max(0, -left); kx < XMath.Min(shape.Kernel, shape.Width - left); kx++)
                    {
                        float value = x[(row + kx) * shape.Channels + channel];
                        // NaN is larger than all, and stays. ILGPU's OpenCL takes !(a <= b) for a > b, which it is not of NaN.
                        bool isLarger = (value > largest || XMath.IsNaN(value)) && !XMath.IsNaN(largest);
                        largest = isLarger ? value : largest;
                        found = isLarger ? ky * shape.Kernel + kx : found;
                    }
                }
                int at = (Grid.IdxX * shape.OutputWidth + column) * shape.Channels + channel;
                y[at] = largest;
                tap[at] = found;
            }
        }
    }

    private static void BackwardKernel(FloatView dy, FloatView tap, FloatView dx, WindowShape shape)
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
                        if (next >= shape.OutputWidth)
                            continue;
                        int at = (from + next) * shape.Channels + channel;
                        sum += (int)tap[at] == ky * shape.Kernel + kx ? dy[at] : 0f;
                    }
                }
                dx[(Grid.IdxX * shape.Width + column) * shape.Channels + channel] = sum;
            }
        }
    }
}
