using GpuVae.Devices;
using GpuVae.Scheduling;

namespace GpuVae.Layers;

/// <summary>A layer that multiplies with weights and adds a bias, y = f(x∘w + b).</summary>
internal abstract class WeightedLayer(string name, int inputs, int outputs, Activation? activation)
    : Layer(name, inputs, outputs, activation)
{
    private Parameter? weight, bias;

    public sealed override void Attach(ParameterStore store) => (weight, bias) = (store[$"{Name}.weight"], store[$"{Name}.bias"]);

    public sealed override LayerPass Forward(LayerContext context, LayerOutput x)
    {
        PlannedTensor y = context.Builder.Tensor($"{Name} output", x.Value.Rows, Outputs), saved = Saved(context, y, Activation);
        Append(context, x.Value, y, saved, Activation);
        return new LayerPass(new LayerOutput(y, saved, Activation), (back, dy, wantsInput) => Backward(back, x, dy, wantsInput));
    }

    public sealed override void Infer(LayerContext context, PlannedTensor x, PlannedTensor y, Activation? activation) =>
        Append(context, x, y, y, activation);

    /// <summary>Appends the way back from ∂loss/∂(x∘w + b); see <see cref="BackwardStep"/>.</summary>
    public abstract PlannedTensor? Backward(LayerContext context, LayerOutput input, PlannedTensor dy, bool wantsInput);

    /// <summary>Appends the way forward; a <paramref name="saved"/> that is not <paramref name="y"/> keeps what f is applied to.</summary>
    protected abstract void Append(
        LayerContext context, PlannedTensor x, PlannedTensor y, PlannedTensor saved, Activation? activation);

    /// <summary>Its slice of the flat parameters, or of their gradients.</summary>
    public ArrayView<float> Weight(ArrayView<float> flat) => ParameterStore.Slice(flat, weight!);

    /// <inheritdoc cref="Weight"/>
    protected ArrayView<float> Bias(ArrayView<float> flat) => ParameterStore.Slice(flat, bias!);
}
