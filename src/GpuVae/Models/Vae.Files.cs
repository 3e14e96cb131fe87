using System.Text;
using GpuVae.Devices;
using GpuVae.Elbo;
using GpuVae.Formats;
using GpuVae.Latent;
using GpuVae.Layers;
using Microsoft.Extensions.Logging;

namespace GpuVae.Models;

// A model as files: the options as config.json, the weights as safetensors.
public sealed partial class Vae
{
    internal const string WeightsName = "model.safetensors", ConfigName = "config.json", BestName = "best.safetensors";

    /// <summary>
    /// Loads what <see cref="Save"/> wrote into a folder, or one file of <see cref="SaveWeights"/>, which has the options with it.
    /// </summary>
    /// <param name="device">Where the model is to be.</param>
    /// <param name="path">The folder with <c>config.json</c> and <c>model.safetensors</c>, or a <c>.safetensors</c> file.</param>
    /// <param name="logger">Told what is odd about the files but no error.</param>
    /// <exception cref="BadInputException">
    /// A file is missing or broken, or the weights are not those of the configuration; nothing was allocated on the device then.
    /// </exception>
    public static Vae Load(ComputeDevice device, string path, ILogger? logger = null) => File.Exists(path)
        ? Load(device, OptionsOf(path), path, logger)
        : Load(device, OptionsIn(path), Path.Combine(path, WeightsName), logger);

    /// <summary>The weights in a run's folder that count: those of the best epoch, or of the last where none is the best.</summary>
    internal static string WeightsIn(string folder)
    {
        string best = Path.Combine(folder, BestName);
        return File.Exists(best) ? best : Path.Combine(folder, WeightsName);
    }

    /// <summary>The options of the model in a folder.</summary>
    internal static VaeOptions OptionsIn(string folder)
    {
        string config = Path.Combine(folder, ConfigName);
        return Path.Exists(config)
            ? VaeConfig.FromJson(InputFile.ReadAllText(config), config)
            : throw new BadInputException(
                $"{folder} holds no {ConfigName}, so it is no trained model. Name the folder that a training wrote.");
    }

    internal static Vae Load(ComputeDevice device, VaeOptions options, string weights, ILogger? logger)
    {
        var given = new GivenParts();
        given.NamedIn(options);
        (NamedTensor[] Weights, CodeSampler? Sampler) content = WeightsFile.Read(weights, options, given, logger);
        var model = new Vae(device, options, given, seed: null);
        try
        {
            model.Write(content);
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Writes <c>model.safetensors</c> and <c>config.json</c> into <paramref name="folder"/>, each in one piece or not at all.
    /// </summary>
    /// <exception cref="IOException">The disk is full or the place cannot be written.</exception>
    public void Save(string folder)
    {
        SaveWeights(Path.Combine(folder, WeightsName));
        WriteConfig(Path.Combine(folder, ConfigName));
    }

    /// <summary>
    /// Writes the weights as safetensors, as PyTorch's <c>load_state_dict</c> takes them, with the options and a digest in the metadata;
    /// and <see cref="Sampler"/> in tensors called <c>sampler.…</c>, which PyTorch is to be told to pass over (<c>strict=False</c>).
    /// </summary>
    /// <param name="path">Of the file.</param>
    /// <param name="metadata">More to be kept with them, if any.</param>
    /// <param name="half">Whether as float16, in half the bytes; each weight is then off by up to 2⁻¹¹ of itself.</param>
    /// <exception cref="BadInputException">A weight is too large for float16.</exception>
    /// <exception cref="IOException">The disk is full or the place cannot be written.</exception>
    public void SaveWeights(string path, IReadOnlyDictionary<string, string>? metadata = null, bool half = false) =>
        WeightsFile.Write(path, Options, [.. ReadWeights(), .. Sampler?.Tensors ?? []], metadata, half);

    /// <summary>
    /// Reads weights of this architecture: what <see cref="SaveWeights"/> wrote, with whatever objective they were trained, or what
    /// PyTorch's <c>safetensors.torch.save_file</c> did.
    /// </summary>
    /// <param name="path">Of the file.</param>
    /// <param name="logger">Told what is odd about the file but no error.</param>
    /// <exception cref="BadInputException">
    /// The file is missing, broken or changed, holds NaN or infinity, or belongs to a model that computes something else; the weights are
    /// then unchanged.
    /// </exception>
    public void LoadWeights(string path, ILogger? logger = null) => Write(WeightsFile.Read(path, Options, Parts.Given, logger));

    /// <summary>Copies of all weights, of one moment, in PyTorch's layouts; waits for the device.</summary>
    internal NamedTensor[] ReadWeights()
    {
        // The device is not held while the disk is written.
        using DeviceGate.Scope scope = Device.Enter("Vae.SaveWeights");
        return
        [
            .. Parameters.Parameters.Select(parameter => new NamedTensor(parameter.Name, [.. parameter.Shape], Parameters.Read(parameter))),
        ];
    }

    /// <summary>Writes host copies of the weights; asks nothing of the device.</summary>
    internal void WriteWeights(
        string path, IReadOnlyList<NamedTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null) =>
        WeightsFile.Write(path, Options, tensors, metadata);

    internal void WriteConfig(string path)
    {
        byte[] content = Encoding.UTF8.GetBytes(VaeConfig.ToJson(Options));
        if (!File.Exists(path) || !InputFile.ReadAllBytes(path, int.MaxValue).AsSpan().SequenceEqual(content))
            AtomicFile.Write(path, stream => stream.Write(content));
    }

    private void Write((NamedTensor[] Weights, CodeSampler? Sampler) content)
    {
        // Nobody may compute with some of the weights old and some new.
        using DeviceGate.Scope scope = Device.Enter("Vae.LoadWeights");
        foreach ((Parameter parameter, NamedTensor tensor) in Parameters.Parameters.Zip(content.Weights))
            Parameters.Write(parameter, tensor.Data);
        Sampler = content.Sampler;
    }
}
