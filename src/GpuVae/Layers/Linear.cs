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

    /// <summary>
    /// Appends ∂loss/∂W = dyᵀ·x and ∂loss/∂b = Σ dy, which overwrite this layer's slices of <paramref name="gradients"/>.
    /// </summary>
    /// <param name="builder">The schedule.</param>
    /// <param name="kernels">The device's kernels.</param>
    /// <param name="gradients">Laid out like the parameters.</param>
    /// <param name="x">What the layer was given, [batch, inputs].</param>
    /// <param name="dy">∂loss/∂(x·Wᵀ + b), [batch, outputs].</param>
    public void WeightGradient(
        ScheduleBuilder builder, KernelSet kernels, ArrayView<float> gradients, PlannedTensor x, PlannedTensor dy)
    {
        int batch = builder.Batch, inputs = Inputs, outputs = Outputs;
        ArrayView<float> dw = ParameterStore.Slice(gradients, weight!), db = ParameterStore.Slice(gradients, bias!);
        Gemm<PlainEpilogue> product = kernels.Product;
        builder.Add(
            $"{Name} weight gradient", Flops(batch) + (double)batch * outputs, Traffic(batch, outputs), [x, dy],
            stream => product.Run(
                stream, true, false, outputs, inputs, batch, 1, dy.View, outputs, x.View, x.Columns, 0, dw, inputs, default, db));
    }

    /// <summary>Appends the gradient with respect to the pre-activation of the layer before: (dy·W) ∘ f'(saved), [batch, inputs].</summary>
    /// <param name="builder">The schedule.</param>
    /// <param name="kernels">The device's kernels.</param>
    /// <param name="values">The flat parameter buffer.</param>
    /// <param name="input">What the layer before left behind; its activation is f.</param>
    /// <param name="dy">∂loss/∂(x·Wᵀ + b), [batch, outputs].</param>
    public PlannedTensor InputGradient(
        ScheduleBuilder builder, KernelSet kernels, ArrayView<float> values, LayerOutput input, PlannedTensor dy)
    {
        int batch = builder.Batch, inputs = Inputs, outputs = Outputs;
        ArrayView<float> w = ParameterStore.Slice(values, weight!);
        LinearKernels linear = kernels.LinearWith(input.Activation);
        PlannedTensor saved = input.Saved, dx = builder.Tensor($"{Name} input gradient", inputs);
        builder.Add(
            $"{Name} input gradient", Flops(batch), Traffic(batch, outputs) + 4.0 * batch * inputs, [dy, saved, dx],
            stream => linear.InputGradient(stream, batch, inputs, outputs, dy.View, w, saved.View, dx.View));
        return dx;
    }

    /// <summary>
    /// Appends the way back from the decoder's first layer, which this is, to the encoder's output: dz = dy·W and, in its epilogue, the
    /// gradients of reparameterisation and KL term.
    /// </summary>
    /// <param name="builder">The schedule.</param>
    /// <param name="kernels">The device's kernels.</param>
    /// <param name="values">The flat parameter buffer.</param>
    /// <param name="dy">∂loss/∂(z·Wᵀ + b), [batch, outputs].</param>
    /// <param name="encoded">The encoder's output, [batch, 2 · inputs].</param>
    /// <param name="noise">[batch, inputs].</param>
    /// <param name="klWeight">One element on the device.</param>
    /// <returns>∂loss/∂encoded, [batch, 2 · inputs].</returns>
    public PlannedTensor LatentGradient(
        ScheduleBuilder builder, KernelSet kernels, ArrayView<float> values, PlannedTensor dy, PlannedTensor encoded, PlannedTensor noise,
        ArrayView<float> klWeight)
    {
        int batch = builder.Batch, latents = Inputs, outputs = Outputs;
        float scale = 1f / batch;
        ArrayView<float> w = ParameterStore.Slice(values, weight!);
        Gemm<LatentGradientEpilogue> product = kernels.LatentProduct;
        PlannedTensor dEncoded = builder.Tensor("encoder output gradient", 2 * latents);
        builder.Add(
            $"{Name} input gradient + reparameterise + KL", Flops(batch) + 12.0 * batch * latents,
            Traffic(batch, outputs) + 16.0 * batch * latents, [dy, encoded, noise, dEncoded],
            stream => product.Run(
                stream, false, false, batch, latents, outputs, 1, dy.View, outputs, w, latents, 0, dEncoded.View, 2 * latents,
                new LatentGradientEpilogue(encoded.View, noise.View, klWeight, dEncoded.View, scale, latents)));
        return dEncoded;
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

    private double Flops(int batch) => 2.0 * batch * Inputs * Outputs;

    private double Traffic(int batch, int outputs) => 4.0 * ((double)batch * Inputs + (double)Inputs * outputs + (double)batch * outputs);
}
