using GpuVae.Kernels.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Layers;

/// <summary>Joins each row with the class of its image as a one-hot code: [x | class]. The labels are those of the context.</summary>
internal sealed class LabelInput(string name, int inputs, int classes) : FixedLayer(name, inputs, inputs + classes)
{
    protected override void AppendForward(LayerContext context, PlannedTensor x, PlannedTensor y)
    {
        OneHotConcat concat = context.Kernels.OneHotConcat;
        PlannedTensor labels = context.Labels ?? throw new InvalidOperationException($"{Name}: a conditional model without labels");
        int inputs = Inputs, samples = x.Rows / labels.Rows;
        context.Builder.Add(
            $"{Name} forward", 0, 8.0 * y.Length, [x, labels, y],
            stream => concat.Run(stream, x.View, x.Columns, labels.View, y.View, inputs, classes, samples));
    }

    protected override void AppendBackward(LayerContext context, PlannedTensor dy, PlannedTensor dx)
    {
        ColumnCopy copy = context.Kernels.ColumnCopy;
        context.Builder.Add(
            $"{Name} backward", 0, 8.0 * dx.Length, [dy, dx],
            stream => copy.Run(stream, dy.View, dy.Columns, dx.View, dx.Columns, dx.Columns));
    }
}
