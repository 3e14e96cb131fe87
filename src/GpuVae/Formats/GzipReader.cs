using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;

namespace GpuVae.Formats;

/// <summary>
/// Reads what is in a gzip file (RFC 1952) from its beginning to its end. .NET's own stream takes a file without its trailer, or one with
/// something behind it, for whole; here the end of the data is reached only with checksum and length in order and nothing after them but
/// further members.
/// </summary>
internal sealed class GzipReader : Stream
{
    private const int MethodDeflate = 8, TrailerBytes = 8;

    /// <summary>More than the decompressor reads ahead of where its data end.</summary>
    private const int ReadAhead = 1 << 16;

    private readonly FileStream file;
    private readonly Crc32 checksum = new();
    private DeflateStream? member;
    private uint length;
    private long start;

    /// <param name="file">Stays open.</param>
    /// <exception cref="InvalidDataException">It does not begin like a gzip file.</exception>
    public GzipReader(FileStream file)
    {
        this.file = file;
        Begin();
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <exception cref="InvalidDataException">The file is damaged, ends too early, or something follows it.</exception>
    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty)
            return 0;
        while (member is not null)
        {
            int count = member.Read(buffer);
            if (count > 0)
            {
                checksum.Append(buffer[..count]);
                length += (uint)count;
                return count;
            }
            End();
        }
        return 0;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        member?.Dispose();
        base.Dispose(disposing);
    }

    /// <summary>Reads the header of a member.</summary>
    private void Begin()
    {
        const int hasHeaderChecksum = 2, hasExtra = 4, hasName = 8, hasComment = 16;
        Span<byte> header = stackalloc byte[10];
        if (file.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) < header.Length)
            throw new InvalidDataException("it is truncated within its header");
        if (header[0] != 0x1F || header[1] != 0x8B || header[2] != MethodDeflate)
            throw new InvalidDataException("it does not begin as it should");
        int flags = header[3];
        if ((flags & hasExtra) != 0)
            file.Position += Byte() + 256 * Byte();
        for (int texts = flags & (hasName | hasComment); texts != 0; texts &= texts - 1)
            while (Byte() != 0)
            {
            }
        if ((flags & hasHeaderChecksum) != 0)
            file.Position += 2;
        member = new DeflateStream(file, CompressionMode.Decompress, leaveOpen: true);
        checksum.Reset();
        (length, start) = (0, file.Position);
    }

    /// <summary>
    /// Looks for the trailer in what was read last, where the decompressor does not say that its data ended, and begins the next member.
    /// </summary>
    private void End()
    {
        Span<byte> trailer = stackalloc byte[TrailerBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(trailer, checksum.GetCurrentHashAsUInt32());
        BinaryPrimitives.WriteUInt32LittleEndian(trailer[4..], length);
        member!.Dispose();
        member = null;

        long read = Math.Min(file.Position, file.Length), from = Math.Min(read, Math.Max(start, read - ReadAhead));
        byte[] last = new byte[Math.Min(file.Length, read + TrailerBytes) - from];
        file.Position = from;
        file.ReadExactly(last);
        int at = last.AsSpan().IndexOf(trailer);
        if (at < 0)
            throw new InvalidDataException("it is truncated, or its checksum differs");
        file.Position = from + at + TrailerBytes;
        if (file.Position == file.Length)
            return;
        if (file.ReadByte() != 0x1F || file.ReadByte() != 0x8B)
            throw new InvalidDataException($"something follows after its {from + at + TrailerBytes} bytes");
        file.Position -= 2;
        Begin();
    }

    private int Byte() =>
        file.ReadByte() is >= 0 and var value ? value : throw new InvalidDataException("it is truncated within its header");
}
