namespace GpuVae.Data;

/// <summary>
/// The files anywhere below a folder, by links, too. Each folder is visited once: by its own place where that is below, else by the first
/// link to it, nearer ones before deeper ones and then in ordinal order.
/// </summary>
internal static class FolderWalk
{
    /// <exception cref="IOException">A folder cannot be listed.</exception>
    /// <exception cref="UnauthorizedAccessException">A folder cannot be listed.</exception>
    public static IEnumerable<string> Files(string folder)
    {
        var readable = new EnumerationOptions { IgnoreInaccessible = false };
        var visited = new HashSet<string>();
        var folders = new Queue<(string Path, string Real)>([(folder, Real(folder))]);
        var links = new Queue<string>();
        while (folders.TryDequeue(out (string Path, string Real) at) || links.TryDequeue(out at.Path!))
        {
            at.Real ??= Real(at.Path);
            if (!visited.Add(at.Real))
                continue;
            foreach (FileSystemInfo entry in new DirectoryInfo(at.Path).EnumerateFileSystemInfos("*", readable).OrderBy(
                entry => entry.Name, StringComparer.Ordinal))
            {
                string path = Path.Combine(at.Path, entry.Name);
                if (entry is FileInfo)
                    yield return path;
                else if (entry.LinkTarget is null)
                    folders.Enqueue((path, Path.Combine(at.Real, entry.Name)));
                else
                    links.Enqueue(path);
            }
        }
    }

    /// <summary>The path of a folder without links.</summary>
    private static string Real(string path)
    {
        path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (Path.GetDirectoryName(path) is not { } parent)
            return path;
        var real = new DirectoryInfo(Path.Combine(Real(parent), Path.GetFileName(path)));
        // A link that leads round in a circle is no folder that exists.
        return real.Exists && real.ResolveLinkTarget(returnFinalTarget: false) is { } target ? Real(target.FullName) : real.FullName;
    }
}
