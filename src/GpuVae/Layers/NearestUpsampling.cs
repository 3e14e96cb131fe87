using GpuVae.Kernels.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Layers;

/// <summary>
/// Images enlarged to twice their sides, or one pixel less: PyTorch's <c>nn.Upsample(size=…, mode="nearest")</c>.
/// </summary>
/// <param name="name">As in PyTorch.</param>
/// <param name="shape">What comes out, for one image.</param>
internal sealed class NearestUpsampling(string name, UpsamplingShape shape)
    : FixedLayer(name, shape.SourceHeight * shape.SourceWidth * shape.Channels, shape.Height * shape.Width * shape.Channels)
{
    /// <summary>What comes out, for one image.</summary>
    public UpsamplingShape Shape => shape;

    protected override void AppendForward(LayerContext context, PlannedTensor x, PlannedTensor y)
    {
        Upsampling kernels = context.Kernels.Upsampling;
        UpsamplingShape batched = shape with { Batch = x.Rows };
        context.Builder.Add(
            $"{Name} forward", 0, 4.0 * (x.Length + y.Length), [x, y], stream => kernels.Forward(stream, batched, x.View, y.View));
    }

    protected override void AppendBackward(LayerContext context, PlannedTensor dy, PlannedTensor dx)
    {
        Upsampling kernels = context.Kernels.Upsampling;
        UpsamplingShape batched = shape with { Batch = dy.Rows };
        context.Builder.Add(
            $"{Name} backward", dy.Length, 4.0 * (dx.Length + dy.Length), [dy, dx],
            stream => kernels.Backward(stream, batched, dy.View, dx.View));
    }
}
