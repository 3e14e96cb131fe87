using System.Text.Json;
using System.Text.RegularExpressions;
using GpuVae.Data;
using GpuVae.Models;
using GpuVae.Training;

namespace GpuVae.Cli;

/// <summary>
/// Messages of the library name the properties of its options, <c>VaeOptions.Prior = Vamp</c>; who uses the command knows
/// <c>--prior vamp</c>.
/// </summary>
internal static class Flags
{
    private static readonly Dictionary<string, string> Names = new()
    {
        ["VaeOptions." + nameof(VaeOptions.Latent)] = "--latent",
        ["VaeOptions." + nameof(VaeOptions.Activation)] = "--activation",
        ["VaeOptions." + nameof(VaeOptions.Likelihood)] = "--likelihood",
        ["VaeOptions." + nameof(VaeOptions.Variance)] = "--variance",
        ["VaeOptions." + nameof(VaeOptions.Posterior)] = "--posterior",
        ["VaeOptions." + nameof(VaeOptions.Prior)] = "--prior",
        ["VaeOptions." + nameof(VaeOptions.Gradient)] = "--gradient",
        ["VaeOptions." + nameof(VaeOptions.Beta)] = "--beta",
        ["VaeOptions." + nameof(VaeOptions.Classes)] = "--conditional",
        ["TrainingOptions." + nameof(TrainingOptions.BatchSize)] = "--batch",
        ["TrainingOptions." + nameof(TrainingOptions.LearningRate)] = "--lr",
        ["TrainingOptions." + nameof(TrainingOptions.GradientClip)] = "--clip",
        ["TrainingOptions." + nameof(TrainingOptions.KlWarmupEpochs)] = "--kl-warmup",
        ["DataOptions." + nameof(DataOptions.Size)] = "--size",
        ["DataOptions." + nameof(DataOptions.Channels)] = "--channels",
        ["DataOptions." + nameof(DataOptions.SyntheticCount)] = "--images",
        ["ImageDomains." + nameof(ImageDomains.Load)] = "--domains",
        ["fit: true"] = "--fit",
    };

    /// <summary>A property and what it should be: one value, or several of an enumeration.</summary>
    private static readonly Regex Mention = new(
        $@"\b({string.Join('|', Names.Keys.Select(Regex.Escape))})\b( = (\w+(?:\.\w+)*(?:(?:, | or )(?!\w+\.\w)[A-Z]\w+)*))?");

    /// <summary>A message of the library as the user of the command understands it.</summary>
    public static string In(string message) => Mention.Replace(message, match =>
        Names[match.Groups[1].Value] + (match.Groups[3] is { Success: true, Value: var values } ? " " + Choices(values) : ""));

    private static string Choices(string values) =>
        Regex.Replace(values, @"\b[A-Z]\w+", choice => JsonNamingPolicy.KebabCaseLower.ConvertName(choice.Value));
}
