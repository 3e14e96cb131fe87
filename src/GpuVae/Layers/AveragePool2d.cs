using GpuVae.Kernels.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Layers;

/// <summary>The mean of each window, on images with channels innermost: PyTorch's <c>nn.AvgPool2d</c>.</summary>
/// <param name="name">As in PyTorch.</param>
/// <param name="shape">For one image.</param>
internal sealed class AveragePool2d(string name, WindowShape shape)
    : FixedLayer(name, shape.Height * shape.Width * shape.Channels, shape.OutputHeight * shape.OutputWidth * shape.Channels)
{
    protected override void AppendForward(LayerContext context, PlannedTensor x, PlannedTensor y)
    {
        MeanPooling kernel = context.Kernels.MeanPooling;
        WindowShape batched = shape with { Batch = x.Rows };
        context.Builder.Add(
            $"{Name} forward", (double)shape.Kernel * shape.Kernel * y.Length, 4.0 * (x.Length + y.Length), [x, y],
            stream => kernel.Forward(stream, batched, x.View, y.View));
    }

    protected override void AppendBackward(LayerContext context, PlannedTensor dy, PlannedTensor dx)
    {
        MeanPooling kernel = context.Kernels.MeanPooling;
        WindowShape batched = shape with { Batch = dy.Rows };
        context.Builder.Add(
            $"{Name} backward", (double)shape.Kernel * shape.Kernel * dy.Length, 4.0 * (dx.Length + dy.Length), [dy, dx],
            stream => kernel.Backward(stream, batched, dy.View, dx.View));
    }
}
