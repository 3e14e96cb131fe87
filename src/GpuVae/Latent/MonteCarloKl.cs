using GpuVae.Kernels.Latent;
using GpuVae.Kernels.Layers;
using GpuVae.Kernels.Random;
using GpuVae.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Latent;

/// <summary>
/// Any posterior and prior, and any number of samples: the term is log q(z|x) − log p(z) at the samples. Several samples of an image are
/// weighted by their importance.
/// </summary>
internal sealed class MonteCarloKl : LatentTerm
{
    private readonly VaeOptions options;
    private readonly PosteriorPass posterior;
    private readonly PriorPass prior;
    private readonly PlannedTensor encoded;
    private readonly int samples;
    private readonly SampleWeights weights;

    /// <param name="options">Of the model.</param>
    /// <param name="q">q(z|x).</param>
    /// <param name="p">p(z).</param>
    /// <param name="context">Where to.</param>
    /// <param name="encoded">The encoder's output for images and pseudo-inputs.</param>
    /// <param name="images">How many of its rows are images.</param>
    /// <param name="source">Of the noise.</param>
    /// <param name="klWeight">One element.</param>
    /// <param name="samples">k.</param>
    public MonteCarloKl(
        VaeOptions options, PosteriorSampler q, PriorDensity p, LayerContext context, PlannedTensor encoded, int images, NoiseSource source,
        PlannedTensor klWeight, int samples)
    {
        (this.options, this.encoded, this.samples) = (options, encoded, samples);
        int rows = images * samples, latent = options.Latent;
        PlannedTensor noise = context.Builder.Tensor("noise", rows, latent);
        RandomFill random = context.Kernels.RandomFill;
        context.Builder.Add(
            "noise", 40.0 * noise.Length, 4.0 * noise.Length, [noise],
            stream => random.NormalRows(stream, noise.View, latent, source.Seed, source.Purpose, source.Step));
        posterior = q.Forward(context, encoded, noise, samples);
        prior = p.Forward(context, posterior.Codes, encoded);
        weights = new SampleWeights(context.Builder.Tensor("importance weights", rows, 1), klWeight, 1f / images);
        Kl = context.Builder.Tensor("log q - log p", images, 1);
    }

    public override PlannedTensor DecoderInput => posterior.Codes;

    public override PlannedTensor Kl { get; }

    public override PlannedTensor Close(LayerContext context, PlannedTensor reconstruction)
    {
        ImportanceWeights kernel = context.Kernels.ImportanceWeights;
        PlannedTensor rec = context.Builder.Tensor("reconstruction", Kl.Rows, 1), kl = Kl, q = posterior.Density, p = prior.Density;
        PlannedTensor shares = weights.Shares, beta = weights.KlWeight;
        int k = samples;
        context.Builder.Add(
            "importance weights", 30.0 * q.Length + reconstruction.Length, 4.0 * (reconstruction.Length + 3 * q.Length),
            [reconstruction, q, p, beta, shares, rec, kl],
            stream => kernel.Compute(stream, reconstruction.View, q.View, p.View, beta.View, shares.View, rec.View, kl.View, k));
        return rec;
    }

    public override void Weigh(LayerContext context, PlannedTensor gradient)
    {
        if (samples == 1)
            return;
        RowScaling scaling = context.Kernels.RowScaling;
        PlannedTensor shares = weights.Shares;
        int k = samples;
        context.Builder.Add(
            $"weigh {gradient.Name}", gradient.Length, 8.0 * gradient.Length, [gradient, shares],
            stream => scaling.Run(stream, gradient.View, shares.View, k, gradient.Columns));
    }

    public override PlannedTensor Backward(LayerContext context, PlannedTensor dz, int imageCount)
    {
        PlannedTensor dEncoded = context.Builder.Tensor("encoder output gradient", encoded.Rows, encoded.Columns);
        prior.Backward(context, weights, dz, dEncoded);
        posterior.Backward(context, dz, weights, options.EncoderGradient, dEncoded);
        return dEncoded;
    }
}
