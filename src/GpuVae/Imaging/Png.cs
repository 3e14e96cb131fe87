using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace GpuVae.Imaging;

/// <summary>A PNG file as what it consists of: a signature, then chunks of length, type, data and CRC-32 of type and data.</summary>
internal static class Png
{
    /// <summary>Deflate cannot expand data by more than this factor (a 258-byte match costs at least two bits).</summary>
    private const long MaxDeflateRatio = 1032;

    private const int Overhead = 12;

    /// <summary>In the second byte of a zlib stream: the reader is supposed to have a dictionary. PNG knows none.</summary>
    private const byte PresetDictionary = 0x20;

    public static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>
    /// The file as ImageSharp 2.1 reads it right: whole, without a preset dictionary, which it takes for an empty one, and with the bytes
    /// of a transparent colour of 16 bits swapped, which it takes in the wrong order.
    /// </summary>
    /// <exception cref="BadInputException">More pixels are declared than accepted, or none.</exception>
    /// <exception cref="InvalidDataException">
    /// The file ends too early, a checksum differs, or the data need a dictionary.
    /// </exception>
    public static byte[] Prepare(byte[] content, string file, long maxPixels)
    {
        (string Type, ReadOnlyMemory<byte> Data)[] chunks = [.. Read(content)];
        ReadOnlySpan<byte> header = chunks[0].Data.Span;
        if (chunks[0].Type != "IHDR" || header.Length != 13)
            throw new InvalidDataException("its header is damaged");
        long width = BinaryPrimitives.ReadUInt32BigEndian(header), height = BinaryPrimitives.ReadUInt32BigEndian(header[4..]);
        byte bits = header[8];
        Image.CheckDeclaredSize(width, height, file, maxPixels);
        ReadOnlyMemory<byte>[] parts = [.. chunks.Where(chunk => chunk.Type == "IDAT").Select(chunk => chunk.Data)];
        long packed = parts.Sum(part => (long)part.Length);
        if (width * height * bits / 8 > packed * MaxDeflateRatio)
            throw new InvalidDataException($"it declares {width}×{height} pixels but holds only {packed} bytes of image data");
        if ((parts.SelectMany(part => part.ToArray()).ElementAtOrDefault(1) & PresetDictionary) != 0)
            throw new InvalidDataException("its data need a preset dictionary, which PNG does not have");
        if (bits < 16 || chunks.All(chunk => chunk.Type != "tRNS"))
            return content;
        var mended = new MemoryStream();
        mended.Write(Signature);
        foreach ((string type, ReadOnlyMemory<byte> data) in chunks)
            Write(mended, type, type == "tRNS" ? [.. data.ToArray().Chunk(2).SelectMany(pair => pair.Reverse())] : data.Span);
        return mended.ToArray();
    }

    /// <summary>All chunks up to IEND.</summary>
    /// <exception cref="InvalidDataException">The file ends too early or a checksum differs.</exception>
    public static IEnumerable<(string Type, ReadOnlyMemory<byte> Data)> Read(ReadOnlyMemory<byte> file)
    {
        string type = "";
        for (int at = Signature.Length; type != "IEND";)
        {
            ReadOnlySpan<byte> rest = file.Span[Math.Min(at, file.Length)..];
            if (rest.Length < Overhead || BinaryPrimitives.ReadUInt32BigEndian(rest) > rest.Length - Overhead)
                throw new InvalidDataException("it is truncated");
            int length = BinaryPrimitives.ReadInt32BigEndian(rest);
            type = Encoding.Latin1.GetString(rest.Slice(4, 4));
            if (Crc32.HashToUInt32(rest.Slice(4, 4 + length)) != BinaryPrimitives.ReadUInt32BigEndian(rest[(8 + length)..]))
                throw new InvalidDataException($"the checksum of the chunk at byte {at} differs");
            yield return (type, file.Slice(at + 8, length));
            at += length + Overhead;
        }
    }

    /// <summary>Writes one chunk.</summary>
    public static void Write(Stream stream, string type, params ReadOnlySpan<byte> data)
    {
        byte[] chunk = new byte[data.Length + Overhead];
        BinaryPrimitives.WriteInt32BigEndian(chunk, data.Length);
        Encoding.Latin1.GetBytes(type, chunk.AsSpan(4));
        data.CopyTo(chunk.AsSpan(8));
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(8 + data.Length), Crc32.HashToUInt32(chunk.AsSpan(4, 4 + data.Length)));
        stream.Write(chunk);
    }
}
