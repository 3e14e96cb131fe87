using GpuVae.Devices;
using GpuVae.Formats;

namespace GpuVae.Models;

// A model as files: the options as config.json, the weights as safetensors.
public sealed partial class Vae
{
    internal const string WeightsName = "model.safetensors", ConfigName = "config.json";

    /// <summary>Loads what <see cref="Save"/> wrote into <paramref name="folder"/>.</summary>
    /// <exception cref="BadInputException">A file is missing or broken, or the weights are not those of the configuration.</exception>
    public static Vae Load(ComputeDevice device, string folder)
    {
        string config = Path.Combine(folder, ConfigName);
        if (!Path.Exists(config))
            throw new BadInputException(
                $"{folder} holds no {ConfigName}, so it is no trained model. Name the folder that a training wrote.");
        var model = new Vae(device, VaeConfig.FromJson(InputFile.ReadAllText(config), config));
        try
        {
            model.LoadWeights(Path.Combine(folder, WeightsName));
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
        AtomicFile.Write(
            Path.Combine(folder, ConfigName), stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(VaeConfig.ToJson(Options))));
    }

    /// <summary>Writes the weights as safetensors, as PyTorch's <c>load_state_dict</c> takes them.</summary>
    public void SaveWeights(string path) => SafetensorsFile.Write(
        path,
        [.. Parameters.Parameters.Select(parameter => new NamedTensor(parameter.Name, [.. parameter.Shape], Parameters.Read(parameter)))],
        new Dictionary<string, string> { ["format"] = "pt" });

    /// <summary>Reads weights of this architecture, for instance from PyTorch's <c>safetensors.torch.save_file</c>.</summary>
    /// <exception cref="BadInputException">The file is missing, broken, or of another architecture; the weights are then
    /// unchanged.</exception>
    public void LoadWeights(string path)
    {
        var file = SafetensorsFile.Read(path);
        NamedTensor[] tensors = [.. Parameters.Parameters.Select(parameter => file.Get(parameter.Name, [.. parameter.Shape]))];
        if (file.Tensors.FirstOrDefault(tensor => !tensors.Contains(tensor)) is { } extra)
            throw new BadInputException(
                $"{path} also holds \"{extra.Name}\", which this model does not have: it has more layers. " +
                "Use the options the file was trained with.");
        for (int i = 0; i < tensors.Length; i++)
            Parameters.Write(Parameters.Parameters[i], tensors[i].Data);
    }
}
