using GpuVae.Kernels.Latent;
using GpuVae.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Latent;

/// <summary>A mixture of normals with learned weights; where its components come from is up to the derived class.</summary>
/// <param name="components">K.</param>
/// <param name="latents">L.</param>
/// <param name="component">Draws from a component, given its moments.</param>
/// <param name="columns">Numbers that describe a component to it.</param>
internal abstract class MixtureDensity(int components, int latents, PosteriorSampler component, int columns) : PriorDensity
{
    private Parameter? logits;

    public override IEnumerable<(string Name, int[] Shape)> ParameterShapes => [("prior.weights", [components])];

    public override void Attach(ParameterStore store, ulong seed)
    {
        logits = store["prior.weights"];
        store.Write(logits, new float[components]);
    }

    public override PriorPass Forward(LayerContext context, PlannedTensor z, PlannedTensor encoded)
    {
        MixturePrior kernel = context.Kernels.MixturePrior;
        ArrayView<float> weights = WeightsIn(context.Values), values = context.Values;
        int rows = z.Rows;
        PlannedTensor table = context.Builder.Tensor("prior components", 1, MixturePrior.TableLength(components, latents));
        PlannedTensor density = context.Builder.Tensor("log p", rows, 1);
        PlannedTensor shares = context.Builder.Tensor("shares of components", rows, components);
        double work = 4.0 * shares.Length * latents;
        context.Builder.Add(
            "prior components", 20.0 * components * latents, 8.0 * table.Length, [encoded, table],
            stream => kernel.Prepare(stream, Components(values, encoded), weights, table.View, latents));
        context.Builder.Add(
            "prior density", work, 4.0 * (z.Length + table.Length + shares.Length + rows), [z, table, density, shares],
            stream => kernel.Forward(stream, z.View, table.View, density.View, shares.View, latents));
        return new PriorPass(density, (back, ofRows, dz, dEncoded) =>
        {
            back.Builder.Add(
                "prior backward", work, 4.0 * (3 * z.Length + table.Length + shares.Length), [z, table, shares, ofRows.Shares, dz],
                stream => kernel.Backward(stream, z.View, table.View, shares.View, ofRows.Rows, dz.View, components, latents));
            if (!back.WantsParameterGradients)
                return;
            ArrayView<float> gradients = back.Gradients, dWeights = WeightsIn(gradients);
            back.Builder.Add(
                "prior components backward", work, 4.0 * (z.Length + table.Length + shares.Length),
                [z, table, shares, ofRows.Shares, encoded, dEncoded!],
                stream => kernel.ComponentsBackward(
                    stream, z.View, table.View, shares.View, ofRows.Rows, Components(values, encoded), Components(gradients, dEncoded!),
                    dWeights, latents));
        });
    }

    public override PlannedTensor Sample(LayerContext context, PlannedTensor noise, PlannedTensor encoded, ulong seed)
    {
        MixtureDraw kernel = context.Kernels.MixtureDraw;
        ArrayView<float> weights = WeightsIn(context.Values), values = context.Values;
        PlannedTensor bounds = context.Builder.Tensor("bounds of components", 1, components);
        PlannedTensor moments = context.Builder.Tensor("drawn components", noise.Rows, columns);
        context.Builder.Add(
            "draw components", 10.0 * moments.Length, 8.0 * moments.Length, [bounds, moments, encoded],
            stream =>
            {
                kernel.Prepare(stream, weights, bounds.View);
                kernel.Collect(stream, bounds.View, Components(values, encoded), moments.View, columns, latents, seed);
            });
        return component.Forward(context, moments, noise, samples: 1).Codes;
    }

    /// <summary>
    /// Where the components lie: in a buffer laid out like the parameters, or in the encoder's output; or their gradients in the same
    /// places.
    /// </summary>
    protected abstract MixtureComponents Components(ArrayView<float> parameters, PlannedTensor encoded);

    /// <summary>The weights' logits in a buffer laid out like the parameters, or their gradients.</summary>
    protected ArrayView<float> WeightsIn(ArrayView<float> parameters) => ParameterStore.Slice(parameters, logits!);
}
