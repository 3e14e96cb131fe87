using System.Text.Json;
using System.Text.Json.Serialization;

namespace GpuVae.Training;

/// <summary>
/// One line of <c>metrics.jsonl</c>, in snake case there. Losses in nats per image; the test figures are null without a test set. Seconds
/// and images per second are null where they were lost with a process that was killed. Warnings are by kind, left out where there are none;
/// so are the figures of discrete codes, those of a top grid apart, of a discriminator and of a perceptual term, and the KL terms of a
/// hierarchy's levels.
/// </summary>
public sealed partial record MetricsLine(
    int Epoch, double TrainLoss, double? TestLoss, double? TestRecon, double? TestKl, double? Seconds, double? ImagesPerSecond,
    string Device,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyDictionary<string, string>? Warnings = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? CodesUsed = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Perplexity = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<double>? LevelKl = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? DiscriminatorLoss = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? GeneratorLoss = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? AdversarialWeight = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? FeatureDistance = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? TopCodesUsed = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? TopPerplexity = null)
{
    /// <summary>
    /// The epoch whose weights commands take: that with the lowest test loss, the first of several; the last one where nothing was tested,
    /// or a discriminator or a perceptual term took part, for which pictures become better while the test loss rises.
    /// </summary>
    /// <returns>Null where there is none.</returns>
    public static MetricsLine? Best(IReadOnlyList<MetricsLine> epochs) =>
        epochs.Count == 0 ? null
        : epochs[^1].IsForPictures ? epochs[^1]
        : epochs.Where(epoch => epoch.TestLoss is not null).MinBy(epoch => epoch.TestLoss) ?? epochs[^1];

    /// <summary>Whether the training was for something that the test loss does not tell.</summary>
    [JsonIgnore]
    public bool IsForPictures => DiscriminatorLoss is not null || FeatureDistance is not null;

    internal static MetricsLine Of(EpochSummary epoch) => new(
        epoch.Epoch, epoch.Train.Loss, epoch.Test?.Loss, epoch.Test?.Reconstruction, epoch.Test?.Kl, epoch.Seconds,
        epoch.ImagesPerSecond, epoch.Device,
        epoch.Warnings.Count == 0
            ? null
            : epoch.Warnings.ToDictionary(
                warning => JsonNamingPolicy.SnakeCaseLower.ConvertName(warning.Issue.ToString()), warning => warning.ToString()),
        epoch.Codes?.Used, epoch.Codes?.Perplexity, epoch.LevelKl, epoch.Adversarial?.DiscriminatorLoss,
        epoch.Adversarial?.GeneratorLoss, epoch.Adversarial?.Weight, epoch.FeatureDistance, epoch.TopCodes?.Used,
        epoch.TopCodes?.Perplexity);

    /// <summary>Without what differs from one run of the same training to the next.</summary>
    internal MetricsLine WithoutTimes => this with { Seconds = null, ImagesPerSecond = null };

    /// <exception cref="JsonException">The text is no such line.</exception>
    internal static MetricsLine Parse(string json)
    {
        MetricsLine line = JsonSerializer.Deserialize(json, MetricsJson.Default.MetricsLine) ?? throw new JsonException("It is null.");
        ReadOnlySpan<double?> numbers =
            [
                line.TrainLoss, line.TestLoss, line.TestRecon, line.TestKl, line.Seconds, line.ImagesPerSecond, line.Perplexity,
                line.DiscriminatorLoss, line.GeneratorLoss, line.AdversarialWeight, line.FeatureDistance, line.TopPerplexity,
                .. line.LevelKl is { } levels ? levels.Select(kl => (double?)kl) : [],
            ];
        foreach (double? number in numbers)
            if (number is { } value && !double.IsFinite(value))
                throw new JsonException("A number is out of range.");
        return line;
    }

    internal string ToJson() => JsonSerializer.Serialize(this, MetricsJson.Default.MetricsLine);

    [JsonSourceGenerationOptions(
        PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true, AllowDuplicateProperties = false)]
    [JsonSerializable(typeof(MetricsLine))]
    private sealed partial class MetricsJson : JsonSerializerContext;
}
