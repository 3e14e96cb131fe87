using GpuVae.Kernels.Common;
using GpuVae.Kernels.Latent;
using GpuVae.Kernels.Random;
using GpuVae.Layers;
using GpuVae.Models;
using GpuVae.Scheduling;
using ILGPU;

namespace GpuVae.Latent;

/// <summary>A mixture of normals with learned weights; where its components come from is up to the derived class.</summary>
internal abstract class MixtureDensity(int components, int latents) : PriorDensity
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

    public override void Sample(Vae model, float[] codes, ulong seed)
    {
        ComponentDraw draw = Drawing(model);
        float[] weights = model.Parameters.Read(logits!);
        double[] cumulative = new double[components];
        double sum = 0, largest = weights.Max();
        for (int c = 0; c < components; c++)
            cumulative[c] = sum += Math.Exp(weights[c] - largest);
        for (int i = 0; i < codes.Length / latents; i++)
        {
            double at = sum * Philox.ToUniform(Philox.Generate(seed, RandomPurpose.PriorComponent, 2, i, 0).W0);
            int c = Math.Min(Array.FindIndex(cumulative, bound => bound > at), components - 1);
            draw(c, codes.AsSpan(i * latents, latents));
        }
    }

    /// <summary>
    /// Where the components lie: in a buffer laid out like the parameters, or in the encoder's output; or their gradients in the same
    /// places.
    /// </summary>
    protected abstract MixtureComponents Components(ArrayView<float> parameters, PlannedTensor encoded);

    /// <summary>Turns standard normal numbers [L] into a draw of a component, in place.</summary>
    protected delegate void ComponentDraw(int component, Span<float> code);

    /// <summary>Reads the components to the host.</summary>
    protected abstract ComponentDraw Drawing(Vae model);

    /// <summary>The standard deviation that a log-variance stands for.</summary>
    protected static float Deviation(float logVariance) =>
        MathF.Exp(0.5f * Math.Clamp(logVariance, LogVariance.Min, LogVariance.Max));

    /// <summary>The weights' logits in a buffer laid out like the parameters, or their gradients.</summary>
    protected ArrayView<float> WeightsIn(ArrayView<float> parameters) => ParameterStore.Slice(parameters, logits!);
}
