using GpuVae.Kernels.Latent;
using GpuVae.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Latent;

/// <summary>Normal with independent units: the encoder gives [means | log-variances].</summary>
internal sealed class DiagonalSampler(int latents) : PosteriorSampler
{
    public override PosteriorPass Forward(LayerContext context, PlannedTensor encoded, PlannedTensor noise, int samples) =>
        Forward(context, encoded, noise, samples, 2 * latents);

    /// <summary>
    /// The same for means and log-variances that are the first columns of <paramref name="encoded"/>, of which there are more.
    /// </summary>
    public PosteriorPass Forward(LayerContext context, PlannedTensor encoded, PlannedTensor noise, int samples, int columns)
    {
        DiagonalPosterior kernel = context.Kernels.DiagonalPosterior;
        int rows = noise.Rows;
        PlannedTensor z = context.Builder.Tensor("latent", rows, latents), density = context.Builder.Tensor("log q", rows, 1);
        context.Builder.Add(
            "sample posterior", 20.0 * z.Length, 4.0 * (encoded.Length + 2 * z.Length + rows), [encoded, noise, z, density],
            stream => kernel.Forward(stream, encoded.View, columns, noise.View, z.View, density.View, latents, samples));
        return new PosteriorPass(z, density, (back, dz, weights, gradient, dEncoded) =>
        {
            if (gradient != PathGradient.Standard)
            {
                back.Builder.Add(
                    "gradient along the samples", 10.0 * dz.Length, 12.0 * dz.Length, [encoded, noise, dz, weights.Shares],
                    stream => kernel.AlongPath(
                        stream, encoded.View, columns, noise.View, dz.View, weights.Rows, latents, samples, gradient));
            }
            back.Builder.Add(
                "posterior backward", 10.0 * dz.Length, 4.0 * (2 * encoded.Length + 2 * dz.Length),
                [encoded, noise, dz, weights.Shares, dEncoded],
                stream => kernel.Backward(
                    stream, encoded.View, columns, noise.View, dz.View, weights.Rows, dEncoded.View, latents, samples, gradient));
        });
    }
}
