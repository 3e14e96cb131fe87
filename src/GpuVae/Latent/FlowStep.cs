using GpuVae.Devices;
using GpuVae.Kernels.Common;
using GpuVae.Kernels.Latent;
using GpuVae.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Latent;

/// <summary>One step of an inverse autoregressive flow: a masked network of two linear layers and a gated update.</summary>
internal sealed class FlowStep(string name, int latents, int width, int firstContext, bool isReversed)
{
    private readonly Linear first = new($"{name}.0", latents, width, null), second = new($"{name}.2", width, 2 * latents, null);
    private Parameter? firstWeight, secondWeight;

    /// <summary>Appends the step's way back and gives ∂loss/∂z, [rows, L], from <paramref name="dNext"/> = ∂loss/∂z'.</summary>
    public delegate PlannedTensor BackwardStep(LayerContext context, PlannedTensor dNext, SampleWeights weights, PlannedTensor dEncoded);

    public IEnumerable<(string Name, int[] Shape)> ParameterShapes => first.ParameterShapes.Concat(second.ParameterShapes);

    /// <summary>Also clears the initial values of masked weights.</summary>
    public void Attach(ParameterStore store)
    {
        first.Attach(store);
        second.Attach(store);
        (firstWeight, secondWeight) = (store[$"{name}.0.weight"], store[$"{name}.2.weight"]);
        Mask(store, firstWeight, (hidden, unit) => AutoregressiveFlow.TakesUnit(unit, hidden, latents, isReversed));
        Mask(store, secondWeight, (output, hidden) => AutoregressiveFlow.GivesUnit(hidden, output % latents, latents, isReversed));
    }

    /// <summary>Appends the step.</summary>
    /// <param name="context">Where to.</param>
    /// <param name="encoded">The encoder's output.</param>
    /// <param name="z">[rows, L].</param>
    /// <param name="density">log q, [rows, 1]; changed.</param>
    /// <param name="samples">Rows of an image.</param>
    /// <returns>z' and the way back.</returns>
    public (PlannedTensor Next, BackwardStep Backward) Forward(
        LayerContext context, PlannedTensor encoded, PlannedTensor z, PlannedTensor density, int samples)
    {
        AutoregressiveFlow kernel = context.Kernels.AutoregressiveFlow;
        int rows = z.Rows, columns = encoded.Columns;
        LayerPass ofFirst = first.Forward(context, LayerOutput.Of(z));
        PlannedTensor hidden = ofFirst.Output.Value;
        context.Builder.Add(
            $"{name} context", 2.0 * hidden.Length, 12.0 * hidden.Length, [hidden, encoded],
            stream => kernel.AddContext(stream, hidden.View, encoded.View, columns, firstContext, width, samples));
        LayerPass ofSecond = second.Forward(context, new LayerOutput(hidden, hidden, Activation.Of<Relu>()));
        PlannedTensor outputs = ofSecond.Output.Value, next = context.Builder.Tensor($"{name} output", rows, latents);
        context.Builder.Add(
            $"{name} gate", 40.0 * z.Length, 4.0 * (4 * z.Length + rows), [outputs, z, next, density],
            stream => kernel.Gate(stream, outputs.View, z.View, next.View, density.View, latents));
        return (next, (back, dNext, weights, dEncoded) =>
        {
            PlannedTensor dOutputs = back.Builder.Tensor($"{name} gate gradient", rows, 2 * latents);
            PlannedTensor direct = back.Builder.Tensor($"{name} direct gradient", rows, latents);
            back.Builder.Add(
                $"{name} gate backward", 40.0 * z.Length, 28.0 * z.Length, [outputs, z, dNext, weights.Shares, dOutputs, direct],
                stream => kernel.GateBackward(
                    stream, outputs.View, z.View, dNext.View, weights.Rows, dOutputs.View, direct.View, latents));
            PlannedTensor dHidden = ofSecond.Backward(back, dOutputs, wantsInput: true)!;
            back.Builder.Add(
                $"{name} context backward", dHidden.Length, 8.0 * dHidden.Length, [dHidden, dEncoded],
                stream => kernel.ContextBackward(stream, dHidden.View, dEncoded.View, columns, firstContext, width, samples));
            PlannedTensor dz = ofFirst.Backward(back, dHidden, wantsInput: true)!;
            ArrayView<float> dFirst = ParameterStore.Slice(back.Gradients, firstWeight!);
            ArrayView<float> dSecond = ParameterStore.Slice(back.Gradients, secondWeight!);
            back.Builder.Add(
                $"{name} masks", 0, 12.0 * latents * width, [],
                stream => kernel.Mask(stream, dFirst, dSecond, latents, width, isReversed));
            Sums.Append(back, $"{name} sum of gradients", direct, dz);
            return dz;
        }
        );
    }

    /// <summary>Clears the weights [outputs, inputs] that <paramref name="keeps"/> (output, input) does not keep.</summary>
    private static void Mask(ParameterStore store, Parameter weight, Func<int, int, bool> keeps)
    {
        float[] values = store.Read(weight);
        for (int i = 0; i < values.Length; i++)
        {
            if (!keeps(i / weight.Shape[1], i % weight.Shape[1]))
                values[i] = 0;
        }
        store.Write(weight, values);
    }
}
