using System.Text.Json;
using System.Text.Json.Serialization;
using GpuVae.Elbo;
using GpuVae.Kernels.Training;

namespace GpuVae.Evaluation;

/// <summary>By which protocol figures were taken; two figures can only be compared where theirs are the same.</summary>
/// <param name="Data">What the images are called.</param>
/// <param name="Split">How they were set apart.</param>
/// <param name="Images">How many.</param>
/// <param name="Binarization">What became of their grey levels.</param>
/// <param name="Seed">Of the samples and of the binarisation.</param>
/// <param name="Device">Where it was computed.</param>
public sealed record EvaluationProtocol(string Data, string Split, int Images, Binarization Binarization, ulong Seed, string Device);

/// <summary>A bound on or an estimate of ln p(x).</summary>
/// <param name="Nats">Per image.</param>
/// <param name="BitsPerDimension">See <see cref="LikelihoodFacts.BitsPerDimension"/>.</param>
/// <param name="K">Samples of q(z|x) per image.</param>
/// <param name="StandardError">Of the mean over the images, nats.</param>
public sealed record LogLikelihood(double Nats, double BitsPerDimension, int K, double? StandardError = null);

/// <summary>
/// Figures of one model on one set of images; those that were not asked for are null. All in nats per image where not said.
/// </summary>
public sealed partial record EvaluationReport(EvaluationProtocol Protocol)
{
    /// <summary>The parts of the bound.</summary>
    public ElboParts? Parts { get; init; }

    /// <summary>
    /// The evidence lower bound, −(reconstruction + KL), whatever the beta; with discrete codes −ln p of these stands for the KL term, and
    /// there is none without a prior over them.
    /// </summary>
    public LogLikelihood? Elbo { get; init; }

    /// <summary>The importance-sampled log-likelihood.</summary>
    public LogLikelihood? ImportanceSampled { get; init; }

    /// <summary>How the images use the codes, where these are discrete; the parts are then reconstruction and commitment.</summary>
    public CodeUse? Codes { get; init; }

    /// <summary>How they use those of the top grid, where there are two; <see cref="Codes"/> is of the bottom one then.</summary>
    public CodeUse? TopCodes { get; init; }

    /// <summary>The KL term of each level of a hierarchy, the top one first.</summary>
    public IReadOnlyList<double>? LevelKl { get; init; }

    /// <summary>KL term and activity of each latent unit.</summary>
    public LatentUnits? Units { get; init; }

    /// <summary>Of the reconstructions by way of the mean of q(z|x), against the images.</summary>
    public ImageQuality? Reconstruction { get; init; }

    /// <summary>The mutual information gap of the means of q(z|x).</summary>
    public MutualInformationGap? Mig { get; init; }

    /// <summary>Samples and reconstructions against the images, in the features of a network.</summary>
    public DistributionDistance? Distance { get; init; }

    /// <summary>Every figure with its name as one JSON object, in snake case.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, ReportJson.Default.EvaluationReport) + "\n";

    [JsonSourceGenerationOptions(
        PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true,
        Converters = [typeof(LowerCaseEnum)], DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
    [JsonSerializable(typeof(EvaluationReport))]
    private sealed partial class ReportJson : JsonSerializerContext;

    private sealed class LowerCaseEnum() : JsonStringEnumConverter<Binarization>(JsonNamingPolicy.SnakeCaseLower);
}
