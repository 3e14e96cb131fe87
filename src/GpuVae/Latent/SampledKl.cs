using GpuVae.Elbo;
using GpuVae.Kernels.Common;
using GpuVae.Kernels.Latent;
using GpuVae.Kernels.Layers;
using GpuVae.Kernels.Random;
using GpuVae.Layers;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Scheduling;

namespace GpuVae.Latent;

/// <summary>
/// Any posterior and prior, and any number of samples: the term is log q(z|x) − log p(z) at the samples. Several samples of an image are
/// weighted by their importance.
/// </summary>
internal sealed class SampledKl : LatentTerm
{
    private readonly VaeOptions options;
    private readonly PosteriorPass posterior;
    private readonly PriorPass prior;
    private readonly PlannedTensor encoded;
    private readonly int samples;
    private readonly SampleWeights weights;

    /// <param name="model">The model.</param>
    /// <param name="context">Where to.</param>
    /// <param name="encoded">The encoder's output for images and pseudo-inputs.</param>
    /// <param name="images">How many of its rows are images.</param>
    /// <param name="source">Of the noise.</param>
    /// <param name="klWeight">One element.</param>
    /// <param name="samples">k.</param>
    public SampledKl(
        Vae model, LayerContext context, PlannedTensor encoded, int images, NoiseSource source, PlannedTensor klWeight, int samples)
    {
        (options, this.encoded, this.samples) = (model.Options, encoded, samples);
        int rows = images * samples, latent = options.Latent;
        PlannedTensor noise = context.Builder.Tensor("noise", rows, latent);
        RandomFill random = context.Kernels.RandomFill;
        context.Builder.Add(
            "noise", 40.0 * noise.Length, 4.0 * noise.Length, [noise],
            stream => random.NormalRows(stream, noise.View, latent, source.Seed, source.Purpose, source.Step));
        posterior = model.Posterior.Forward(context, encoded, noise, samples);
        prior = model.Prior.Forward(context, posterior.Codes, encoded);
        weights = new SampleWeights(context.Builder.Tensor("importance weights", rows, 1), klWeight, 1f / images);
        Reconstruction = context.Builder.Tensor("reconstruction", images, 1);
        Kl = context.Builder.Tensor("log q - log p", images, 1);
    }

    public override PlannedTensor Codes => posterior.Codes;

    public override PlannedTensor Reconstruction { get; }

    public override PlannedTensor Kl { get; }

    public override void Close(LayerContext context, ReconstructionTerm reconstruction)
    {
        ImportanceWeights kernel = context.Kernels.ImportanceWeights;
        PlannedTensor parts = reconstruction.Term, rec = Reconstruction, kl = Kl, q = posterior.Density, p = prior.Density;
        PlannedTensor shares = weights.Shares, beta = weights.KlWeight;
        int k = samples;
        context.Builder.Add(
            "importance weights", 30.0 * q.Length + parts.Length, 4.0 * (parts.Length + 3 * q.Length), [parts, q, p, beta, shares, rec, kl],
            stream => kernel.Compute(stream, parts.View, q.View, p.View, beta.View, shares.View, rec.View, kl.View, k));
    }

    public override PlannedTensor Backward(LayerContext context, DecoderPass decoder, int imageCount)
    {
        if (samples > 1)
        {
            Weigh(context, decoder.Term.Gradient);
            if (decoder.Term.SharedGradient is { } shared)
                Weigh(context, shared);
        }
        PlannedTensor dz = decoder.Backward(context);
        PlannedTensor dEncoded = context.Builder.Tensor("encoder output gradient", encoded.Rows, encoded.Columns);
        prior.Backward(context, weights, dz, dEncoded);
        posterior.Backward(context, dz, weights, options.EncoderGradient, dEncoded);
        return dEncoded;
    }

    /// <summary>Appends the weighting of a gradient that is averaged over the samples.</summary>
    private void Weigh(LayerContext context, PlannedTensor gradient)
    {
        RowScaling scaling = context.Kernels.RowScaling;
        PlannedTensor shares = weights.Shares;
        int k = samples;
        context.Builder.Add(
            $"weigh {gradient.Name}", gradient.Length, 8.0 * gradient.Length, [gradient, shares],
            stream => scaling.Run(stream, gradient.View, shares.View, k, gradient.Columns));
    }
}
