using GpuVae.Kernels.Latent;
using GpuVae.Layers;
using GpuVae.Options;
using GpuVae.Scheduling;
using ILGPU;

namespace GpuVae.Latent;

/// <summary>A VampPrior whose components are posteriors with full covariance.</summary>
internal sealed class CovarianceVampPriorDensity(VaeOptions options) : VampPriorDensity(options)
{
    private readonly int components = options.PriorComponents, latents = options.Latent;

    public override PriorPass Forward(LayerContext context, PlannedTensor z, PlannedTensor encoded)
    {
        FullCovarianceMixture kernel = context.Kernels.FullCovarianceMixture;
        ArrayView<float> weights = WeightsIn(context.Values);
        int rows = z.Rows;
        PlannedTensor table = context.Builder.Tensor(
            "prior components", 1, FullCovarianceMixture.TableLength(components, latents));
        PlannedTensor density = context.Builder.Tensor("log p", rows, 1);
        PlannedTensor shares = context.Builder.Tensor("shares of components", rows, components);
        PlannedTensor noise = context.Builder.Tensor("noise of components", rows, components * latents);
        double work = (double)noise.Length * latents;
        context.Builder.Add(
            "prior components", components * Math.Pow(latents, 3) / 3, 8.0 * table.Length, [encoded, table],
            stream => kernel.Prepare(stream, PseudoRows(encoded), weights, table.View, latents));
        context.Builder.Add(
            "prior density", work, 4.0 * (z.Length + table.Length + noise.Length + shares.Length + rows),
            [z, table, density, shares, noise],
            stream => kernel.Forward(stream, z.View, table.View, density.View, shares.View, noise.View, latents));
        return new PriorPass(density, (back, ofRows, dz, dEncoded) =>
        {
            PlannedTensor derivatives = back.Builder.Tensor("derivatives of components", rows, components * latents);
            back.Builder.Add(
                "prior backward", work, 4.0 * (2 * dz.Length + table.Length + 2 * noise.Length + shares.Length),
                [table, shares, noise, ofRows.Shares, derivatives, dz],
                stream => kernel.Backward(
                    stream, table.View, shares.View, noise.View, ofRows.Rows, derivatives.View, dz.View, components, latents));
            if (!back.WantsParameterGradients)
                return;
            ArrayView<float> dWeights = WeightsIn(back.Gradients);
            back.Builder.Add(
                "prior components backward", 2 * work, 4.0 * (z.Length + 2 * noise.Length + shares.Length),
                [z, table, shares, noise, derivatives, ofRows.Shares, encoded, dEncoded!],
                stream => kernel.ComponentsBackward(
                    stream, z.View, table.View, shares.View, noise.View, derivatives.View, ofRows.Rows, PseudoRows(encoded),
                    PseudoRows(dEncoded!), dWeights, latents));
        });
    }
}
