using GpuVae.Devices;
using GpuVae.Kernels;
using GpuVae.Models;
using GpuVae.Scheduling;
using GpuVae.Tensors;
using ILGPU;

namespace GpuVae.Layers;

/// <summary>A fully connected layer y = f(x·W + b), on the device with W [inputs, outputs], b [outputs].</summary>
internal sealed class Linear(string name, int inputs, int outputs, ActivationKind? activation)
{
    private Parameter? weight, bias;

    public string Name { get; } = name;

    public int Inputs { get; } = inputs;

    public int Outputs { get; } = outputs;

    /// <summary>f; null for none.</summary>
    public ActivationKind? Activation { get; } = activation;

    /// <summary>In PyTorch's layout: W [outputs, inputs].</summary>
    public (string Name, int[] Shape)[] ParameterShapes => [($"{Name}.weight", [Outputs, Inputs]), ($"{Name}.bias", [Outputs])];

    /// <summary>Looks this layer's parameters up in the store that was made from <see cref="ParameterShapes"/>.</summary>
    public void Attach(ParameterStore store) => (weight, bias) = (store[$"{Name}.weight"], store[$"{Name}.bias"]);

    /// <summary>Appends y = f(x·W + b) and keeps what the backward pass will need.</summary>
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
    /// Appends y = <paramref name="activation"/>(x·W + b) without anything for a backward pass. x may have more columns than the layer has
    /// inputs and y fewer than it has outputs; what is beyond is left out.
    /// </summary>
    public void Infer(
        ScheduleBuilder builder, KernelSet kernels, ArrayView<float> values, PlannedTensor x, PlannedTensor y,
        ActivationKind? activation) =>
        Append(builder, kernels, values, x, y, y, activation);

    /// <summary>
    /// Appends y = x·W + b, which is not kept, the terms of the loss −ln p(target | y) and their gradient, in one step: this layer is the
    /// decoder's last.
    /// </summary>
    /// <param name="builder">The schedule.</param>
    /// <param name="kernel">The device's kernel for the likelihood.</param>
    /// <param name="likelihood">p.</param>
    /// <param name="values">The flat parameter buffer.</param>
    /// <param name="x">[batch, inputs].</param>
    /// <param name="target">[batch, outputs].</param>
    /// <returns>Parts of the loss, to be added up, and ∂loss/∂y averaged over the batch, [batch, outputs].</returns>
    public (PlannedTensor Loss, PlannedTensor Gradient) ForwardLoss<TLikelihood>(
        ScheduleBuilder builder, LinearLoss<TLikelihood> kernel, TLikelihood likelihood, ArrayView<float> values, PlannedTensor x,
        PlannedTensor target)
        where TLikelihood : struct, ILikelihood
    {
        int batch = builder.Batch, inputs = Inputs, outputs = Outputs;
        float scale = 1f / batch;
        ArrayView<float> w = ParameterStore.Slice(values, weight!), b = ParameterStore.Slice(values, bias!);
        PlannedTensor dy = builder.Tensor($"{Name} output gradient", outputs);
        PlannedTensor loss = builder.Tensor("reconstruction term", kernel.PartsPerRow(outputs));
        builder.Add(
            $"{Name} forward + loss", Flops(batch) + 20.0 * batch * outputs, Traffic(batch, outputs) + 4.0 * batch * outputs,
            [x, target, dy, loss],
            stream => kernel.Run(stream, batch, inputs, outputs, x.View, w, b, target.View, dy.View, loss.View, likelihood, scale));
        return (loss, dy);
    }

