using System.Globalization;
using GpuVae.Formats;
using GpuVae.Models;
using Microsoft.Extensions.Logging;

namespace GpuVae.Training;

/// <summary>
/// The history of a training, and what it leaves on the disk: weights, metrics and checkpoints. Writing goes on while training does; what
/// fails then is thrown by the next call.
/// </summary>
internal sealed class RunRecord(
    Vae model, TrainingOptions options, DataDigest data, TrainingState state, int stepsPerEpoch, ILogger logger,
    Discriminator? discriminator = null, PerceptualTerm? perceptual = null)
{
    private readonly BackgroundWriter writer = new();
    private IReadOnlyList<MetricsLine> history = [];
    private readonly DiscriminatorSnapshot? ofDiscriminator = discriminator is null ? null : new DiscriminatorSnapshot(discriminator);
    private TrainingSnapshot? snapshot;

    // Touched by the writing thread alone, and between its pieces of work.
    private int linesWritten;

    public RunFolder? Folder { get; private set; }

    /// <summary>See <see cref="Trainer.Metadata"/>.</summary>
    public IReadOnlyDictionary<string, string> MoreMetadata { get; set; } = new Dictionary<string, string>();

    /// <summary>May be read by any thread: what has been given out does not change.</summary>
    public IReadOnlyList<MetricsLine> History => history;

    /// <summary>The epoch with the lowest test loss, the first of several; null without a test set.</summary>
    public MetricsLine? Best => MetricsLine.Best(history) is { TestLoss: not null } best ? best : null;

    /// <summary>Whether so many epochs were without a better one that the training is to end.</summary>
    public bool IsToStop =>
        options.EarlyStopping > 0 && Best is { } best && history[^1].Epoch - best.Epoch >= options.EarlyStopping;

    private long Untold(long step, IReadOnlyList<MetricsLine> lines) => step / stepsPerEpoch - lines.Count;

    public void Add(EpochSummary epoch) => history = [.. history, MetricsLine.Of(epoch)];

    /// <summary>Goes on with the history of a checkpoint.</summary>
    public void Restore(IEnumerable<MetricsLine> lines) => history = [.. lines];

    /// <summary>Writes into a folder from now on, whose metrics become those of the history up to <paramref name="epochs"/>.</summary>
    public void WriteTo(RunFolder folder, int epochs)
    {
        Wait();
        Folder = folder;
        history = folder.RestoreMetrics(history, epochs);
        linesWritten = history.Count;
        if (Best is null)
            File.Delete(folder.BestModel);
    }

    /// <summary>Writes a checkpoint alone.</summary>
    /// <exception cref="TrainingDivergedException">A weight or moment is no finite number.</exception>
    public void Save(string path, long step, double[] epochSums)
    {
        Take(step);
        WriteCheckpoint(path, step, epochSums, history);
        logger.CheckpointWritten(step, path);
    }

    /// <summary>Begins to write a checkpoint into the folder, if there is one.</summary>
    /// <param name="step">Steps done.</param>
    /// <param name="epochSums">Of the epoch under way.</param>
    /// <param name="epochEnds">Whether the weights may be the best so far.</param>
    /// <param name="withWeights">Whether the weights are to be written as a model, too.</param>
    /// <exception cref="TrainingDivergedException">A weight or moment is no finite number.</exception>
    /// <exception cref="IOException">What was begun before could not be written.</exception>
    public void Write(long step, double[] epochSums, bool epochEnds, bool withWeights)
    {
        Take(step);
        if (Folder is not { } folder)
            return;
        double[] sums = [.. epochSums];
        IReadOnlyList<MetricsLine> lines = history;
        MetricsLine? best = epochEnds && Best == history[^1] ? history[^1] : null;
        writer.Start(() =>
        {
            // The checkpoint last: what it tells of is there.
            if (withWeights)
                WriteModel(folder, lines.Count > 0 ? lines[^1] : null, best);
            if (linesWritten < lines.Count)
                folder.AppendMetrics(lines.Skip(linesWritten));
            linesWritten = lines.Count;
            WriteCheckpoint(folder.Checkpoint, step, sums, lines);
            logger.CheckpointWritten(step, folder.Checkpoint);
        });
    }

    /// <summary>Waits for what is being written.</summary>
    /// <exception cref="IOException">It could not be written.</exception>
    public void Wait() => writer.Wait();

    private void WriteCheckpoint(string path, long step, double[] epochSums, IReadOnlyList<MetricsLine> lines) => TrainingCheckpoint.Write(
        path, model.Options, options, step, data, snapshot!, epochSums, lines, Untold(step, lines), ofDiscriminator,
        perceptual?.Digest);

    private void WriteModel(RunFolder folder, MetricsLine? last, MetricsLine? best)
    {
        IReadOnlyList<NamedTensor> tensors = snapshot!.Tensors();
        model.WriteWeights(folder.Model, tensors, Metadata(last));
        model.WriteConfig(folder.Config);
        if (best is not null)
        {
            Dictionary<string, string> metadata = Metadata(best);
            metadata["gpuvae.epoch"] = best.Epoch.ToString(CultureInfo.InvariantCulture);
            metadata["gpuvae.test_loss"] = best.TestLoss!.Value.ToString("R", CultureInfo.InvariantCulture);
            model.WriteWeights(folder.BestModel, tensors, metadata);
        }
    }

    /// <summary>What makes one file of weights a model that tells its story.</summary>
    private Dictionary<string, string> Metadata(MetricsLine? line)
    {
        // Whoever is given the model has no use for the folders of this machine.
        TrainingOptions shared = options with
        {
            Perceptual = options.Perceptual is not { } term
                ? null
                : term with { Files = [.. term.Files.Select(file => Path.GetFileName(file))] },
        };
        var all = new Dictionary<string, string>(MoreMetadata) { ["gpuvae.training"] = TrainingCheckpoint.ToJson(shared) };
        if (line is not null)
            all["gpuvae.metrics"] = line.WithoutTimes.ToJson();
        return all;
    }

    private void Take(long step)
    {
        Wait();
        snapshot ??= new TrainingSnapshot(model.Parameters, state.HasAverage);
        snapshot.Take(model.Device.Stream, state);
        ofDiscriminator?.Take(model.Device.Stream);
        foreach ((string Term, float Value)? extreme in ((string, float)?[])[snapshot.Extreme(), ofDiscriminator?.Extreme()])
        {
            if (extreme is var (term, value) && !float.IsFinite(value))
                throw new TrainingDivergedException(step, term, value, Folder?.Checkpoint);
        }
    }
}
