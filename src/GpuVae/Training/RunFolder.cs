using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using GpuVae.Formats;
using GpuVae.Models;

namespace GpuVae.Training;

/// <summary>The files of one training run, by the names that everything else expects.</summary>
public sealed partial class RunFolder
{
    private RunFolder(string path) => Path = path;

    /// <summary>Absolute.</summary>
    public string Path { get; }

    /// <summary>The trained weights.</summary>
    public string Model => In(Vae.WeightsName);

    /// <summary>The model's options.</summary>
    public string Config => In(Vae.ConfigName);

    /// <summary>One JSON object per line and epoch.</summary>
    public string Metrics => In("metrics.jsonl");

    /// <summary>Images generated from the prior.</summary>
    public string Samples => In("samples.png");

    /// <summary>Test images above, their reconstructions below.</summary>
    public string Reconstructions => In("reconstructions.png");

    /// <summary>One page with curves, pictures and options.</summary>
    public string Report => In("report.html");

    /// <summary>What <c>Trainer.Resume</c> needs.</summary>
    public string Checkpoint => In("checkpoint");

    /// <summary>Makes the folder if it is missing.</summary>
    /// <exception cref="BadInputException">The path is a file, or the folder cannot be made.</exception>
    public static RunFolder Create(string path)
    {
        try
        {
            return new RunFolder(Directory.CreateDirectory(path).FullName);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new BadInputException($"The run folder '{path}' cannot be made: {error.Message} Choose another place.", error);
        }
    }

    /// <exception cref="BadInputException">There is no such folder.</exception>
    public static RunFolder Open(string path) => Directory.Exists(path)
        ? new RunFolder(System.IO.Path.GetFullPath(path))
        : throw new BadInputException($"There is no run folder '{path}'. Train a model first, or name a folder that a training made.");

    /// <summary>
    /// Keeps other processes from training into this folder until the result is disposed; a file <c>lock</c> stands there as long.
    /// </summary>
    /// <exception cref="BadInputException">Another process trains into it.</exception>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public IDisposable Lock()
    {
        try
        {
            return new FileStream(
                In("lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0, FileOptions.DeleteOnClose);
        }
        catch (IOException error) when (File.Exists(In("lock")))
        {
            throw new BadInputException($"Another process is training into {Path}. Wait for it, or choose another folder.", error);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new IOException($"{Path} cannot be written: {error.Message} Choose another folder.", error);
        }
    }

    /// <summary>Where the run called <paramref name="name"/> stands below <paramref name="root"/>.</summary>
    /// <exception cref="BadInputException">The name would lead out of <paramref name="root"/>.</exception>
    public static string PathOf(string root, string name)
    {
        string parent = System.IO.Path.GetFullPath(root), full = System.IO.Path.GetFullPath(System.IO.Path.Combine(parent, name));
        return full.StartsWith(parent + System.IO.Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? full
            : throw new BadInputException(
                $"The run name '{name}' leads out of '{root}'. Give a plain name, or a folder of its own as output.");
    }

    /// <summary>Appends one line for <paramref name="epoch"/>.</summary>
    public void AppendMetrics(EpochSummary epoch)
    {
        var line = new MetricsLine(
            epoch.Epoch, epoch.Train.Loss, epoch.Test?.Loss, epoch.Test?.Reconstruction, epoch.Test?.Kl, epoch.Seconds,
            epoch.ImagesPerSecond, epoch.Device,
            epoch.Warnings.Count == 0
                ? null
                : epoch.Warnings.ToDictionary(
                    warning => JsonNamingPolicy.SnakeCaseLower.ConvertName(warning.Issue.ToString()), warning => warning.ToString()));
        File.AppendAllText(Metrics, JsonSerializer.Serialize(line, MetricsJson.Default.MetricsLine) + "\n");
    }

    /// <summary>All complete lines of <see cref="Metrics"/>; none if there is no such file.</summary>
    public IReadOnlyList<MetricsLine> ReadMetrics()
    {
        var lines = new List<MetricsLine>();
        foreach (string text in File.Exists(Metrics) ? File.ReadLines(Metrics) : [])
        {
            try
            {
                if (JsonSerializer.Deserialize(text, MetricsJson.Default.MetricsLine) is { } line)
                    lines.Add(line);
            }
            catch (JsonException)
            {
                // Only the last line can be torn, by a kill in the middle of its writing; the epoch is then done again.
            }
        }
        return lines;
    }

    /// <summary>
    /// Drops what a killed run wrote after the checkpoint from which it is now resumed, so that no epoch stands there twice: keeps the
    /// lines up to <paramref name="lastEpoch"/>.
    /// </summary>
    public void TruncateMetrics(int lastEpoch)
    {
        if (!File.Exists(Metrics))
            return;
        var kept = new StringBuilder();
        foreach (MetricsLine line in ReadMetrics().Where(line => line.Epoch <= lastEpoch))
            kept.Append(JsonSerializer.Serialize(line, MetricsJson.Default.MetricsLine)).Append('\n');
        AtomicFile.Write(Metrics, stream => stream.Write(Encoding.UTF8.GetBytes(kept.ToString())));
    }

    private string In(string name) => System.IO.Path.Combine(Path, name);

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
    [JsonSerializable(typeof(MetricsLine))]
    private sealed partial class MetricsJson : JsonSerializerContext;
}
