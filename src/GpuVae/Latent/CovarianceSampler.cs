using GpuVae.Kernels.Latent;
using GpuVae.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Latent;

/// <summary>Normal with any covariance: the encoder gives [means | log-variances | Cholesky factor below its diagonal].</summary>
internal sealed class CovarianceSampler(int latents) : PosteriorSampler
{
    public override PosteriorPass Forward(LayerContext context, PlannedTensor encoded, PlannedTensor noise, int samples)
    {
        FullCovariancePosterior kernel = context.Kernels.FullCovariancePosterior;
        int rows = noise.Rows;
        PlannedTensor z = context.Builder.Tensor("latent", rows, latents), density = context.Builder.Tensor("log q", rows, 1);
        context.Builder.Add(
            "sample posterior", z.Length * (20.0 + latents), 4.0 * (encoded.Length + 2 * z.Length + rows), [encoded, noise, z, density],
            stream => kernel.Forward(stream, encoded.View, noise.View, z.View, density.View, latents, samples));
        return new PosteriorPass(z, density, (back, dz, weights, gradient, dEncoded) =>
        {
            if (gradient != PathGradient.Standard)
            {
                PlannedTensor solved = back.Builder.Tensor("density's gradient", rows, latents);
                back.Builder.Add(
                    "gradient along the samples", dz.Length * (10.0 + latents), 4.0 * (encoded.Length + 4 * dz.Length),
                    [encoded, noise, solved, dz, weights.Shares],
                    stream => kernel.AlongPath(
                        stream, encoded.View, noise.View, solved.View, dz.View, weights.Rows, latents, samples, gradient));
            }
            back.Builder.Add(
                "posterior backward", samples * 2.0 * encoded.Length, 4.0 * (2 * encoded.Length + 2 * dz.Length),
                [encoded, noise, dz, weights.Shares, dEncoded],
                stream => kernel.Backward(
                    stream, encoded.View, noise.View, dz.View, weights.Rows, dEncoded.View, latents, samples, gradient));
        });
    }
}
