namespace GpuVae.Formats;

/// <summary>A file of a set: on the disk, or in an archive.</summary>
/// <param name="name">Its path below the folder or within the archive, with slashes.</param>
/// <param name="title">What messages call it.</param>
internal abstract class DataFile(string name, string title)
{
    public string Name => name;

    public string Title => title;

    /// <summary>Bytes, as far as is known before it is read; 0 where reading it will say what is wrong.</summary>
    public abstract long Length { get; }

    /// <summary>All of it.</summary>
    /// <exception cref="BadInputException">It cannot be read, is damaged, or has more than <paramref name="most"/> bytes.</exception>
    public abstract byte[] ReadAll(long most);

    /// <summary>The same where any part of it can be read; in memory unless it lies on the disk as it is.</summary>
    /// <inheritdoc cref="ReadAll"/>
    public virtual SeekableFile Seekable(long most) => new MemoryFile(Name, Title, ReadAll(most));

    protected BadInputException TooLarge(long most) => new(
        $"{Title} has {Length} bytes; at most {most} are read of such a file. Remove it, or raise DataOptions.MaxPixels.");
}

/// <summary>One of which any part can be read, by several threads at once.</summary>
internal abstract class SeekableFile(string name, string title) : DataFile(name, title)
{
    /// <summary>Reads from a place on until the buffer is full.</summary>
    /// <exception cref="BadInputException">It cannot be read, or ends before.</exception>
    public abstract void Read(long at, Span<byte> buffer);

    public override SeekableFile Seekable(long most) => this;

    public override byte[] ReadAll(long most)
    {
        if (Length > most)
            throw TooLarge(most);
        byte[] content = new byte[Length];
        Read(0, content);
        return content;
    }

    protected BadInputException EndsBefore(long end) => new(
        $"{Title} is truncated: {end} bytes are needed and {Length} are there. Download or copy the file again.");
}

/// <summary>A file that was read, or unpacked, into memory.</summary>
internal sealed class MemoryFile(string name, string title, byte[] content) : SeekableFile(name, title)
{
    public override long Length => content.Length;

    public override byte[] ReadAll(long most) => content;

    public override void Read(long at, Span<byte> buffer)
    {
        if (at + buffer.Length > content.Length)
            throw EndsBefore(at + buffer.Length);
        content.AsSpan((int)at, buffer.Length).CopyTo(buffer);
    }
}
