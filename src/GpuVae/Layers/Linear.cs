using GpuVae.Devices;
using GpuVae.Kernels;
using GpuVae.Models;
using GpuVae.Scheduling;
using GpuVae.Tensors;
using ILGPU;

namespace GpuVae.Layers;

/// <summary>A fully connected layer y = f(x·Wᵀ + b) with PyTorch's layout: W [outputs, inputs], b [outputs].</summary>
internal sealed class Linear(string name, int inputs, int outputs, ActivationKind? activation)
{
    private Parameter? weight, bias;

    public string Name { get; } = name;

    public int Inputs { get; } = inputs;

    public int Outputs { get; } = outputs;

    /// <summary>f; null for none.</summary>
    public ActivationKind? Activation { get; } = activation;

    public (string Name, int[] Shape)[] ParameterShapes => [($"{Name}.weight", [Outputs, Inputs]), ($"{Name}.bias", [Outputs])];

    /// <summary>Looks this layer's parameters up in the store that was made from <see cref="ParameterShapes"/>.</summary>
    public void Attach(ParameterStore store) => (weight, bias) = (store[$"{Name}.weight"], store[$"{Name}.bias"]);

    /// <summary>Appends y = f(x·Wᵀ + b) and keeps what the backward pass will need.</summary>
    /// <param name="builder">The schedule.</param>
    /// <param name="kernels">The device's kernels.</param>
    /// <param name="values">The flat parameter buffer.</param>
    /// <param name="x">[batch, inputs].</param>
    public LayerOutput Forward(ScheduleBuilder builder, KernelSet kernels, ArrayView<float> values, PlannedTensor x)
    {
        PlannedTensor y = builder.Tensor($"{Name} output", Outputs);
        PlannedTensor saved = kernels.LinearWith(Activation).KeepsPreActivation ? builder.Tensor($"{Name} pre-activation", Outputs) : y;
        Append(builder, kernels, values, x, y, saved, Activation);
        return new LayerOutput(y, saved, Activation);
    }

    /// <summary>
    /// Appends y = <paramref name="activation"/>(x·Wᵀ + b) without anything for a backward pass. x may have more columns than the layer has
    /// inputs and y fewer than it has outputs; what is beyond is left out.
    /// </summary>
    public void Infer(
        ScheduleBuilder builder, KernelSet kernels, ArrayView<float> values, PlannedTensor x, PlannedTensor y,
        ActivationKind? activation) =>
        Append(builder, kernels, values, x, y, y, activation);

    /// <summary>Appends the gradients of weight and bias and, where <paramref name="wantsInputGradient"/>, of the layer's input.</summary>
    /// <param name="builder">The schedule.</param>
    /// <param name="kernels">The device's kernels.</param>
    /// <param name="values">The flat parameter buffer.</param>
    /// <param name="gradients">Laid out like it; this layer's slices are overwritten.</param>
    /// <param name="input">What the layer was given.</param>
    /// <param name="dy">∂loss/∂(x·Wᵀ + b), [batch, outputs].</param>
    /// <param name="wantsInputGradient">False for the first layer of a network: nothing below it learns.</param>
    /// <returns>The gradient with respect to the pre-activation of the layer before, [batch, inputs]; null if not wanted.</returns>
    public PlannedTensor? Backward(
        ScheduleBuilder builder, KernelSet kernels, ArrayView<float> values, ArrayView<float> gradients, LayerOutput input,
        PlannedTensor dy, bool wantsInputGradient)
    {
        int batch = builder.Batch, inputs = Inputs, outputs = Outputs;
        double flops = 2.0 * batch * inputs * outputs, bytes = Traffic(batch, outputs);
        ArrayView<float> w = ParameterStore.Slice(values, weight!);
        ArrayView<float> dw = ParameterStore.Slice(gradients, weight!), db = ParameterStore.Slice(gradients, bias!);
        Gemm<PlainEpilogue> product = kernels.Product;
        PlannedTensor x = input.Value, saved = input.Saved;
        builder.Add(
            $"{Name} weight gradient", flops + (double)batch * outputs, bytes, [x, dy],
            stream => product.Run(
                stream, true, false, outputs, inputs, batch, 1, dy.View, outputs, x.View, x.Columns, 0, dw, inputs, default, db));
        if (!wantsInputGradient)
            return null;
        PlannedTensor dx = builder.Tensor($"{Name} input gradient", inputs);
        if (input.Activation is { } before)
        {
            LinearKernels linear = kernels.LinearWith(before);
            builder.Add(
                $"{Name} input gradient", flops, bytes + 4.0 * batch * inputs, [dy, saved, dx],
                stream => linear.InputGradient(stream, batch, inputs, outputs, dy.View, w, saved.View, dx.View));
        }
        else
        {
            builder.Add(
                $"{Name} input gradient", flops, bytes, [dy, dx],
                stream => product.Run(
                    stream, false, false, batch, inputs, outputs, 1, dy.View, outputs, w, inputs, 0, dx.View, inputs, default));
        }
        return dx;
    }

    private void Append(
        ScheduleBuilder builder, KernelSet kernels, ArrayView<float> values, PlannedTensor x, PlannedTensor y, PlannedTensor saved,
        ActivationKind? activation)
    {
        LinearKernels linear = kernels.LinearWith(activation);
        ArrayView<float> w = ParameterStore.Slice(values, weight!), b = ParameterStore.Slice(values, bias!);
        int batch = builder.Batch, inputs = Inputs, outputs = y.Columns;
        bool keeps = saved != y;
        builder.Add(
            $"{Name} forward", 2.0 * batch * inputs * outputs, Traffic(batch, outputs), [x, y, saved],
            stream => linear.Forward(stream, batch, inputs, outputs, x.View, x.Columns, w, b, y.View, keeps ? saved.View : default));
    }

    private double Traffic(int batch, int outputs) => 4.0 * ((double)batch * Inputs + (double)Inputs * outputs + (double)batch * outputs);
}
