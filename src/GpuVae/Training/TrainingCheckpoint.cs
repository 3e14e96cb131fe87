using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using GpuVae.Elbo;
using GpuVae.Formats;
using GpuVae.Layers;

namespace GpuVae.Training;

/// <summary>
/// The whole state of a training between two steps. With the same images, <see cref="Trainer.Resume"/> goes on from it to the same bits
/// that an uninterrupted run ends with: random numbers and the order of the images follow from the seed and the step.
/// </summary>
public sealed class TrainingCheckpoint
{
    private const string WeightsSection = "weights", FirstMomentSection = "adam.first", SecondMomentSection = "adam.second";
    private const string AverageSection = "average";
    private const string SumsSection = "epoch.sums", HistorySection = "history", UntoldField = "untoldEpochs";
    private const string NetworkField = "perceptualNetwork";

    // Epochs that the history does not tell of.
    private readonly long untold;

    private TrainingCheckpoint(
        string path, CheckpointFile file, VaeOptions model, TrainingOptions training, long step, DataDigest data,
        IReadOnlyList<MetricsLine> history, long untold) =>
        (Path, File, Model, Training, Step, Data, History, this.untold) = (path, file, model, training, step, data, history, untold);

    /// <summary>The options of the model.</summary>
    public VaeOptions Model { get; }

    /// <summary>The options of the training, its seed among them.</summary>
    public TrainingOptions Training { get; }

    /// <summary>Optimizer steps done.</summary>
    public long Step { get; }

    /// <summary>What every epoch gave, without times; empty in checkpoints of a version that did not keep it.</summary>
    public IReadOnlyList<MetricsLine> History { get; }

    internal DataDigest Data { get; }

    /// <summary>The digest of the perceptual term's network; null without the term.</summary>
    internal string? Network => (string?)File.Header[NetworkField];

    private string Path { get; }

    private CheckpointFile File { get; }

    /// <exception cref="BadInputException">The file is missing, damaged, or no checkpoint of a training.</exception>
    public static TrainingCheckpoint Read(string path)
    {
        var file = CheckpointFile.Read(path);
        try
        {
            VaeOptions model = VaeConfig.FromJson((string)file.Header["model"]!, path);
            TrainingOptions training = OptionsJson.Read((string)file.Header["training"]!, new TrainingOptions());
            training.Validate();
            long step = (long)file.Header["step"]!;
            MetricsLine[] history = [.. file.Contains(HistorySection) ? Lines(file.Get(HistorySection)).Select(MetricsLine.Parse) : []];
            long untold = (long?)file.Header[UntoldField] ?? 0;
            // Without gaps, unless steps of single epochs were taken one by one.
            bool inOrder = untold == 0
                ? history.Select(line => line.Epoch).SequenceEqual(Enumerable.Range(1, history.Length))
                : untold > 0 && history.Zip(history.Skip(1)).All(pair => pair.First.Epoch < pair.Second.Epoch);
            return step >= 0 && inOrder
                ? new TrainingCheckpoint(path, file, model, training, step, DataDigest.Read(file.Header), history, untold)
                : throw new FormatException();
        }
        catch (BadInputException error) when (!error.Message.Contains(path, StringComparison.Ordinal))
        {
            throw new BadInputException($"{path} holds options that are out of range. {error.Message}", error);
        }
        catch (Exception error) when (
            error is NullReferenceException or ArgumentNullException or InvalidOperationException or FormatException or JsonException
                or OverflowException)
        {
            throw new BadInputException(
                $"{path} is a checkpoint of something else than a training. Name one that a training wrote.", error);
        }
    }

