using GpuVae.Devices;
using GpuVae.Formats;

namespace GpuVae.Models;

// A model as files: the options as config.json, the weights as safetensors.
public sealed partial class Vae
{
    internal const string WeightsName = "model.safetensors", ConfigName = "config.json";

    /// <summary>Loads what <see cref="Save"/> wrote into <paramref name="folder"/>.</summary>
    /// <exception cref="BadInputException">A file is missing or broken, or the weights are not those of the configuration.</exception>
    public static Vae Load(ComputeDevice device, string folder) => Load(device, folder, WeightsName);

    internal static Vae Load(ComputeDevice device, string folder, string weights)
    {
        string config = Path.Combine(folder, ConfigName);
        if (!File.Exists(config))
            throw new BadInputException(
                $"{folder} holds no {ConfigName}, so it is no trained model. Name the folder that a training wrote.");
        var model = new Vae(device, VaeConfig.FromJson(File.ReadAllText(config), config));
        try
        {
            model.LoadWeights(Path.Combine(folder, weights));
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

    /// <summary>Writes the weights as safetensors, as PyTorch's <c>load_state_dict</c> takes them.</summary>
    public void SaveWeights(string path)
    {
        NamedTensor[] tensors;
        // All of one moment; the device is not held while the disk is written.
        using (Device.Enter("Vae.SaveWeights"))
            tensors =
            [
                .. Parameters.Parameters.Select(
                    parameter => new NamedTensor(parameter.Name, [.. parameter.Shape], Parameters.Read(parameter))),
            ];
        WriteWeights(path, tensors);
    }

    /// <summary>Writes host copies of the weights; asks nothing of the device.</summary>
    internal void WriteWeights(string path, IReadOnlyList<NamedTensor> tensors, Dictionary<string, string>? metadata = null) =>
        SafetensorsFile.Write(path, tensors, new Dictionary<string, string>(metadata ?? []) { ["format"] = "pt" });

    internal void WriteConfig(string path)
    {
        byte[] content = System.Text.Encoding.UTF8.GetBytes(VaeConfig.ToJson(Options));
        if (!File.Exists(path) || !File.ReadAllBytes(path).AsSpan().SequenceEqual(content))
            AtomicFile.Write(path, stream => stream.Write(content));
    }

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
        // Nobody may compute with some of the weights old and some new.
        using DeviceGate.Scope scope = Device.Enter("Vae.LoadWeights");
        for (int i = 0; i < tensors.Length; i++)
            Parameters.Write(Parameters.Parameters[i], tensors[i].Data);
    }
}
