using System.Security.Cryptography;

namespace GpuVae.Formats;

/// <summary>Writes files so that under the final name there is, at every moment, either the old content or all of the new one.</summary>
public static class AtomicFile
{
    private const string TemporaryPrefix = ".gpuvae-", TemporarySuffix = ".tmp";

    private static readonly Lock Gate = new();
    private static readonly HashSet<string> Unfinished = [], Swept = [];

    /// <summary>
    /// Lets <paramref name="write"/> fill a file of a random name beside <paramref name="path"/>, brings it to the disk and renames it to
    /// <paramref name="path"/>. The folder is made if it is missing. When anything fails, up to the flush of the folder after the renaming,
    /// the temporary file is removed and the previous file stays as it was. Of several that write to one path at once each succeeds, and
    /// the last one's file remains.
    /// </summary>
    /// <remarks>
    /// What a killed process left is removed by the next one that writes into the folder. It is known by its name, and by nobody having it
    /// open: a file is locked while it is written.
    /// </remarks>
    /// <exception cref="IOException">The disk is full or the place cannot be written; the message names the file.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        path = Path.GetFullPath(path);
        string? temporary = null;
        try
        {
            RequireFreeName(path);
            string folder = Path.GetDirectoryName(path)!;
            CreateFolder(folder);
            Sweep(folder);
            using FileStream stream = Begin(folder, out temporary);
            write(stream);
            if (OperatingSystem.IsWindows())
            {
                stream.Flush(flushToDisk: true);
                // Windows does not rename an open file.
                stream.Dispose();
            }
            else
            {
                UnixFolder.Flush(stream);
                // Who sweeps must find the file locked to the end, who reads it under its final name must not.
                UnixFolder.LetRead(stream);
            }
            Finish(temporary, path);
        }
        catch (Exception error)
        {
            if (temporary is not null)
                Discard(temporary);
            if (error is not (IOException or UnauthorizedAccessException))
                throw;
            throw NotWritten(path, error);
        }
    }

    /// <summary>Makes a folder and those above it, each of them on the disk when this returns.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    internal static void CreateFolder(string folder)
    {
        if (Directory.Exists(folder))
            return;
        string? parent = Path.GetDirectoryName(folder);
        if (parent is not null)
            CreateFolder(parent);
        Directory.CreateDirectory(folder);
        if (parent is null || OperatingSystem.IsWindows())
            return;
        try
        {
            UnixFolder.Flush(parent);
        }
        catch (IOException)
        {
            Directory.Delete(folder);
            throw;
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

    /// <summary>A new file under a name that was free, so that no planted link is followed and nobody's file is overwritten.</summary>
    private static FileStream Begin(string folder, out string temporary)
    {
        const int attempts = 3;
        for (int attempt = 1; ; attempt++)
        {
            temporary = Path.Combine(folder, TemporaryPrefix + RandomNumberGenerator.GetHexString(16, lowercase: true) + TemporarySuffix);
            lock (Gate)
            {
                Unfinished.Add(temporary);
                try
                {
                    return new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1 << 16);
                }
                catch (IOException) when (attempt < attempts)
                {
                    // Between its making and its locking another process may have swept it.
                    Discard(temporary);
                }
            }
        }
    }

    /// <summary>Gives the file its final name for good, or puts the previous file back.</summary>
    private static void Finish(string temporary, string path)
    {
        string previous = Path.ChangeExtension(temporary, null) + ".old" + TemporarySuffix;
        bool canFlush = !OperatingSystem.IsWindows(), isKept = false;
        try
        {
            lock (Gate)
            {
                Unfinished.Add(previous);
                isKept = canFlush && UnixFolder.TryLink(path, previous);
                File.Move(temporary, path, overwrite: true);
                Unfinished.Remove(temporary);
            }
            if (canFlush)
                Flush(Path.GetDirectoryName(path)!);
        }
        finally
        {
            Discard(previous);
        }

        void Flush(string folder)
        {
            try
            {
                UnixFolder.Flush(folder);
            }
            catch (IOException)
            {
                lock (Gate)
                {
                    if (isKept)
                        File.Move(previous, path, overwrite: true);
                    else
                        File.Delete(path);
                }
                throw;
            }
        }
    }

    /// <summary>Removes what killed processes left in a folder, once for each folder: a folder may have very many files.</summary>
    private static void Sweep(string folder)
    {
        lock (Gate)
        {
            if (!Swept.Add(folder))
                return;
        }
        foreach (string leftover in Directory.EnumerateFiles(folder, TemporaryPrefix + "*" + TemporarySuffix))
        {
            if (new FileInfo(leftover).LinkTarget is not null)
                continue;
            try
            {
                // Fails where the file is locked, which means that somebody writes it.
                new FileStream(leftover, FileMode.Open, FileAccess.ReadWrite, FileShare.None, 0, FileOptions.DeleteOnClose).Dispose();
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
            }
        }
    }

    private static void Discard(string temporary)
    {
        lock (Gate)
        {
            Unfinished.Remove(temporary);
            TryDelete(temporary);
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
