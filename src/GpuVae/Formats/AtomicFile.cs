namespace GpuVae.Formats;

/// <summary>Writes files so that under the final name there is, at every moment, either the old content or all of the new one.</summary>
public static class AtomicFile
{
    private static readonly Lock Gate = new();
    private static readonly HashSet<string> Unfinished = [];

    /// <summary>
    /// Lets <paramref name="write"/> fill <c>path.tmp</c>, flushes it to the disk and renames it to <paramref name="path"/>. The folder
    /// is made if it is missing. When anything fails the temporary file is removed and the previous file stays as it was. The temporary
    /// name is fixed, so what a killed process left behind is overwritten next time instead of piling up.
    /// </summary>
    /// <exception cref="IOException">The disk is full or the place cannot be written; the message names the file.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        path = Path.GetFullPath(path);
        string temporary = path + ".tmp";
        try
        {
            if (Directory.Exists(path))
                throw new IOException("it is a folder");
            if (FileAmongParents(path) is { } file)
                throw new IOException($"{file} is a file, not a folder");
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            using (FileStream stream = Begin(temporary))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            lock (Gate)
            {
                File.Move(temporary, path, overwrite: true);
                Unfinished.Remove(temporary);
            }
        }
        catch (Exception error)
        {
            lock (Gate)
                Unfinished.Remove(temporary);
            TryDelete(temporary);
            if (error is not (IOException or UnauthorizedAccessException))
                throw;
            string previous = File.Exists(path) ? " The previous file was left as it is." : "";
            string reason = error.Message.TrimEnd('.');
            throw new IOException($"{path} could not be written: {reason}.{previous} Free some space or choose another place.", error);
        }
    }

    /// <summary>
    /// Removes what is being written at this moment, by whatever thread, and lets no file be begun or finished any more: for a process that
    /// is about to exit. Threads that write wait for that from then on.
    /// </summary>
    public static void Abandon()
    {
        Gate.Enter();
        foreach (string temporary in Unfinished)
            TryDelete(temporary);
    }

    private static FileStream Begin(string temporary)
    {
        lock (Gate)
        {
            Unfinished.Add(temporary);
            return new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1 << 16);
        }
    }

    /// <summary>What keeps a folder of the path from being made: the file that has its name; null if there is none.</summary>
    private static string? FileAmongParents(string path)
    {
        for (string? parent = Path.GetDirectoryName(path); parent is not null; parent = Path.GetDirectoryName(parent))
            if (File.Exists(parent))
                return parent;
        return null;
    }

    private static void TryDelete(string path)
    {
        try { File.Delete(path); }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException) { }
    }
}
