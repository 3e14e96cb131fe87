using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using GpuVae.Devices;
using GpuVae.Formats;
using GpuVae.Layers;
using GpuVae.Models;

namespace GpuVae.Training;

/// <summary>
/// The whole state of a <see cref="GridPriorTrainer"/> between two epochs: with the same images,
/// <see cref="GridPriorTrainer.Resume"/> goes on from it to the same bits that an uninterrupted training ends with.
/// </summary>
public sealed class GridPriorCheckpoint
{
    private const string WeightsSection = "weights", FirstMomentSection = "adam.first", SecondMomentSection = "adam.second";
    private const string PriorField = "prior", TrainingField = "training", EpochField = "epoch", BestField = "best", CodesField = "codes";

    private readonly string path, digestOfCodes;
    private readonly CheckpointFile file;

    private GridPriorCheckpoint(string path, CheckpointFile file)
    {
        (this.path, this.file) = (path, file);
        JsonObject header = file.Header;
        Prior = OptionsJson.Read((string)header[PriorField]!, new GridPriorOptions());
        Prior.Validate();
        Training = OptionsJson.Read((string)header[TrainingField]!, new TrainingOptions());
        Training.Validate();
        Epoch = (int)header[EpochField]!;
        BestTest = (double?)header[BestField];
        digestOfCodes = (string)header[CodesField]!;
        Data = DataDigest.Read(header);
        if (Epoch < 0 || digestOfCodes is null)
            throw new FormatException();
    }

    /// <summary>The options of the prior.</summary>
    public GridPriorOptions Prior { get; }

    /// <summary>Those of its training.</summary>
    public TrainingOptions Training { get; }

    /// <summary>Epochs done.</summary>
    public int Epoch { get; }

    /// <summary>The lowest of their test losses; null without a test set or before the first.</summary>
    internal double? BestTest { get; }

    internal DataDigest Data { get; }

    /// <exception cref="BadInputException">The file is missing, damaged, or no checkpoint of a prior's training.</exception>
    public static GridPriorCheckpoint Read(string path)
    {
        var file = CheckpointFile.Read(path);
        try
        {
            return new GridPriorCheckpoint(path, file);
        }
        catch (Exception error) when (
            error is NullReferenceException or ArgumentNullException or InvalidOperationException or FormatException or JsonException
                or OverflowException or BadInputException)
        {
            throw new BadInputException($"{path} is no checkpoint of a prior's training. Train it anew.", error);
        }
    }

    /// <summary>Writes a checkpoint in one piece or not at all.</summary>
    /// <exception cref="IOException">The disk is full or the place cannot be written; the previous checkpoint stays.</exception>
    internal static void Write(
        string path, GridPrior prior, TrainingOptions training, int epoch, double? best, DataDigest data, ArrayView<float> firstMoment,
        ArrayView<float> secondMoment)
    {
        var header = new JsonObject
        {
            [PriorField] = OptionsJson.Write(prior.Options, indented: false),
            [TrainingField] = OptionsJson.Write(training, indented: false),
            [EpochField] = epoch,
            [BestField] = best,
            [CodesField] = prior.DigestOfCodes,
        };
        data.Write(header);
        var file = new CheckpointFile(header);
        ParameterStore store = prior.Parameters;
        file.Add(WeightsSection, Bytes(store.Values));
        file.Add(FirstMomentSection, Bytes(firstMoment));
        file.Add(SecondMomentSection, Bytes(secondMoment));
        file.Write(path);

        byte[] Bytes(ArrayView<float> view)
        {
            float[] onDevice = new float[view.Length], arranged = new float[view.Length];
            view.Download<float>(prior.Model.Device.Stream, onDevice);
            store.ToPyTorch(onDevice, arranged);
            return MemoryMarshal.AsBytes<float>(arranged).ToArray();
        }
    }

    /// <summary>A prior of the checkpoint's kind, with fresh weights.</summary>
    /// <exception cref="BadInputException">The checkpoint is one of the codes of another model, or of another architecture.</exception>
    internal GridPrior MakePrior(Vae model)
    {
        var prior = new GridPrior(model, Prior, Training.Seed);
        try
        {
            if (prior.DigestOfCodes != digestOfCodes)
                throw new BadInputException(
                    $"{path} is of the training of a prior over the codes of another model, or of this one before it was trained on. "
                    + "Train one for this model.");
            file.RequireFloats(WeightsSection, prior.Parameters.Values.Length);
            return prior;
        }
        catch
        {
            prior.Dispose();
            throw;
        }
    }

    /// <summary>Puts weights and moments back on the device.</summary>
    /// <exception cref="BadInputException">A section is missing, of another length, or holds what no training leaves.</exception>
    internal void Restore(ParameterStore store, ArrayView<float> firstMoment, ArrayView<float> secondMoment)
    {
        float[] weights = Floats(WeightsSection), first = Floats(FirstMomentSection), second = Floats(SecondMomentSection);
        if (TensorPrimitives.Min<float>(second) < 0)
            throw Invalid();
        store.WriteAll(store.Values, weights);
        store.WriteAll(firstMoment, first);
        store.WriteAll(secondMoment, second);

        float[] Floats(string section)
        {
            float[] values = new float[store.Values.Length];
            file.GetFloats(section, values);
            return float.IsFinite(TensorPrimitives.MaxMagnitude<float>(values)) ? values : throw Invalid();
        }

        BadInputException Invalid() =>
            new($"{path} is not a valid checkpoint: it holds weights or moments that are out of range. Train the prior anew.");
    }
}
