using Microsoft.Win32.SafeHandles;

namespace GpuVae.Formats;

/// <summary>A file on the disk; it is open only once a part of it was read.</summary>
internal sealed class DiskFile(string path, string name) : SeekableFile(name, path)
{
    private readonly Lazy<SafeFileHandle> handle = new(() =>
    {
        InputFile.Open(path).Dispose();
        return File.OpenHandle(path, options: FileOptions.RandomAccess);
    });

    private readonly Lazy<long> length = new(() => LengthOf(path));

    public DiskFile(string path) : this(path, System.IO.Path.GetFileName(path))
    {
    }

    public override long Length => length.Value;

    public override byte[] ReadAll(long most) => InputFile.ReadAllBytes(Title, most);

    public override void Read(long at, Span<byte> buffer)
    {
        try
        {
            for (int done = 0, count; done < buffer.Length; done += count)
            {
                count = RandomAccess.Read(handle.Value, buffer[done..], at + done);
                if (count == 0)
                    throw EndsBefore(at + buffer.Length);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw InputFile.NotRead(Title, error);
        }
    }

    /// <summary>Of the file that a path leads to; 0 where there is none, which reading it will say.</summary>
    private static long LengthOf(string path)
    {
        var file = new FileInfo(path);
        FileSystemInfo? target = file.LinkTarget is null ? file : file.ResolveLinkTarget(returnFinalTarget: true);
        return target is FileInfo { Exists: true } found ? found.Length : 0;
    }
}
