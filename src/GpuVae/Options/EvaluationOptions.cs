using GpuVae.Kernels.Training;

namespace GpuVae.Options;

/// <summary>What can be measured of a model on a set of images.</summary>
[Flags]
public enum EvaluationMetrics
{
    /// <summary>Nothing; no valid choice.</summary>
    None = 0,

    /// <summary>The evidence lower bound, its parts, and bits per dimension.</summary>
    Elbo = 1,

    /// <summary>The importance-sampled log-likelihood; see <c>ImportanceSampling</c>.</summary>
    Nll = 2,

    /// <summary>KL and activity of each latent unit; see <c>LatentUnits</c>.</summary>
    Units = 4,

    /// <summary>MSE, PSNR and SSIM of the reconstructions by way of the mean of q(z|x); see <c>ImageQuality</c>.</summary>
    Reconstruction = 8,

    /// <summary>The mutual information gap; see <c>MutualInformationGap</c>.</summary>
    Mig = 16,
}

/// <summary>What to measure, and by which protocol.</summary>
public sealed record EvaluationOptions
{
    /// <summary>The largest <see cref="Samples"/>.</summary>
    public const int MaxSamples = 1_000_000;

    /// <summary>What to measure; all but the two that take long or need labels.</summary>
    public EvaluationMetrics Metrics { get; init; } = EvaluationMetrics.Elbo | EvaluationMetrics.Units | EvaluationMetrics.Reconstruction;

    /// <summary>Samples per image of <see cref="EvaluationMetrics.Nll"/>.</summary>
    public int Samples { get; init; } = 5000;

    /// <summary>What becomes of the images' grey levels: nothing, a fixed draw for each image, or the draw of one epoch.</summary>
    public Binarization Binarization { get; init; }

    /// <summary>Seed of all samples and of the binarisation.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>At which images are drawn that are compared with others as a distribution; see <c>Vae.Generate</c>.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>How the images were set apart, for the protocol: <c>test</c>, for instance.</summary>
    public string Split { get; init; } = "test";

    /// <exception cref="BadInputException">A value is out of range, or nothing is to be measured.</exception>
    public void Validate()
    {
        if (Metrics.HasFlag(EvaluationMetrics.Nll))
            RequireSamples(Samples);
        if (Metrics == EvaluationMetrics.None || (Metrics & ~Enum.GetValues<EvaluationMetrics>().Aggregate((a, b) => a | b)) != 0)
            throw new BadInputException($"The metrics {Metrics}: choose some of elbo, nll, units, reconstruction and mig.");
        if (!Enum.IsDefined(Binarization))
            throw new BadInputException($"There is no binarisation {Binarization}; choose none, static or dynamic.");
    }

    /// <exception cref="BadInputException">k is out of range.</exception>
    internal static void RequireSamples(int samples)
    {
        if (samples is < 1 or > MaxSamples)
            throw new BadInputException(
                $"{samples} samples per image: an importance-sampled likelihood needs 1 to {MaxSamples}; 5000 is usual, 100 is quick.");
    }
}
