using GpuVae.Kernels.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Layers;

/// <summary>
/// Each row of the batch, as a matrix [rows, columns], turned over: between the planar order [channel][pixel] that images and the weights
/// of linear layers have and the [pixel][channel] of convolutions. PyTorch has no such module, as it has one order only.
/// </summary>
internal sealed class Reordering(string name, int rows, int columns) : FixedLayer(name, rows * columns, rows * columns)
{
    protected override void AppendForward(LayerContext context, PlannedTensor x, PlannedTensor y) =>
        Append(context, Name, rows, columns, x, y);

    protected override void AppendBackward(LayerContext context, PlannedTensor dy, PlannedTensor dx) =>
        Append(context, $"{Name} backward", columns, rows, dy, dx);

    private static void Append(LayerContext context, string step, int rows, int columns, PlannedTensor from, PlannedTensor to)
    {
        Transposition kernel = context.Kernels.Transposition;
        context.Builder.Add(
            step, 0, 8.0 * to.Length, [from, to], stream => kernel.Run(stream, to.Rows, rows, columns, from.View, to.View));
    }
}
