using GpuVae.Kernels.Latent;
using GpuVae.Kernels.Random;
using GpuVae.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Latent;

/// <summary>
/// A hierarchy of latent variables: posterior and decoder go down its levels together, so the decoder is left what comes after the last
/// one. The KL term of a level, KL(q(z_i|x, z_&lt;i) ‖ N(0, I)), is known in closed form at the samples of the levels above.
/// </summary>
internal sealed class HierarchyTerm : LatentTerm
{
    private readonly VaeOptions options;
    private readonly PlannedTensor encoded, klWeight;
    private readonly IReadOnlyList<HierarchyLevel> levels;

    /// <param name="options">Of the model.</param>
    /// <param name="sampler">q(z|x).</param>
    /// <param name="context">Where to.</param>
    /// <param name="encoded">The contexts of the levels, [images, all widths].</param>
    /// <param name="source">Of the noise.</param>
    /// <param name="klWeight">One element.</param>
    public HierarchyTerm(
        VaeOptions options, HierarchySampler sampler, LayerContext context, PlannedTensor encoded, NoiseSource source,
        PlannedTensor klWeight)
    {
        (this.options, this.encoded, this.klWeight) = (options, encoded, klWeight);
        int batch = encoded.Rows, latent = options.Latent;
        PlannedTensor noise = context.Builder.Tensor("noise", batch, latent);
        PlannedTensor kl = context.Builder.Tensor("KL terms of levels", options.Hierarchy, batch);
        Kl = kl;
        RandomFill random = context.Kernels.RandomFill;
        Reparameterize kernel = context.Kernels.Reparameterize;
        context.Builder.Add(
            "noise", 40.0 * noise.Length, 4.0 * noise.Length, [noise],
            stream => random.NormalRows(stream, noise.View, latent, source.Seed, source.Purpose, source.Step));
        levels = sampler.Descend(context, encoded, noise, samples: 1, (level, moments, eps) =>
        {
            int units = eps.Columns;
            PlannedTensor z = context.Builder.Tensor($"latent of level {level}", batch, units);
            context.Builder.Add(
                $"reparameterise + KL of level {level}", 20.0 * z.Length, 4.0 * (4 * z.Length + batch), [moments, eps, z, kl],
                stream => kernel.Forward(
                    stream, moments.View, eps.View, z.View, kl.View.SubView((long)level * batch, batch), units));
            return z;
        });
    }

    /// <summary>The state after the last level.</summary>
    public override PlannedTensor DecoderInput => levels[^1].Generator.State;

    public override int DecoderLayersDone => 1;

    /// <summary>[levels, images].</summary>
    public override PlannedTensor Kl { get; }

    public override PlannedTensor Close(LayerContext context, PlannedTensor reconstruction) => reconstruction;

    /// <param name="context">As everywhere.</param>
    /// <param name="dz">∂loss/∂state.</param>
    /// <param name="imageCount">As everywhere.</param>
    public override PlannedTensor Backward(LayerContext context, PlannedTensor dz, int imageCount)
    {
        float scale = 1f / encoded.Rows;
        PlannedTensor weights = Weights(context);
        PlannedTensor dEncoded = context.Builder.Tensor("encoder output gradient", encoded.Rows, encoded.Columns);
        Reparameterize kernel = context.Kernels.Reparameterize;
        PlannedTensor dState = dz;
        for (int i = levels.Count - 1; i >= 0; i--)
        {
            HierarchyLevel level = levels[i];
            int weight = weights.Columns == 1 ? 0 : i, units = level.Noise.Columns;
            (PlannedTensor dAbove, PlannedTensor dUnits) = level.Generator.Backward(context, dState);
            PlannedTensor dMoments = context.Builder.Tensor($"moments gradient of level {i}", encoded.Rows, 2 * units);
            context.Builder.Add(
                $"reparameterise + KL backward of level {i}", 12.0 * dUnits.Length, 24.0 * dUnits.Length,
                [level.Moments, level.Noise, dUnits, weights, dMoments],
                stream => kernel.Backward(
                    stream, level.Moments.View, level.Noise.View, dUnits.View, weights.View.SubView(weight, 1), dMoments.View, scale,
                    units));
            PlannedTensor? ofPosterior = level.Backward(context, dMoments, dEncoded);
            // Above the top there is nothing.
            if (ofPosterior is null)
                break;
            Sums.Append(context, $"sum of gradients above level {i}", ofPosterior, dAbove);
            dState = dAbove;
        }
        return dEncoded;
    }

    /// <summary>Appends what makes the weights of the levels' KL terms: one for all, or with free bits one for each.</summary>
    private PlannedTensor Weights(LayerContext context)
    {
        if (options.FreeBits <= 0)
            return klWeight;
        FreeBits kernel = context.Kernels.FreeBits;
        PlannedTensor weights = context.Builder.Tensor("KL weights", 1, options.Hierarchy), kl = Kl;
        float floor = (float)options.FreeBits;
        context.Builder.Add(
            "free bits", kl.Length, 4.0 * kl.Length, [kl, klWeight, weights],
            stream => kernel.WeighLevels(stream, kl.View, klWeight.View, weights.View, floor));
        return weights;
    }
}
