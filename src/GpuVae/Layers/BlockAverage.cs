using GpuVae.Kernels.Common;
using GpuVae.Kernels.Layers;
using GpuVae.Options;
using GpuVae.Scheduling;

namespace GpuVae.Layers;

/// <summary>
/// Each pixel as the mean of its block: PyTorch's <c>nn.AvgPool2d(factor)</c> and <c>nn.Upsample(scale_factor=factor)</c>. The first layer
/// of an encoder that is to see reduced images; as such it has no activation before it.
/// </summary>
internal sealed class BlockAverage(string name, PoolShape reduction)
    : Layer(name, reduction.Pixels, reduction.Pixels, null)
{
    public override LayerPass Forward(LayerContext context, LayerOutput x)
    {
        PlannedTensor y = context.Builder.Tensor($"{Name} output", x.Value.Rows, Outputs);
        Append(context, "forward", x.Value, y);
        return new LayerPass(LayerOutput.Of(y), (back, dy, wantsInput) =>
        {
            if (!wantsInput)
                return null;
            PlannedTensor dx = back.Builder.Tensor($"{Name} input gradient", dy.Rows, Inputs);
            Append(back, "backward", dy, dx);
            return dx;
        });
    }

    public override void Infer(LayerContext context, PlannedTensor x, PlannedTensor y, ActivationKind? activation) =>
        Append(context, "forward", x, y);

    private void Append(LayerContext context, string direction, PlannedTensor from, PlannedTensor to)
    {
        AveragePool pool = context.Kernels.AveragePool;
        context.Builder.Add(
            $"{Name} {direction}", from.Length, 8.0 * from.Length, [from, to],
            stream => pool.Apply(stream, from.View, to.View, reduction));
    }
}
