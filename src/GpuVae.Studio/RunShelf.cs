using GpuVae.Devices;

namespace GpuVae.Studio;

/// <summary>The runs of the folder, and the models of those that were asked for last.</summary>
internal sealed class RunShelf(StudioOptions options, ComputeDevice device) : IDisposable
{
    private const int MostOpen = 4;

    // Those used last come last.
    private readonly List<(string Name, OpenRun Run)> open = [];

    public string DefaultRun => options.Run;

    /// <summary>The names of all folders that look like runs, and of files of models, those written last first.</summary>
    public IReadOnlyList<string> Names() =>
    [
        .. new DirectoryInfo(options.Runs).EnumerateFileSystemInfos()
            .Where(entry => entry.LinkTarget is null && IsRun(entry))
            .OrderByDescending(entry => entry.LastWriteTimeUtc).Select(entry => entry.Name),
    ];

    /// <summary>The folder of a run.</summary>
    /// <exception cref="UnknownRunException">There is none of this name.</exception>
    public RunFolder Folder(string? name)
    {
        name ??= options.Run;
        return IsName(name) && RunFolder.PathOf(options.Runs, name) is { } path && Path.Exists(path)
            ? RunFolder.Open(path)
            : throw new UnknownRunException(name);
    }

    /// <summary>Where a run that does not exist yet is to be made.</summary>
    /// <exception cref="BadInputException">It exists, or the name is none.</exception>
    public string NewFolder(string name)
    {
        if (!IsName(name))
            throw new BadInputException($"'{name}' is no name for a run. Give a plain one, without a path.");
        string path = RunFolder.PathOf(options.Runs, name);
        return Path.Exists(path) ? throw new BadInputException($"There is a run '{name}' already. Give another name.") : path;
    }

    /// <summary>The run with its model; only where a computation is under way.</summary>
    /// <param name="name">Of the run, or null for the default.</param>
    /// <param name="isFresh">Whether weights that a training has written since are to be loaded.</param>
    /// <exception cref="UnknownRunException">There is none of this name.</exception>
    /// <exception cref="BadInputException">It has no model, or a broken one.</exception>
    public OpenRun Open(string? name, bool isFresh = false)
    {
        name ??= options.Run;
        int at = open.FindIndex(entry => entry.Name == name);
        if (at >= 0 && isFresh && open[at].Run.IsStale)
        {
            Close(at);
            at = -1;
        }
        (string Name, OpenRun Run) entry = at >= 0 ? open[at] : (name, new OpenRun(Folder(name), device, options));
        if (at >= 0)
            open.RemoveAt(at);
        open.Add(entry);
        if (open.Count > MostOpen)
            Close(0);
        return entry.Run;
    }

    public void Dispose()
    {
        while (open.Count > 0)
            Close(0);
    }

    private void Close(int at)
    {
        open[at].Run.Dispose();
        open.RemoveAt(at);
    }

    /// <summary>A name, not a path: what leads elsewhere is not looked for at all.</summary>
    private static bool IsName(string name) =>
        Path.GetFileName(name) == name && name is not ("" or "." or "..") && !name.Contains('\0', StringComparison.Ordinal);

    private static bool IsRun(FileSystemInfo entry) => entry is FileInfo
        ? entry.Extension == ".safetensors"
        : RunFolder.Open(entry.FullName) is var folder && (File.Exists(folder.Config) || File.Exists(folder.Checkpoint));
}

/// <summary>There is no run of this name.</summary>
internal sealed class UnknownRunException(string name) : Exception($"There is no run '{name}'.");
