using GpuVae.Devices;
using GpuVae.Scheduling;

namespace GpuVae.Layers;

/// <summary>A layer that learns nothing and has no activation: values moved or averaged.</summary>
internal abstract class FixedLayer(string name, int inputs, int outputs) : Layer(name, inputs, outputs, null)
{
    public sealed override LayerPass Forward(LayerContext context, LayerOutput x)
    {
        PlannedTensor y = context.Builder.Tensor($"{Name} output", x.Value.Rows, Outputs);
        AppendForward(context, x.Value, y);
        return new LayerPass(LayerOutput.Of(y), (back, dy, wantsInput) =>
        {
            if (!wantsInput)
                return null;
            PlannedTensor dx = back.Builder.Tensor($"{Name} input gradient", dy.Rows, Inputs);
            AppendBackward(back, dy, dx);
            AppendDerivative(back, x, dx);
            return dx;
        });
    }

    public sealed override void Infer(LayerContext context, PlannedTensor x, PlannedTensor y, Activation? activation) =>
        AppendForward(context, x, y);

    protected abstract void AppendForward(LayerContext context, PlannedTensor x, PlannedTensor y);

    /// <summary>Appends what makes ∂loss/∂x out of ∂loss/∂y.</summary>
    protected abstract void AppendBackward(LayerContext context, PlannedTensor dy, PlannedTensor dx);
}
