using GpuVae.Kernels.Layers;
using GpuVae.Options;
using GpuVae.Scheduling;

namespace GpuVae.Layers;

/// <summary>
/// Images enlarged to twice their sides, or one pixel less: PyTorch's <c>nn.Upsample(size=…, mode="nearest")</c>.
/// </summary>
/// <param name="name">As in PyTorch.</param>
/// <param name="shape">What comes out, for one image.</param>
internal sealed class NearestUpsampling(string name, UpsamplingShape shape)
    : Layer(name, shape.SourceHeight * shape.SourceWidth * shape.Channels, shape.Height * shape.Width * shape.Channels, null)
{
    public override LayerPass Forward(LayerContext context, LayerOutput x)
    {
        PlannedTensor y = context.Builder.Tensor($"{Name} output", x.Value.Rows, Outputs);
        Infer(context, x.Value, y, null);
        return new LayerPass(LayerOutput.Of(y), (back, dy, wantsInput) => wantsInput ? Backward(back, x, dy) : null);
    }

    public override void Infer(LayerContext context, PlannedTensor x, PlannedTensor y, ActivationKind? activation)
    {
        Upsampling kernels = context.Kernels.Upsampling;
        UpsamplingShape batched = shape with { Batch = x.Rows };
        context.Builder.Add(
            $"{Name} forward", 0, 4.0 * (x.Length + y.Length), [x, y], stream => kernels.Forward(stream, batched, x.View, y.View));
    }

    private PlannedTensor Backward(LayerContext context, LayerOutput input, PlannedTensor dy)
    {
        Upsampling kernels = context.Kernels.Upsampling;
        UpsamplingShape batched = shape with { Batch = dy.Rows };
        PlannedTensor dx = context.Builder.Tensor($"{Name} input gradient", dy.Rows, Inputs);
        context.Builder.Add(
            $"{Name} backward", dy.Length, 4.0 * (dx.Length + dy.Length), [dy, dx],
            stream => kernels.Backward(stream, batched, dy.View, dx.View));
        AppendDerivative(context, input, dx);
        return dx;
    }
}
