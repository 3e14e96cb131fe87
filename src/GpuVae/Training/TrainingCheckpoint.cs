using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using GpuVae.Data;
using GpuVae.Formats;
using GpuVae.Options;

namespace GpuVae.Training;

/// <summary>
/// The whole state of a training between two steps. With the same images, <see cref="Trainer.Resume"/> goes on from it to the same bits
/// that an uninterrupted run ends with: random numbers and the order of the images follow from the seed and the step.
/// </summary>
public sealed partial class TrainingCheckpoint
{
    private const string WeightsSection = "weights", FirstMomentSection = "adam.first", SecondMomentSection = "adam.second";
    private const string SumsSection = "epoch.sums";

    private TrainingCheckpoint(CheckpointFile file, VaeOptions model, TrainingOptions training, long step, string dataDigest) =>
        (File, Model, Training, Step, DataDigest) = (file, model, training, step, dataDigest);

    public VaeOptions Model { get; }

    public TrainingOptions Training { get; }

    /// <summary>Optimizer steps done.</summary>
    public long Step { get; }

    internal string DataDigest { get; }

    private CheckpointFile File { get; }

    /// <exception cref="BadInputException">The file is missing, damaged, or no checkpoint of a training.</exception>
    public static TrainingCheckpoint Read(string path)
    {
        var file = CheckpointFile.Read(path);
        try
        {
            VaeOptions model = VaeConfig.FromJson((string)file.Header["model"]!, path);
            TrainingOptions training = OptionsJson.Read(
                (string)file.Header["training"]!, new TrainingOptions(), TrainingJson.Default.TrainingOptions);
            training.Validate();
            return new TrainingCheckpoint(file, model, training, (long)file.Header["step"]!, (string)file.Header["data"]!);
        }
        catch (Exception error) when (
            error is NullReferenceException or ArgumentNullException or InvalidOperationException or FormatException or JsonException)
        {
            throw new BadInputException(
                $"{path} is a checkpoint of something else than a training. Name one that a training wrote.", error);
        }
    }

    /// <summary>Identifies the images by their content, in their order.</summary>
    internal static string Digest(ImageSet images) =>
        $"{images.Count}×{images.Shape}:{Convert.ToHexStringLower(SHA256.HashData(images.Pixels))}";

    /// <summary>Writes a checkpoint in one piece or not at all.</summary>
    /// <exception cref="IOException">The disk is full or the place cannot be written; the previous checkpoint stays.</exception>
    internal static void Write(
        string path, VaeOptions model, TrainingOptions training, long step, string dataDigest, TrainingSnapshot snapshot,
        ReadOnlySpan<double> epochSums)
    {
        var file = new CheckpointFile(new JsonObject
        {
            ["model"] = VaeConfig.ToJson(model),
            ["training"] = JsonSerializer.Serialize(training, TrainingJson.Default.TrainingOptions),
            ["step"] = step,
            ["data"] = dataDigest,
        });
        file.Add(WeightsSection, snapshot.Weights);
        file.Add(FirstMomentSection, snapshot.FirstMoment);
        file.Add(SecondMomentSection, snapshot.SecondMoment);
        file.Add(SumsSection, System.Runtime.InteropServices.MemoryMarshal.AsBytes(epochSums).ToArray());
        file.Write(path);
    }

    internal void Restore(Span<float> weights, Span<float> firstMoment, Span<float> secondMoment, Span<double> epochSums)
    {
        File.GetFloats(WeightsSection, weights);
        File.GetFloats(FirstMomentSection, firstMoment);
        File.GetFloats(SecondMomentSection, secondMoment);
        File.Get(SumsSection).CopyTo(System.Runtime.InteropServices.MemoryMarshal.AsBytes(epochSums));
    }

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
    [JsonSerializable(typeof(TrainingOptions))]
    private sealed partial class TrainingJson : JsonSerializerContext;
}
