using System.Text.RegularExpressions;
using GpuVae.Cli.Commands;

namespace GpuVae.Cli;

/// <summary>
/// Messages of the library name the properties of its options, <c>VaeOptions.Prior = Vamp</c>; who uses the command knows
/// <c>--prior vamp</c>.
/// </summary>
internal static class Flags
{
    private static readonly Dictionary<string, string> Names = new(
        [
            .. ModelArguments.Set.Flags, .. TrainingArguments.Set.Flags, .. AdversarialArguments.Set.Flags,
            .. PerceptualArguments.Set.Flags,
            .. TrainPriorCommand.Set.Flags,
        ])
    {
        ["TrainingOptions.Adversarial"] = AdversarialArguments.Flag,
        ["TrainingOptions.Perceptual"] = PerceptualArguments.Flag,
        ["VaeOptions.Classes"] = "--conditional",
        ["GridPriorOptions.Classes"] = "--conditional",
        ["DataOptions.Size"] = "--size",
        ["DataOptions.Channels"] = "--channels",
        ["DataOptions.SyntheticCount"] = "--images",
        ["DataOptions.MaxPixels"] = "--max-pixels",
        ["DataOptions.TestSpec"] = "--test-data",
        ["DataOptions.TestSplit"] = "--test-split",
        ["DataOptions.ValidationSplit"] = "--validation-split",
        ["DataOptions.IsStreamed"] = "--stream",
        ["DataOptions.First"] = "--first",
        ["DataOptions.Limit"] = "--limit",
        ["ImageDomains.Load"] = "--domains",
        ["fit: true"] = "--fit",
        ["StudioOptions.Host"] = "--host",
        ["StudioOptions.Port"] = "--port",
        ["WebExportOptions.OnnxRuntimeWeb"] = "--onnxruntime-web",
    };

    /// <summary>A property and what it should be: one value, or several of an enumeration.</summary>
    private static readonly Regex Mention = new(
        $@"\b({string.Join('|', Names.Keys.Select(Regex.Escape))})\b( = (\w+(?:\.\w+)*(?:(?:, | or )(?!\w+\.\w)[A-Z]\w+)*))?");

    /// <summary>A message of the library as the user of the command understands it.</summary>
    public static string In(string message) => Mention.Replace(message, match =>
        Names[match.Groups[1].Value] + (match.Groups[3] is { Success: true, Value: var values } ? " " + Choices(values) : ""));

    private static string Choices(string values) => Regex.Replace(values, @"\b[A-Z]\w+", choice => CommonOptions.Kebab(choice.Value));
}
