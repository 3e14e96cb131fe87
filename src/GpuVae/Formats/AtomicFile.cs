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
            RequireFreeName(path);
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
            throw NotWritten(path, error);
        }
    }

    /// <summary>Says before anything is computed for a file whether its place can be written.</summary>
    /// <exception cref="IOException">It cannot; the message names the file.</exception>
    public static void RequireWritable(string path)
    {
        path = Path.GetFullPath(path);
        try
        {
            RequireFreeName(path);
            string folder = Path.GetDirectoryName(path)!;
            while (!Directory.Exists(folder))
                folder = Path.GetDirectoryName(folder)!;
            RequireTakesFiles(folder);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw NotWritten(path, error);
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

    /// <exception cref="IOException">The path is a folder, or a folder of it is a file.</exception>
    private static void RequireFreeName(string path)
    {
        if (Directory.Exists(path))
            throw new IOException("it is a folder");
        for (string? parent = Path.GetDirectoryName(path); parent is not null; parent = Path.GetDirectoryName(parent))
            if (File.Exists(parent))
                throw new IOException($"{parent} is a file, not a folder");
    }

    /// <exception cref="IOException">No file can be made in the folder, which only the attempt can say.</exception>
    private static void RequireTakesFiles(string folder)
    {
        string attempt = Path.Combine(folder, Path.GetRandomFileName());
        try
        {
            new FileStream(attempt, FileMode.CreateNew, FileAccess.Write, FileShare.None, 0, FileOptions.DeleteOnClose).Dispose();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"no file can be made in {folder}", error);
        }
    }

    private static IOException NotWritten(string path, Exception error)
    {
        string previous = File.Exists(path) ? " The previous file was left as it is." : "";
        string reason = error.Message.TrimEnd('.');
        return new IOException($"{path} could not be written: {reason}.{previous} Free some space or choose another place.", error);
    }

    private static void TryDelete(string path)
    {
        try { File.Delete(path); }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException) { }
    }
}