    /// <summary>Writes a checkpoint in one piece or not at all.</summary>
    /// <param name="path">Where it goes.</param>
    /// <param name="model">The model's options.</param>
    /// <param name="training">The training's.</param>
    /// <param name="step">Steps done.</param>
    /// <param name="data">What is trained on.</param>
    /// <param name="snapshot">Weights and moments.</param>
    /// <param name="epochSums">Of the epoch under way.</param>
    /// <param name="history">The epochs that were told of.</param>
    /// <param name="untold">Epochs that ended without: their steps were taken one by one.</param>
    /// <param name="discriminator">What the model is trained against, if anything.</param>
    /// <param name="network">The digest of the perceptual term's network, if there is one.</param>
    /// <exception cref="IOException">The disk is full or the place cannot be written; the previous checkpoint stays.</exception>
    internal static void Write(
        string path, VaeOptions model, TrainingOptions training, long step, DataDigest data, TrainingSnapshot snapshot,
        double[] epochSums, IEnumerable<MetricsLine> history, long untold, DiscriminatorSnapshot? discriminator,
        string? network)
    {
        var header = new JsonObject
        {
            ["model"] = VaeConfig.ToJson(model),
            ["training"] = ToJson(training),
            ["step"] = step,
        };
        if (untold > 0)
            header[UntoldField] = untold;
        if (network is not null)
            header[NetworkField] = network;
        data.Write(header);
        var file = new CheckpointFile(header);
        file.Add(WeightsSection, snapshot.Bytes, snapshot.Weights);
        file.Add(FirstMomentSection, snapshot.Bytes, snapshot.FirstMoment);
        file.Add(SecondMomentSection, snapshot.Bytes, snapshot.SecondMoment);
        if (snapshot.HasAverage)
            file.Add(AverageSection, snapshot.Bytes, snapshot.Average);
        discriminator?.Write(file);
        file.Add(SumsSection, MemoryMarshal.AsBytes<double>(epochSums).ToArray());
        // Times differ from run to run, and the same training is to leave the same bytes.
        file.Add(
            HistorySection, Encoding.UTF8.GetBytes(string.Concat(history.Select(line => line.WithoutTimes.ToJson() + "\n"))));
        file.Write(path);
    }

    /// <summary>Compares the weights that there are with those that the options ask for, before a model is made by them.</summary>
    /// <exception cref="BadInputException">They differ in number.</exception>
    internal void RequireWeights(GivenParts given) =>
        File.RequireFloats(WeightsSection, ParameterStore.LengthOf(VaeParts.ShapesOf(Model, given)));

    /// <summary>
    /// Copies the state of a training with so many steps in an epoch; an empty <paramref name="average"/> where none is kept.
    /// </summary>
    /// <exception cref="BadInputException">A section is missing, of another length, or holds what no training leaves.</exception>
    internal void Restore(
        int stepsPerEpoch, Span<float> weights, Span<float> average, Span<float> firstMoment, Span<float> secondMoment,
        Span<double> epochSums)
    {
        File.GetFloats(WeightsSection, weights);
        if (!average.IsEmpty)
            File.GetFloats(AverageSection, average);
        File.GetFloats(FirstMomentSection, firstMoment);
        File.GetFloats(SecondMomentSection, secondMoment);
        Require(
            float.IsFinite(TensorPrimitives.MaxMagnitude<float>(weights))
            && (average.IsEmpty || float.IsFinite(TensorPrimitives.MaxMagnitude<float>(average)))
            && float.IsFinite(TensorPrimitives.MaxMagnitude<float>(firstMoment)) && TensorPrimitives.Min<float>(secondMoment) >= 0
            && float.IsFinite(TensorPrimitives.Max<float>(secondMoment)),
            "weights or moments that are out of range");
        byte[] sums = File.Get(SumsSection);
        Require(sums.Length == epochSums.Length * sizeof(double), "another number of sums");
        sums.CopyTo(MemoryMarshal.AsBytes(epochSums));
        bool areFinite = true;
        foreach (double sum in epochSums)
            areFinite &= double.IsFinite(sum);
        Require(areFinite, "sums that are no finite numbers");
        Require(
            !File.Contains(HistorySection) || History.Count + untold == Step / stepsPerEpoch,
            $"the history of {History.Count} epochs at step {Step}, of which {stepsPerEpoch} are an epoch");
    }

    /// <summary>Puts the state of a discriminator on the device.</summary>
    /// <exception cref="BadInputException">A section is missing, of another length, or holds what no training leaves.</exception>
    internal void Restore(Discriminator discriminator, AcceleratorStream stream) =>
        Require(DiscriminatorSnapshot.Restore(File, discriminator, stream), "a discriminator that is out of range");

    private static string[] Lines(byte[] text) => Encoding.UTF8.GetString(text).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private void Require(bool isRight, string what)
    {
        if (!isRight)
            throw new BadInputException($"{Path} is not a valid checkpoint: it holds {what}. Take an older copy or start a new run.");
    }

    internal static string ToJson(TrainingOptions training) => OptionsJson.Write(training, indented: false);
}
