using System.Formats.Tar;
using System.IO.Compression;

namespace GpuVae.Formats;

/// <summary>
/// What is in an archive: zip, tar, or tar compressed by gzip. Nothing is ever written to the disk, so names are names only. What macOS
/// puts beside the files is left out, and an archive within an archive is refused.
/// </summary>
internal static class Archive
{
    private static readonly string[] ArchiveExtensions = [".zip", ".npz", ".tar", ".tgz", ".7z", ".rar", ".bz2", ".xz", ".zst"];

    public static bool IsZip(ReadOnlySpan<byte> start) => start.StartsWith("PK\x03\x04"u8) || start.StartsWith("PK\x05\x06"u8);

    public static bool IsTar(ReadOnlySpan<byte> start) => start.Length >= 262 && start.Slice(257, 5).SequenceEqual("ustar"u8);

    /// <summary>The files in a zip archive, in the ordinal order of their names.</summary>
    /// <exception cref="BadInputException">It is damaged, encrypted, or holds another archive.</exception>
    public static IReadOnlyList<DataFile> Zip(string path) => Read(path, () =>
    {
        FileStream stream = InputFile.Open(path);
        ZipArchive? zip = null;
        try
        {
            zip = new ZipArchive(stream, ZipArchiveMode.Read);
            ZipFile[] files = [.. zip.Entries.Where(entry => IsFile(entry.FullName)).Select(entry => new ZipFile(path, zip, entry))];
            // Deflate makes at most 1032 bytes of one; entries that share their data would give more.
            const long maxRatio = 1032;
            if (files.Sum(file => (double)file.Length) > (double)maxRatio * stream.Length)
                throw new InvalidDataException("it declares more than can be in it");
            return files;
        }
        catch
        {
            zip?.Dispose();
            stream.Dispose();
            throw;
        }
    });

    /// <summary>The files in a tar archive, in the ordinal order of their names; see <see cref="Archive"/>.</summary>
    /// <exception cref="BadInputException">It is damaged, or holds another archive.</exception>
    /// <exception cref="OperationCanceledException">The token asked to stop.</exception>
    public static IReadOnlyList<DataFile> Tar(string path, CancellationToken cancellation) => Read(path, () =>
    {
        using FileStream stream = InputFile.Open(path);
        using var reader = new TarReader(stream);
        var whole = new DiskFile(path);
        var files = new List<DataFile>();
        while (reader.GetNextEntry() is { } entry)
        {
            cancellation.ThrowIfCancellationRequested();
            if (!IsRegular(entry))
                continue;
            if (entry.DataOffset + entry.Length > stream.Length)
                throw new InvalidDataException($"it is truncated within {entry.Name}");
            files.Add(new TarFile(whole, Clean(entry.Name), entry.DataOffset, entry.Length));
        }
        return files;
    });

    /// <summary>The same for one compressed by gzip, which is unpacked into memory.</summary>
    /// <param name="path">Of the file.</param>
    /// <param name="most">Bytes of the files together.</param>
    /// <param name="cancellation">Asks to stop.</param>
    /// <exception cref="BadInputException">It is damaged, unpacks to more, or holds another archive.</exception>
    /// <exception cref="OperationCanceledException">The token asked to stop.</exception>
    public static IReadOnlyList<DataFile> TarGzip(string path, long most, CancellationToken cancellation) => Read(path, () =>
    {
        using FileStream stream = InputFile.Open(path);
        using var unpacked = new GzipReader(stream);
        using var reader = new TarReader(unpacked);
        var files = new List<DataFile>();
        long left = most;
        while (reader.GetNextEntry() is { } entry)
        {
            cancellation.ThrowIfCancellationRequested();
            if (!IsRegular(entry))
                continue;
            if (entry.Length > left)
                throw new BadInputException(
                    $"{path} unpacks to more than the {most} bytes that are kept of such a file. Unpack it and name the folder, or raise "
                    + "DataOptions.MaxPixels.");
            left -= entry.Length;
            byte[] content = new byte[entry.Length];
            entry.DataStream?.ReadExactly(content);
            files.Add(new MemoryFile(Clean(entry.Name), $"{path}: {Clean(entry.Name)}", content));
        }
        // The rest is zeros; at its end the checksum is verified.
        unpacked.CopyTo(Stream.Null);
        return files;
    });

    /// <summary>Runs what reads an archive; everything that damage makes it throw becomes one message.</summary>
    internal static T Guard<T>(string title, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (BadInputException)
        {
            throw;
        }
        catch (UnauthorizedAccessException error)
        {
            throw InputFile.NotRead(title, error);
        }
        catch (Exception error) when (
            error is IOException or InvalidDataException or FormatException or ArgumentException or OverflowException
                or NotSupportedException or InvalidOperationException)
        {
            throw new BadInputException(
                $"{title} could not be unpacked: {error.Message.TrimEnd('.')}. Download or copy the file again, or unpack it and name the "
                + "folder.", error);
        }
    }

    private static DataFile[] Read(string path, Func<IReadOnlyList<DataFile>> read)
    {
        DataFile[] files = [.. Guard(path, read).OrderBy(file => file.Name, StringComparer.Ordinal)];
        if (files.FirstOrDefault(file => IsArchive(file.Name)) is { } inner)
            throw new BadInputException(
                $"{path} holds another archive, {inner.Name}. Unpack {path} and name the archive that is in it, or its folder.");
        return files;
    }

    private static bool IsArchive(string name) =>
        ArchiveExtensions.Any(extension => name.EndsWith(extension, StringComparison.OrdinalIgnoreCase))
        || name.EndsWith(".tar.gz", StringComparison.OrdinalIgnoreCase);

    private static bool IsRegular(TarEntry entry) =>
        entry.EntryType is TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile && IsFile(entry.Name);

    private static bool IsFile(string name)
    {
        string last = name[(name.LastIndexOfAny(['/', '\\']) + 1)..];
        return last.Length > 0 && !last.StartsWith("._", StringComparison.Ordinal)
            && !name.StartsWith("__MACOSX/", StringComparison.Ordinal);
    }

    private static string Clean(string name) =>
        string.Join('/', name.Split('/', '\\').Where(part => part is not ("" or ".")));

    private sealed class TarFile(DiskFile archive, string name, long offset, long length)
        : SeekableFile(name, $"{archive.Title}: {name}")
    {
        public override long Length => length;

        public override void Read(long at, Span<byte> buffer)
        {
            if (at + buffer.Length > length)
                throw EndsBefore(at + buffer.Length);
            archive.Read(offset + at, buffer);
        }
    }

    /// <summary>The archive stays open as long as one of its files is in use.</summary>
    private sealed class ZipFile(string path, ZipArchive archive, ZipArchiveEntry entry)
        : DataFile(Clean(entry.FullName), $"{path}: {Clean(entry.FullName)}")
    {
        public override long Length => entry.Length;

        public override byte[] ReadAll(long most) => Guard(Title, () =>
        {
            if (entry.IsEncrypted)
                throw new BadInputException($"{Title} is encrypted. Unpack {path} with its password and name the folder.");
            if (Length > most)
                throw TooLarge(most);
            byte[] content = new byte[Length];
            // One stream for all files.
            lock (archive)
            {
                using Stream stream = entry.Open();
                if (stream.ReadAtLeast(content, content.Length, throwOnEndOfStream: false) < content.Length || stream.ReadByte() >= 0)
                    throw new InvalidDataException("it is truncated, or longer than it says");
            }
            return System.IO.Hashing.Crc32.HashToUInt32(content) == entry.Crc32
                ? content
                : throw new InvalidDataException("its checksum differs");
        });
    }
}
