using GpuVae.Kernels.Common;
using GpuVae.Kernels.Layers;
using GpuVae.Options;
using GpuVae.Scheduling;

namespace GpuVae.Layers;

/// <summary>
/// Each row of the batch, as a matrix [rows, columns], turned over: between the planar order [channel][pixel] that images and the weights
/// of linear layers have and the [pixel][channel] of convolutions. PyTorch has no such module, as it has one order only.
/// </summary>
internal sealed class Reordering(string name, int rows, int columns) : Layer(name, rows * columns, rows * columns, null)
{
    public override LayerPass Forward(LayerContext context, LayerOutput x)
    {
        PlannedTensor y = context.Builder.Tensor($"{Name} output", x.Value.Rows, Outputs);
        Append(context, Name, rows, columns, x.Value, y);
        return new LayerPass(LayerOutput.Of(y), (back, dy, wantsInput) =>
        {
            if (!wantsInput)
                return null;
            PlannedTensor dx = back.Builder.Tensor($"{Name} input gradient", dy.Rows, Inputs);
            Append(back, $"{Name} backward", columns, rows, dy, dx);
            AppendDerivative(back, x, dx);
            return dx;
        });
    }

    public override void Infer(LayerContext context, PlannedTensor x, PlannedTensor y, ActivationKind? activation) =>
        Append(context, Name, rows, columns, x, y);

    private static void Append(LayerContext context, string step, int rows, int columns, PlannedTensor from, PlannedTensor to)
    {
        Transposition kernel = context.Kernels.Transposition;
        context.Builder.Add(
            step, 0, 8.0 * to.Length, [from, to], stream => kernel.Run(stream, to.Rows, rows, columns, from.View, to.View));
    }
}
