using GpuVae.Devices;
using GpuVae.Scheduling;

namespace GpuVae.Layers;

/// <summary>
/// A layer of a network, y = f(…x…): it knows its parameters and appends its forward and backward steps to a schedule. A batch is
/// [rows, columns], one image or code in each row.
/// </summary>
internal abstract class Layer(string name, int inputs, int outputs, Activation? activation)
{
    /// <summary>As PyTorch's <c>state_dict</c> names the module: <c>encoder.0</c>.</summary>
    public string Name { get; } = name;

    /// <summary>Columns of x.</summary>
    public int Inputs { get; } = inputs;

    /// <summary>Columns of y.</summary>
    public int Outputs { get; } = outputs;

    /// <summary>f, the last thing that happens in the layer; null for none.</summary>
    public Activation? Activation { get; } = activation;

    /// <summary>In PyTorch's layouts.</summary>
    public virtual IEnumerable<(string Name, int[] Shape)> ParameterShapes => [];

    /// <summary>Looks this layer's parameters up in the store that was made from <see cref="ParameterShapes"/>.</summary>
    public virtual void Attach(ParameterStore store)
    {
    }

    /// <summary>Appends the forward step and keeps what the backward pass will need.</summary>
    public abstract LayerPass Forward(LayerContext context, LayerOutput x);

    /// <summary>
    /// Appends the forward step with <paramref name="activation"/> in the place of f and without anything for a backward pass. x may have
    /// more columns than the layer has inputs and y fewer than it has outputs; what is beyond is left out.
    /// </summary>
    public abstract void Infer(LayerContext context, PlannedTensor x, PlannedTensor y, Activation? activation);

    /// <summary>
    /// Declares what the derivative of <paramref name="activation"/> is had from: a tensor of its own, or <paramref name="y"/> itself.
    /// </summary>
    protected PlannedTensor Saved(LayerContext context, PlannedTensor y, Activation? activation) =>
        context.Kernels.LinearWith(activation).KeepsDerivative
            ? context.Builder.Tensor($"{Name} derivative", y.Rows, y.Columns)
            : y;

    /// <summary>
    /// Appends the step from the gradient of the input to that of the pre-activation that made it, in place, if there was an activation:
    /// the end of the way back of a layer without a product, which would do it on the way.
    /// </summary>
    protected void AppendDerivative(LayerContext context, LayerOutput input, PlannedTensor dx)
    {
        if (input.Activation is null)
            return;
        ConvolutionKernels kernels = context.Kernels.LinearWith(input.Activation).Convolutions;
        PlannedTensor saved = input.Saved;
        context.Builder.Add(
            $"{Name} input derivative", 2.0 * dx.Length, 12.0 * dx.Length, [saved, dx],
            stream => kernels.Differentiate(stream, saved.View, dx.View));
    }
}
