using GpuVae.Kernels.Common;

namespace GpuVae.Evaluation;

/// <summary>What the latent units of a model do on a set of images.</summary>
/// <param name="Kl">[latent] KL(q(z_j|x) ‖ N(0, 1)) averaged over the images, nats.</param>
/// <param name="MeanVariance">[latent] Var_x(E[z_j|x]), the unit's activity.</param>
public sealed record LatentUnits(IReadOnlyList<double> Kl, IReadOnlyList<double> MeanVariance)
{
    /// <summary>
    /// Above this variance of its mean a unit is active (Burda et al., "Importance Weighted Autoencoders", 2016, section 5.2).
    /// </summary>
    public const double ActivityThreshold = 0.01;

    /// <summary>Units whose mean depends on the image.</summary>
    public int Active => MeanVariance.Count(variance => variance > ActivityThreshold);

    /// <summary>Computes both from the moments of q(z|x).</summary>
    /// <param name="moments">[images, 2·latent], means then log-variances in each row.</param>
    /// <param name="latent">Units.</param>
    public static LatentUnits Of(ReadOnlySpan<float> moments, int latent) =>
        Of(moments, moments[Math.Min(latent, moments.Length)..], 2 * latent, latent);

    /// <summary>Computes both from means and log-variances, [images, latent] each.</summary>
    public static LatentUnits Of(ReadOnlySpan<float> means, ReadOnlySpan<float> logVariances, int latent) =>
        Of(means, logVariances, latent, latent);

    private static LatentUnits Of(ReadOnlySpan<float> means, ReadOnlySpan<float> logVariances, int pitch, int latent)
    {
        int count = means.Length / pitch;
        double[] kl = new double[latent], mean = new double[latent], variance = new double[latent];
        for (int i = 0; i < count; i++)
        {
            for (int j = 0; j < latent; j++)
            {
                double m = means[i * pitch + j];
                double s = Math.Clamp(logVariances[i * pitch + j], LogVariance.Min, LogVariance.Max);
                kl[j] += 0.5 * (m * m + Math.Exp(s) - 1 - s) / count;
                // Welford's update.
                double difference = m - mean[j];
                mean[j] += difference / (i + 1);
                variance[j] += difference * (m - mean[j]) / count;
            }
        }
        return new LatentUnits(kl, variance);
    }
}
