using System.Text;
using System.Text.Json;
using GpuVae.Devices;
using GpuVae.Formats;
using GpuVae.Models;
using Microsoft.Extensions.Logging;

namespace GpuVae.Training;

/// <summary>The files of one training run, by the names that everything else expects.</summary>
public sealed class RunFolder
{
    private RunFolder(string path) => Path = path;

    /// <summary>Absolute.</summary>
    public string Path { get; }

    /// <summary>Whether this is one file of weights that tell what they belong to, rather than a folder; it has nothing else.</summary>
    public bool IsFile => File.Exists(Path);

    /// <summary>The weights of the last epoch, or of the moment at which the training was stopped.</summary>
    public string Model => IsFile ? Path : In(Vae.WeightsName);

    /// <summary>The weights of the epoch with the lowest test loss; missing where there is no test set.</summary>
    public string BestModel => In(Vae.BestName);

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
            path = System.IO.Path.GetFullPath(path);
            AtomicFile.CreateFolder(path);
            return new RunFolder(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new BadInputException($"The run folder '{path}' cannot be made: {error.Message} Choose another place.", error);
        }
    }

    /// <param name="path">A folder that a training made, or one <c>.safetensors</c> file of a model.</param>
    /// <exception cref="BadInputException">There is no such folder.</exception>
    public static RunFolder Open(string path) => System.IO.Path.Exists(path)
        ? new RunFolder(System.IO.Path.GetFullPath(path))
        : throw new BadInputException($"There is no run folder '{path}'. Train a model first, or name a folder that a training made.");

    /// <summary>
    /// Keeps others from training into this folder until the result is disposed or the process ends. Systems that lock folders lock the
    /// folder itself; where the file system does not, a file <c>lock</c> is locked in it.
    /// </summary>
    /// <exception cref="BadInputException">Somebody else trains into it.</exception>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public IDisposable Lock() => TryLock()
        ?? throw new BadInputException($"Another process is training into {Path}. Wait for it, or choose another folder.");

    /// <summary>The same; null where somebody else trains into the folder.</summary>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public IDisposable? TryLock()
    {
        if (!OperatingSystem.IsWindows())
        {
            IDisposable? held = UnixFolder.Lock(Path, out bool isHeld);
            if (held is not null || isHeld)
                return held;
        }
        string file = In("lock");
        try
        {
            if (new FileInfo(file).LinkTarget is not null)
                throw new IOException($"{file} is a link. Remove it, or choose another folder.");
            return new FileStream(
                file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0, FileOptions.DeleteOnClose);
        }
        catch (IOException) when (File.Exists(file))
        {
            return null;
        }
        catch (UnauthorizedAccessException error)
        {
            throw new IOException($"{Path} cannot be written: {error.Message} Choose another folder.", error);
        }
    }

    /// <summary>The run's model with the best weights, or where there are none the last ones.</summary>
    /// <param name="device">Where to load it.</param>
    /// <param name="logger">Told what is odd about the files but no error.</param>
    /// <exception cref="BadInputException">A file is missing or broken, or the weights are not those of the configuration.</exception>
    public Vae Load(ComputeDevice device, ILogger? logger = null) => IsFile
        ? Vae.Load(device, Path, logger)
        : Vae.Load(device, Vae.OptionsIn(Path), Vae.WeightsIn(Path), logger);

    /// <summary>Writes what <see cref="Load"/> gave again, with another <c>Vae.Sampler</c>; what the weights tell stays.</summary>
    /// <exception cref="IOException">The disk is full or the place cannot be written; what was there stays.</exception>
    public void Keep(Vae model) => model.SaveWeights(IsFile ? Path : Vae.WeightsIn(Path), ReadMetadata());

    /// <summary>
    /// What the weights that <see cref="Load"/> takes tell of themselves beside the options: <c>gpuvae.metrics</c>, the line of
    /// <see cref="MetricsLine"/> of their epoch, <c>gpuvae.training</c>, the options of the training, <c>gpuvae.data</c>, the images, …
    /// </summary>
    /// <exception cref="BadInputException">The file is missing or broken.</exception>
    public IReadOnlyDictionary<string, string> ReadMetadata()
    {
        using var reader = SafetensorsReader.Open(IsFile ? Path : Vae.WeightsIn(Path));
        var metadata = reader.Metadata.Where(entry => entry.Key.StartsWith("gpuvae.", StringComparison.Ordinal)).ToDictionary();
        metadata.Remove("gpuvae.options");
        metadata.Remove("gpuvae.sha256");
        // Older weights have no such line, but their run has.
        if (!IsFile && !metadata.ContainsKey("gpuvae.metrics") && MetricsLine.Best(ReadMetrics()) is { } best)
            metadata["gpuvae.metrics"] = best.WithoutTimes.ToJson();
        return metadata;
    }

    /// <summary>Where the run called <paramref name="name"/> stands below <paramref name="root"/>.</summary>
    /// <exception cref="BadInputException">The name would lead out of <paramref name="root"/>, also through a link.</exception>
    public static string PathOf(string root, string name)
    {
        string parent = System.IO.Path.GetFullPath(root), full = System.IO.Path.GetFullPath(System.IO.Path.Combine(parent, name));
        if (!full.StartsWith(parent + System.IO.Path.DirectorySeparatorChar, StringComparison.Ordinal))
            throw new BadInputException(
                $"The run name '{name}' leads out of '{root}'. Give a plain name, or a folder of its own as output.");
        for (string part = full; part.Length > parent.Length; part = System.IO.Path.GetDirectoryName(part)!)
            if (new DirectoryInfo(part).LinkTarget is not null)
                throw new BadInputException(
                    $"The run name '{name}' goes through the link {part}. Give another name, or the link's target as output.");
        return full;
    }

    /// <summary>All lines of <see cref="Metrics"/> but one that is still being written; none if there is no such file.</summary>
    /// <exception cref="BadInputException">A line is damaged; the message says which.</exception>
    public IReadOnlyList<MetricsLine> ReadMetrics()
    {
        string[] texts = MetricsTexts();
        var lines = new List<MetricsLine>();
        for (int i = 0; i < texts.Length - 1; i++)
        {
            try
            {
                lines.Add(MetricsLine.Parse(texts[i]));
            }
            catch (JsonException error)
            {
                throw new BadInputException(
                    $"{Metrics}, line {i + 1}, is damaged: {error.Message} Go on with the training, which restores it.", error);
            }
        }
        return lines;
    }

    /// <summary>Appends lines and brings them to the disk.</summary>
    internal void AppendMetrics(IEnumerable<MetricsLine> lines)
    {
        try
        {
            using var file = new FileStream(Metrics, FileMode.Append, FileAccess.Write, FileShare.Read);
            foreach (MetricsLine line in lines)
                file.Write(Encoding.UTF8.GetBytes(line.ToJson() + "\n"));
            if (OperatingSystem.IsWindows())
                file.Flush(flushToDisk: true);
            else
                UnixFolder.Flush(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"{Metrics} could not be written: {error.Message} Free some space or choose another place.", error);
        }
    }

    /// <summary>
    /// Lets <see cref="Metrics"/> tell of exactly the epochs of a checkpoint, each once: what a killed run wrote after it goes, what is
    /// missing or damaged comes back, without its times.
    /// </summary>
    /// <param name="history">What the checkpoint tells; empty where it is too old to tell.</param>
    /// <param name="epochs">Epochs done.</param>
    /// <returns>The lines, with the times that the file knows.</returns>
    internal List<MetricsLine> RestoreMetrics(IReadOnlyList<MetricsLine> history, int epochs)
    {
        Dictionary<string, MetricsLine> known = [];
        try
        {
            foreach (string text in MetricsTexts())
                Learn(text);
        }
        catch (BadInputException) when (history.Count > 0)
        {
            // All of it is restored, without its times.
        }
        List<MetricsLine> lines = history.Count > 0
            ? [.. history.Select(line => known.GetValueOrDefault(line.ToJson(), line))]
            : [.. known.Values.Where(line => line.Epoch <= epochs).OrderBy(line => line.Epoch)];
        byte[] content = Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line.ToJson() + "\n")));
        if (content.Length > 0 || File.Exists(Metrics))
            AtomicFile.Write(Metrics, stream => stream.Write(content));
        return lines;

        void Learn(string text)
        {
            try
            {
                var line = MetricsLine.Parse(text);
                known[history.Count > 0 ? line.WithoutTimes.ToJson() : $"{line.Epoch}"] = line;
            }
            catch (JsonException)
            {
                // Restored from the history, if it has this line.
            }
        }
    }

    /// <summary>What stands between the ends of lines; the last is empty where the file is whole.</summary>
    /// <exception cref="BadInputException">The file cannot be read, or holds no text.</exception>
    private string[] MetricsTexts() => File.Exists(Metrics) ? InputFile.ReadAllText(Metrics).Split('\n') : [""];

    private string In(string name) => System.IO.Path.Combine(Path, name);
}
