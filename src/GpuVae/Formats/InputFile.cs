using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace GpuVae.Formats;

/// <summary>
/// The door through which files of the user are read. Only regular files, and links to them, are opened: opening a named pipe would block,
/// and a device may never end. So what a name leads to is found out before.
/// </summary>
public static partial class InputFile
{
    /// <summary>Of what is read as text in one piece: options and facts about a run, which have a few kilobytes.</summary>
    private const long MaxTextBytes = 16 << 20;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Opens the file for reading. What goes wrong while it is read is the caller's to tell, by <see cref="NotRead"/>.</summary>
    /// <exception cref="BadInputException">It is missing, may not be read, or is no regular file.</exception>
    public static FileStream Open(string path)
    {
        if (OddKind(path) is { } kind)
            throw new BadInputException($"{path} could not be read: it is {kind}. Name a regular file.");
        try
        {
            return File.OpenRead(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw NotRead(path, error);
        }
    }

    /// <summary>Reads all of the file.</summary>
    /// <exception cref="BadInputException">It cannot be read, or has more than <paramref name="most"/> bytes.</exception>
    public static byte[] ReadAllBytes(string path, long most)
    {
        using FileStream stream = Open(path);
        if (stream.Length > most)
            throw TooLarge(path, stream.Length, most);
        try
        {
            byte[] content = new byte[stream.Length];
            stream.ReadExactly(content);
            return content;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw NotRead(path, error);
        }
    }

    /// <summary>Reads all of a small file, which holds UTF-8.</summary>
    /// <exception cref="BadInputException">It cannot be read, holds something else, or is too large to be of the kind.</exception>
    public static string ReadAllText(string path)
    {
        byte[] content = ReadAllBytes(path, MaxTextBytes);
        try
        {
            return StrictUtf8.GetString(content).TrimStart('\uFEFF');
        }
        catch (DecoderFallbackException error)
        {
            throw NoText(path, error);
        }
    }

    /// <summary>Reads the lines of a text of any size up to <paramref name="most"/> bytes, which holds UTF-8, one by one.</summary>
    /// <exception cref="BadInputException">It cannot be read, holds something else, or is larger.</exception>
    public static IEnumerable<string> ReadLines(string path, long most)
    {
        using FileStream stream = Open(path);
        if (stream.Length > most)
            throw TooLarge(path, stream.Length, most);
        using var reader = new StreamReader(stream, StrictUtf8);
        while (NextLine(path, reader) is { } line)
            yield return line;
    }

    /// <summary>The message where a file could not be opened, or fails while it is read.</summary>
    internal static BadInputException NotRead(string path, Exception error)
    {
        string reason = error is FileNotFoundException or DirectoryNotFoundException ? "it does not exist. Check the name." : error.Message;
        return new BadInputException($"{path} could not be read: {reason}", error);
    }

    private static string? NextLine(string path, StreamReader reader)
    {
        try
        {
            return reader.ReadLine();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw NotRead(path, error);
        }
        catch (DecoderFallbackException error)
        {
            throw NoText(path, error);
        }
    }

    private static BadInputException TooLarge(string path, long bytes, long most) =>
        new($"{path} has {bytes} bytes, more than the {most} that are read of such a file. Name another one.");

    private static BadInputException NoText(string path, DecoderFallbackException error) =>
        new($"{path} could not be read: it is no UTF-8 text. Restore the file.", error);

    /// <summary>What a name leads to, if that is something else than a regular file or nothing at all.</summary>
    private static string? OddKind(string path)
    {
        const int typeMask = 0xF000, regular = 0x8000;
        if (Directory.Exists(path))
            return "a folder";
        return (Mode(path) & typeMask) switch
        {
            null or regular => null,
            0x1000 => "a named pipe",
            0x2000 or 0x6000 => "a device",
            0xC000 => "a socket",
            _ => "no file",
        };
    }

    /// <summary>st_mode of what a name leads to; null where the system does not tell.</summary>
    private static int? Mode(string path)
    {
        // Where the mode stands: statx has the same layout on every architecture, stat of macOS on both of its.
        const int currentFolder = -100, type = 1, statxMode = 28, statMode = 4;
        Span<byte> facts = stackalloc byte[256];
        if (OperatingSystem.IsLinux())
            return Statx(currentFolder, path, 0, type, facts) == 0 ? BinaryPrimitives.ReadUInt16LittleEndian(facts[statxMode..]) : null;
        if (!OperatingSystem.IsMacOS())
            return null;
        bool isDone = (RuntimeInformation.ProcessArchitecture == Architecture.X64 ? Stat64(path, facts) : Stat(path, facts)) == 0;
        return isDone ? BinaryPrimitives.ReadUInt16LittleEndian(facts[statMode..]) : null;
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int folder, string path, int flags, uint wanted, Span<byte> facts);

    [LibraryImport("libc", EntryPoint = "stat", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Stat(string path, Span<byte> facts);

    [LibraryImport("libc", EntryPoint = "stat$INODE64", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Stat64(string path, Span<byte> facts);
}
