using GpuVae.Kernels.Common;
using GpuVae.Kernels.Layers;
using GpuVae.Options;
using GpuVae.Scheduling;

namespace GpuVae.Layers;

/// <summary>Joins each row with the class of its image as a one-hot code: [x | class]. The labels are those of the context.</summary>
internal sealed class LabelInput(string name, int inputs, int classes) : Layer(name, inputs, inputs + classes, null)
{
    public override LayerPass Forward(LayerContext context, LayerOutput x)
    {
        PlannedTensor y = context.Builder.Tensor($"{Name} output", x.Value.Rows, Outputs);
        Append(context, x.Value, y);
        return new LayerPass(LayerOutput.Of(y), (back, dy, wantsInput) =>
        {
            if (!wantsInput)
                return null;
            ColumnCopy copy = back.Kernels.ColumnCopy;
            int inputs = Inputs, outputs = Outputs;
            PlannedTensor dx = back.Builder.Tensor($"{Name} input gradient", dy.Rows, inputs);
            back.Builder.Add(
                $"{Name} backward", 0, 8.0 * dx.Length, [dy, dx],
                stream => copy.Run(stream, dy.View, outputs, dx.View, inputs, inputs));
            AppendDerivative(back, x, dx);
            return dx;
        });
    }

    public override void Infer(LayerContext context, PlannedTensor x, PlannedTensor y, ActivationKind? activation) => Append(context, x, y);

    private void Append(LayerContext context, PlannedTensor x, PlannedTensor y)
    {
        OneHotConcat concat = context.Kernels.OneHotConcat;
        PlannedTensor labels = context.Labels ?? throw new InvalidOperationException($"{Name}: a conditional model without labels");
        int inputs = Inputs, samples = x.Rows / labels.Rows;
        context.Builder.Add(
            $"{Name} forward", 0, 8.0 * y.Length, [x, labels, y],
            stream => concat.Run(stream, x.View, x.Columns, labels.View, y.View, inputs, classes, samples));
    }
}
