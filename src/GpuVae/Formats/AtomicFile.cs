namespace GpuVae.Formats;

/// <summary>Writes files so that under the final name there is, at every moment, either the old content or all of the new one.</summary>
public static class AtomicFile
{
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
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1 << 16))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception error)
        {
            TryDelete(temporary);
            if (error is not (IOException or UnauthorizedAccessException))
                throw;
            string previous = File.Exists(path) ? " The previous file was left as it is." : "";
            string reason = error.Message.TrimEnd('.');
            throw new IOException($"{path} could not be written: {reason}.{previous} Free some space or choose another place.", error);
        }
    }

    private static void TryDelete(string path)
    {
        try { File.Delete(path); }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException) { }
    }
}
