using GpuVae.Scheduling;

namespace GpuVae.Layers;

/// <summary>
/// A layer of the caller's own, y = f(x; w), for <see cref="LayerSpec"/>: two launches on the device that the model is on. A batch is
/// [rows, columns], one image or code in each row; after a convolution a row is [height, width, channels].
/// </summary>
/// <remarks>Both are recorded or replayed many times: they enqueue, keep nothing of what they are given, and do not wait.</remarks>
/// <param name="inputs">Columns of x.</param>
/// <param name="outputs">Columns of y.</param>
/// <param name="weights">Length of w, which is learned; 0 for a layer that learns nothing.</param>
public abstract class CustomLayer(int inputs, int outputs, int weights = 0)
{
    /// <summary>Columns of x.</summary>
    public int Inputs { get; } = inputs;

    /// <summary>Columns of y.</summary>
    public int Outputs { get; } = outputs;

    /// <summary>Length of w: the parameter <c>encoder.2.weight</c>, say, of the model.</summary>
    public int Weights { get; } = weights;

    /// <summary>Gives w its start; ones unless this is overridden.</summary>
    public virtual void Initialize(Span<float> w) => w.Fill(1f);

    /// <summary>Enqueues y = f(x; w).</summary>
    /// <param name="stream">Where to.</param>
    /// <param name="x">[rows, inputs].</param>
    /// <param name="w">[weights]; empty where nothing is learned.</param>
    /// <param name="y">[rows, outputs], written.</param>
    public abstract void Forward(AcceleratorStream stream, ArrayView<float> x, ArrayView<float> w, ArrayView<float> y);

    /// <summary>Enqueues the way back.</summary>
    /// <param name="stream">Where to.</param>
    /// <param name="x">[rows, inputs], as it was on the way forward.</param>
    /// <param name="w">[weights].</param>
    /// <param name="dy">∂loss/∂y, [rows, outputs].</param>
    /// <param name="dx">∂loss/∂x, [rows, inputs], overwritten.</param>
    /// <param name="dw">∂loss/∂w, [weights], overwritten; empty where it is not wanted.</param>
    public abstract void Backward(
        AcceleratorStream stream, ArrayView<float> x, ArrayView<float> w, ArrayView<float> dy, ArrayView<float> dx, ArrayView<float> dw);
}

/// <summary>A <see cref="CustomLayer"/> in a network.</summary>
internal sealed class CustomLayerSteps(string name, CustomLayer custom) : Layer(name, custom.Inputs, custom.Outputs, null)
{
    private Parameter? weight;

    public override IEnumerable<(string Name, int[] Shape)> ParameterShapes =>
        custom.Weights == 0 ? [] : [($"{Name}.weight", [custom.Weights])];

    public override void Attach(ParameterStore store) => weight = custom.Weights == 0 ? null : store[$"{Name}.weight"];

    public void Initialize(ParameterStore store)
    {
        if (weight is null)
            return;
        float[] values = new float[weight.Length];
        custom.Initialize(values);
        store.Write(weight, values);
    }

    public override LayerPass Forward(LayerContext context, LayerOutput x)
    {
        PlannedTensor y = context.Builder.Tensor($"{Name} output", x.Value.Rows, Outputs);
        Append(context, x.Value, y);
        return new LayerPass(LayerOutput.Of(y), (back, dy, wantsInput) => Backward(back, x, dy, wantsInput));
    }

    public override void Infer(LayerContext context, PlannedTensor x, PlannedTensor y, Devices.Activation? activation) =>
        Append(context, x, y);

    private void Append(LayerContext context, PlannedTensor x, PlannedTensor y)
    {
        ArrayView<float> w = WeightOf(context.Values);
        context.Builder.Add(
            $"{Name} forward", y.Length, 4.0 * (x.Length + y.Length), [x, y], stream => custom.Forward(stream, x.View, w, y.View),
            isOfUser: true);
    }

    private PlannedTensor? Backward(LayerContext context, LayerOutput input, PlannedTensor dy, bool wantsInput)
    {
        PlannedTensor x = input.Value, dx = context.Builder.Tensor($"{Name} input gradient", dy.Rows, Inputs);
        ArrayView<float> w = WeightOf(context.Values), dw = context.WantsParameterGradients ? WeightOf(context.Gradients) : default;
        context.Builder.Add(
            $"{Name} backward", 2.0 * dy.Length, 4.0 * (x.Length + dy.Length + dx.Length), [x, dy, dx],
            stream => custom.Backward(stream, x.View, w, dy.View, dx.View, dw), isOfUser: true);
        if (!wantsInput)
            return null;
        AppendDerivative(context, input, dx);
        return dx;
    }

    private ArrayView<float> WeightOf(ArrayView<float> flat) => weight is null ? default : ParameterStore.Slice(flat, weight);
}
