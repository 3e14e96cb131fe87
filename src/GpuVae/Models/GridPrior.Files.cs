using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using GpuVae.Formats;
using GpuVae.Layers;

namespace GpuVae.Models;

// A prior as one file of safetensors, which says whose codes it is of.
public sealed partial class GridPrior
{
    /// <summary>What the file is called in the folder of a model.</summary>
    public const string FileName = "prior.safetensors";

    private const string OptionsKey = "gpuvae.prior", CodesKey = "gpuvae.codes";

    /// <summary>Writes the weights as safetensors, in one piece or not at all.</summary>
    /// <param name="path">Of the file.</param>
    /// <param name="metadata">More to be kept with them, if any.</param>
    /// <exception cref="IOException">The disk is full or the place cannot be written.</exception>
    public void Save(string path, IReadOnlyDictionary<string, string>? metadata = null)
    {
        NamedTensor[] tensors =
        [
            .. Parameters.Parameters.Select(parameter => new NamedTensor(parameter.Name, [.. parameter.Shape], Parameters.Read(parameter))),
        ];
        var all = new Dictionary<string, string>(metadata ?? new Dictionary<string, string>())
        {
            ["format"] = "pt",
            [OptionsKey] = OptionsJson.Write(Options, indented: false),
            [CodesKey] = DigestOfCodes,
        };
        SafetensorsFile.Write(path, tensors, all, half: false);
    }

    /// <summary>Loads what <see cref="Save"/> wrote.</summary>
    /// <param name="model">Whose codes it is of; also as float16.</param>
    /// <param name="path">Of the file.</param>
    /// <exception cref="BadInputException">
    /// The file is missing or broken, is no prior, or is one of the codes of another model; nothing was allocated on the device then.
    /// </exception>
    public static GridPrior Load(Vae model, string path)
    {
        ArgumentNullException.ThrowIfNull(model);
        model.RequireQuantized();
        using var reader = SafetensorsReader.Open(path);
        if (!reader.Metadata.TryGetValue(OptionsKey, out string? json) || !reader.Metadata.TryGetValue(CodesKey, out string? digest))
            throw new BadInputException($"{path} is no prior over codes. Name a file that 'GridPrior.Save' wrote.");
        if (digest != DigestOf(model))
            throw new BadInputException(
                $"{path} is a prior over the codes of another model, or of this one before it was trained on. Train one for this model.");
        GridPriorOptions options = ReadOptions(path, json);
        SafetensorsEntry[] entries = reader.Require([.. NetworksOf(model, options).SelectMany(network => network.ParameterShapes)]);
        reader.RequireFinite();
        NamedTensor[] tensors = [.. entries.Select(reader.Read)];
        var prior = new GridPrior(model, options);
        foreach ((Parameter parameter, NamedTensor tensor) in prior.Parameters.Parameters.Zip(tensors))
            prior.Parameters.Write(parameter, tensor.Data);
        return prior;
    }

    /// <summary>Tells whose codes it is of.</summary>
    internal string DigestOfCodes => DigestOf(Model);

    private static GridPriorOptions ReadOptions(string path, string json)
    {
        try
        {
            GridPriorOptions options = OptionsJson.Read(json, new GridPriorOptions());
            options.Validate();
            return options;
        }
        catch (Exception error) when (error is JsonException or BadInputException)
        {
            throw new BadInputException($"{path} ({OptionsKey}) holds no valid options of a prior: {error.Message} Train it again.", error);
        }
    }

    /// <summary>Of all that makes numbers of images, rounded to float16, so that a model of half the size has the same.</summary>
    private static string DigestOf(Vae model)
    {
        string[] ofNetworks = ["encoder.", Networks.CodesPrefix];
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (NamedTensor tensor in model.ReadWeights())
        {
            bool isOfCodebook = tensor.Name.StartsWith(Parameter.CodebookPrefix, StringComparison.Ordinal)
                && tensor.Name.EndsWith(".weight", StringComparison.Ordinal);
            if (!isOfCodebook && !ofNetworks.Any(prefix => tensor.Name.StartsWith(prefix, StringComparison.Ordinal)))
                continue;
            System.Half[] rounded = Array.ConvertAll(tensor.Data, value => (System.Half)value);
            hash.AppendData(MemoryMarshal.AsBytes<System.Half>(rounded));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