    /// <summary>
    /// Appends ∂loss/∂W = xᵀ·dy and ∂loss/∂b = Σ dy, which overwrite this layer's slices of <paramref name="gradients"/>, and, unless the
    /// layer is its network's first, the gradient of the pre-activation of the layer before.
    /// </summary>
    /// <param name="builder">The schedule.</param>
    /// <param name="kernels">The device's kernels.</param>
    /// <param name="values">The flat parameter buffer.</param>
    /// <param name="gradients">Laid out like the parameters.</param>
    /// <param name="input">What the layer was given, [batch, inputs].</param>
    /// <param name="dy">∂loss/∂(x·W + b), [batch, outputs].</param>
    /// <returns>(dy·Wᵀ) ∘ f'(saved) with the activation f that made the input, [batch, inputs]; null if no activation did.</returns>
    public PlannedTensor? Backward(
        ScheduleBuilder builder, KernelSet kernels, ArrayView<float> values, ArrayView<float> gradients, LayerOutput input,
        PlannedTensor dy)
    {
        int batch = builder.Batch, inputs = Inputs, outputs = Outputs;
        ArrayView<float> w = ParameterStore.Slice(values, weight!);
        ArrayView<float> dw = ParameterStore.Slice(gradients, weight!), db = ParameterStore.Slice(gradients, bias!);
        LinearKernels linear = kernels.LinearWith(input.Activation);
        PlannedTensor x = input.Value, saved = input.Saved;
        double flops = Flops(batch) + (double)batch * outputs;
        if (input.Activation is null)
        {
            builder.Add(
                $"{Name} backward", flops, Traffic(batch, outputs), [x, dy],
                stream => linear.Backward(stream, batch, inputs, outputs, x.View, dy.View, w, dw, db, x.View, default));
            return null;
        }
        PlannedTensor dx = builder.Tensor($"{Name} input gradient", inputs);
        builder.Add(
            $"{Name} backward", flops + Flops(batch), BackwardTraffic(batch) + 4.0 * batch * inputs, [x, saved, dy, dx],
            stream => linear.Backward(stream, batch, inputs, outputs, x.View, dy.View, w, dw, db, saved.View, dx.View));
        return dx;
    }

    /// <summary>
    /// Appends the gradients of the decoder's first layer, which this is, as <see cref="Backward"/>, and the way back to the encoder's
    /// output: dz = dy·Wᵀ and, in its epilogue, the gradients of reparameterisation and KL term.
    /// </summary>
    /// <param name="builder">The schedule.</param>
    /// <param name="kernels">The device's kernels.</param>
    /// <param name="values">The flat parameter buffer.</param>
    /// <param name="gradients">Laid out like the parameters.</param>
    /// <param name="z">What the layer was given, [batch, inputs].</param>
    /// <param name="dy">∂loss/∂(z·W + b), [batch, outputs].</param>
    /// <param name="encoded">The encoder's output, [batch, 2 · inputs].</param>
    /// <param name="noise">[batch, inputs].</param>
    /// <param name="klWeight">One element on the device.</param>
    /// <returns>∂loss/∂encoded, [batch, 2 · inputs].</returns>
    public PlannedTensor LatentBackward(
        ScheduleBuilder builder, KernelSet kernels, ArrayView<float> values, ArrayView<float> gradients, PlannedTensor z, PlannedTensor dy,
        PlannedTensor encoded, PlannedTensor noise, ArrayView<float> klWeight)
    {
        int batch = builder.Batch, latents = Inputs, outputs = Outputs;
        float scale = 1f / batch;
        ArrayView<float> w = ParameterStore.Slice(values, weight!);
        ArrayView<float> dw = ParameterStore.Slice(gradients, weight!), db = ParameterStore.Slice(gradients, bias!);
        LinearBackward<LatentGradientEpilogue> kernel = kernels.LatentBackward;
        PlannedTensor dEncoded = builder.Tensor("encoder output gradient", 2 * latents);
        builder.Add(
            $"{Name} backward + reparameterise + KL", 2 * Flops(batch) + batch * (outputs + 12.0 * latents),
            BackwardTraffic(batch) + 16.0 * batch * latents, [z, dy, encoded, noise, dEncoded],
            stream => kernel.Run(
                stream, batch, latents, outputs, z.View, dy.View, w, dw, db, dEncoded.View, 2 * latents,
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
            stream => linear.Forward(
                stream, batch, inputs, outputs, x.View, x.Columns, w, Outputs, b, y.View, keeps ? saved.View : default));
    }

    /// <summary>x, dy, W and their three gradients.</summary>
    private double BackwardTraffic(int batch) => 2 * Traffic(batch, Outputs) - 4.0 * batch * Outputs;

    private double Flops(int batch) => 2.0 * batch * Inputs * Outputs;

    private double Traffic(int batch, int outputs) => 4.0 * ((double)batch * Inputs + (double)Inputs * outputs + (double)batch * outputs);
}
