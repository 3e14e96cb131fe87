using System.Security.Cryptography;
using GpuVae.Elbo;
using GpuVae.Formats;
using GpuVae.Latent;
using Microsoft.Extensions.Logging;

namespace GpuVae.Models;

/// <summary>
/// Weights of a model as safetensors, with what is needed to trust them in the metadata: <c>gpuvae.options</c>, the options as
/// <c>config.json</c> has them, and <c>gpuvae.sha256</c>, the SHA-256 in hexadecimal digits of everything after the header. <c>format</c>
/// is <c>pt</c>, as PyTorch writes it. Files from elsewhere have neither, and are taken with a note.
/// </summary>
internal static partial class WeightsFile
{
    public const string OptionsKey = "gpuvae.options";

    private const string DigestKey = "gpuvae.sha256";

    /// <summary>Writes in one piece or not at all. Nothing on a device is needed for it, so it can be done on another thread.</summary>
    /// <param name="path">Of the file.</param>
    /// <param name="options">Of the model.</param>
    /// <param name="tensors">Its weights, in PyTorch's layouts.</param>
    /// <param name="metadata">More to be kept with them, if any.</param>
    /// <param name="half">Whether as float16.</param>
    /// <exception cref="BadInputException">A weight is too large for float16.</exception>
    /// <exception cref="IOException">The disk is full or the place cannot be written.</exception>
    public static void Write(
        string path, VaeOptions options, IReadOnlyList<NamedTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null,
        bool half = false)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (NamedTensor tensor in tensors)
        {
            if (half && tensor.Data.Any(value => Math.Abs(value) >= 65520))
                throw new BadInputException($"{tensor.Name} has weights above 65504, the largest of float16. Write them as float32.");
            hash.AppendData(SafetensorsFile.BytesOf(tensor, half));
        }
        var all = new Dictionary<string, string>(metadata ?? new Dictionary<string, string>())
        {
            ["format"] = "pt",
            [OptionsKey] = VaeConfig.ToJson(options),
            [DigestKey] = Convert.ToHexStringLower(hash.GetHashAndReset()),
        };
        SafetensorsFile.Write(path, tensors, all, half);
    }

    /// <summary>
    /// Reads the weights of a model, in the order of its parameters, and its sampler, if it has one. What the header declares is compared
    /// with the options, and all data are looked through, before anything is allocated for them.
    /// </summary>
    /// <exception cref="BadInputException">
    /// The file is missing, broken or changed, holds NaN or infinity, or belongs to a model that computes something else.
    /// </exception>
    public static (NamedTensor[] Weights, CodeSampler? Sampler) Read(
        string path, VaeOptions options, GivenParts given, ILogger? logger)
    {
        using var reader = SafetensorsReader.Open(path);
        SafetensorsEntry[] ofSampler = [.. reader.Entries.Where(IsOfSampler)];
        SafetensorsEntry[] entries = reader.Require(VaeParts.ShapesOf(options, given), ofSampler);
        string? written = reader.Metadata.GetValueOrDefault(OptionsKey), digest = reader.Metadata.GetValueOrDefault(DigestKey);
        if (written is not null)
            RequireSame(path, VaeConfig.FromJson(written, $"{path} ({OptionsKey})"), options);
        string actual = reader.RequireFinite();
        if (digest is not null && digest != actual)
            throw SafetensorsReader.Bad(path, "its weights do not have the digest that it names, so some of it was changed or lost");
        if (logger is not null && (written is null || digest is null))
            NoteOrigin(logger, path);
        return (
            [.. entries.Select(reader.Read)],
            ofSampler.Length == 0
                ? null
                : FlowCodeSampler.Is(ofSampler.Select(entry => entry.Name))
                    ? FlowCodeSampler.Of([.. ofSampler.Select(reader.Read)], options.Latent, path)
                    : MixtureCodeSampler.Of([.. ofSampler.Select(reader.Read)], options.Latent, options.Classes, path));
    }

    /// <summary>Whether a tensor is none of the model's weights, but of what codes are drawn from.</summary>
    public static bool IsOfSampler(SafetensorsEntry entry) => entry.Name.StartsWith(MixtureCodeSampler.Prefix, StringComparison.Ordinal);

    /// <summary>
    /// Refuses options with which the same weights compute something else. How a model is trained, by objective, beta and the like, is not
    /// among them: to go on with another objective is legitimate. Nor are names of classes that one side does not have.
    /// </summary>
    private static void RequireSame(string path, VaeOptions written, VaeOptions wanted)
    {
        foreach ((string name, object of, object other) in Facts(written).Zip(Facts(wanted), (a, b) => (a.Name, a.Value, b.Value)))
            if (!of.Equals(other) && !(name == nameof(VaeOptions.LabelNames) && "".Equals(of) | "".Equals(other)))
                throw new BadInputException(
                    $"{path} was trained with VaeOptions.{name} = {of}, the model has {other}. Take weights and options of one training.");
    }

    private static IEnumerable<(string Name, object Value)> Facts(VaeOptions options)
    {
        bool isConvolutional = options.Network == NetworkKind.Convolutional, isMixture = options.Likelihood == Likelihood.LogisticMixture;
        return
        [
            (nameof(options.Shape), options.Shape),
            (nameof(options.Network), options.Network),
            (nameof(options.Hidden), string.Join(",", options.Hidden)),
            (nameof(options.ChannelsPerStage), isConvolutional ? string.Join(",", options.ChannelsPerStage) : ""),
            (nameof(options.ResidualBlocks), isConvolutional ? options.ResidualBlocks : 0),
            (nameof(options.GroupNorm), isConvolutional && options.GroupNorm),
            (nameof(options.Upsampling), isConvolutional ? options.Upsampling : default),
            (nameof(options.Upscale), options.Upscale),
            (nameof(options.Centered), options.Centered),
            (nameof(options.Quantization), options.Quantization),
            (nameof(options.CodeLevels), options.CodeLevels),
            (nameof(options.Codes), options.Quantization == Quantization.Codebook ? options.Codes : 0),
            (nameof(options.CodeSize), options.Quantization == Quantization.Codebook ? options.CodeSize : 0),
            (nameof(options.Levels), options.Quantization == Quantization.Scalar ? string.Join(",", options.Levels) : ""),
            (nameof(options.Objective), options.Objective == Objective.Rae ? options.Objective : "one with noise"),
            (nameof(options.Latent), options.Latent),
            (nameof(options.Hierarchy), options.Hierarchy),
            (nameof(options.LevelChannels), options.LevelChannels),
            (nameof(options.Activation), options.Activation),
            (nameof(options.Likelihood), options.Likelihood),
            (nameof(options.MixtureComponents), isMixture ? options.MixtureComponents : 0),
            (nameof(options.Posterior), options.Posterior),
            (nameof(options.Prior), options.Prior),
            (nameof(options.PriorComponents), options.Prior == Prior.Normal ? 0 : options.PriorComponents),
            (nameof(options.Own), options.Own?.ToString() ?? "none"),
            (nameof(options.Classes), options.Classes),
            (nameof(options.LabelNames), string.Join(", ", options.LabelNames)),
        ];
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "{Path} does not say what it was trained with or what its digest is, as files from elsewhere do not: that it belongs to "
            + "these options, and is whole, is taken on trust.")]
    private static partial void NoteOrigin(ILogger logger, string path);
}
