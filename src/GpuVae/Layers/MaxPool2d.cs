using GpuVae.Devices;
using GpuVae.Kernels.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Layers;

/// <summary>The largest of each window, on images with channels innermost: PyTorch's <c>nn.MaxPool2d</c>.</summary>
/// <param name="name">As in PyTorch.</param>
/// <param name="shape">For one image.</param>
internal sealed class MaxPool2d(string name, WindowShape shape)
    : Layer(name, shape.Height * shape.Width * shape.Channels, shape.OutputHeight * shape.OutputWidth * shape.Channels, null)
{
    public override LayerPass Forward(LayerContext context, LayerOutput x)
    {
        PlannedTensor y = context.Builder.Tensor($"{Name} output", x.Value.Rows, Outputs);
        PlannedTensor taps = Append(context, x.Value, y);
        return new LayerPass(LayerOutput.Of(y), (back, dy, wantsInput) =>
        {
            if (!wantsInput)
                return null;
            PlannedTensor dx = back.Builder.Tensor($"{Name} input gradient", dy.Rows, Inputs);
            MaxPooling kernel = back.Kernels.MaxPooling;
            WindowShape batched = shape with { Batch = dy.Rows };
            back.Builder.Add(
                $"{Name} backward", Windows(dx), 4.0 * (dx.Length + 2 * dy.Length), [dy, taps, dx],
                stream => kernel.Backward(stream, batched, dy.View, taps.View, dx.View));
            AppendDerivative(back, x, dx);
            return dx;
        });
    }

    public override void Infer(LayerContext context, PlannedTensor x, PlannedTensor y, Activation? activation) => Append(context, x, y);

    private PlannedTensor Append(LayerContext context, PlannedTensor x, PlannedTensor y)
    {
        PlannedTensor taps = context.Builder.Tensor($"{Name} taps", y.Rows, y.Columns);
        MaxPooling kernel = context.Kernels.MaxPooling;
        WindowShape batched = shape with { Batch = x.Rows };
        context.Builder.Add(
            $"{Name} forward", Windows(y), 4.0 * (x.Length + 2 * y.Length), [x, y, taps],
            stream => kernel.Forward(stream, batched, x.View, y.View, taps.View));
        return taps;
    }

    /// <summary>Comparisons, or additions.</summary>
    private double Windows(PlannedTensor written) => (double)shape.Kernel * shape.Kernel * written.Length;
}
