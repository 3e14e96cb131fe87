using GpuVae.Kernels.Common;
using GpuVae.Kernels.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Layers;

/// <summary>
/// Each pixel as the mean of its block: PyTorch's <c>nn.AvgPool2d(factor)</c> and <c>nn.Upsample(scale_factor=factor)</c>. The first layer
/// of an encoder that is to see reduced images; as such it has no activation before it.
/// </summary>
internal sealed class AveragePooling(string name, PoolShape reduction) : FixedLayer(name, reduction.Pixels, reduction.Pixels)
{
    /// <summary>From the image to its means.</summary>
    public PoolShape Reduction => reduction;

    protected override void AppendForward(LayerContext context, PlannedTensor x, PlannedTensor y) => Append(context, "forward", x, y);

    protected override void AppendBackward(LayerContext context, PlannedTensor dy, PlannedTensor dx) =>
        Append(context, "backward", dy, dx);

    private void Append(LayerContext context, string direction, PlannedTensor from, PlannedTensor to)
    {
        AveragePool pool = context.Kernels.AveragePool;
        context.Builder.Add(
            $"{Name} {direction}", from.Length, 8.0 * from.Length, [from, to],
            stream => pool.Apply(stream, from.View, to.View, reduction));
    }
}
