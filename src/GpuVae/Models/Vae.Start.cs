using GpuVae.Data;
using GpuVae.Devices;
using GpuVae.Elbo;
using GpuVae.Formats;
using GpuVae.Latent;
using GpuVae.Layers;
using Microsoft.Extensions.Logging;

namespace GpuVae.Models;

// What a fresh model starts from: its training images, or another model.
public sealed partial class Vae
{
    /// <summary>
    /// Lets a fresh model start from its training images: one that is <see cref="VaeOptions.Centered"/> from their mean, the pseudo-inputs
    /// of a VampPrior from some of them, which are better starting points than noise. Other models stay as they are.
    /// </summary>
    /// <exception cref="BadInputException">The images are not of the model's shape.</exception>
    public void StartFrom(ImageSet images, ulong seed)
    {
        Require(images);
        using DeviceGate.Scope scope = Device.Enter("Vae.StartFrom");
        if (Options.Centered)
        {
            float[] mean = images.Mean();
            Parameters.Write(Parameters[CenteredInput.MeanName], mean);
            // What a likelihood of the caller's own needs for a mean is not known.
            if (Options.Own?.Likelihood is null)
                Parts.Likelihood.StartFrom(Parameters, mean);
        }
        if (Parts.Prior is VampPriorDensity vamp)
            vamp.StartFrom(Parameters, images, seed);
    }

    /// <summary>The options of a trained model.</summary>
    /// <param name="path">The folder of a run or of <see cref="Save"/>, or a file of weights that tells its options.</param>
    /// <exception cref="BadInputException">There is no such model, or the file does not tell.</exception>
    public static VaeOptions OptionsOf(string path)
    {
        if (Directory.Exists(path))
            return OptionsIn(path);
        using var reader = SafetensorsReader.Open(path);
        return reader.Metadata.TryGetValue(WeightsFile.OptionsKey, out string? options)
            ? VaeConfig.FromJson(options, $"{path} ({WeightsFile.OptionsKey})")
            : throw new BadInputException(
                $"{path} does not say what model its weights belong to. Name the folder that a training wrote.");
    }

    /// <summary>Takes the weights of a trained model to go on from.</summary>
    /// <param name="path">The folder of a run, of which the best weights are taken, or a file of weights.</param>
    /// <param name="logger">Told what is odd about the file but no error.</param>
    /// <exception cref="BadInputException">
    /// There is no such model, its file is broken, or it is of another architecture; the message tells which tensors fit and which do not.
    /// The weights are then unchanged.
    /// </exception>
    public void StartFrom(string path, ILogger? logger = null)
    {
        string file = Directory.Exists(path) ? WeightsIn(path) : path;
        using (var reader = SafetensorsReader.Open(file))
            RequireFits(file, [.. reader.Entries.Where(entry => !WeightsFile.IsOfSampler(entry))]);
        LoadWeights(file, logger);
    }

    private void RequireFits(string file, IReadOnlyList<SafetensorsEntry> entries)
    {
        IReadOnlyList<(string Name, int[] Shape)> wanted = VaeParts.ShapesOf(Options, Parts.Given);
        var found = entries.ToDictionary(entry => entry.Name, entry => entry.Shape);
        string[] fitting =
        [
            .. wanted.Where(of => found.TryGetValue(of.Name, out int[]? shape) && shape.SequenceEqual(of.Shape)).Select(of => of.Name),
        ];
        string[] others =
        [
            .. wanted.Where(of => !fitting.Contains(of.Name)).Select(of => found.TryGetValue(of.Name, out int[]? shape)
                ? $"{of.Name} is {Text(shape)}, not {Text(of.Shape)}"
                : $"{of.Name} {Text(of.Shape)} is missing"),
            .. found.Keys.Except(wanted.Select(of => of.Name)).Select(name => $"{name} {Text(found[name])} has no place"),
        ];
        if (others.Length > 0)
            throw new BadInputException(
                $"{file} is of another architecture. Of {wanted.Count} tensors {fitting.Length} fit"
                + $"{(fitting.Length > 0 ? $" ({Listed(fitting)})" : "")}; these do not: {Listed(others)}. "
                + "Start with the options that it was trained with.");

        static string Text(int[] shape) => $"[{string.Join(", ", shape)}]";

        static string Listed(string[] all) => string.Join(", ", all.Take(30)) + (all.Length > 30 ? $" and {all.Length - 30} more" : "");
    }
}
