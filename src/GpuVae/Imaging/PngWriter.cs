using System.Buffers.Binary;
using System.IO.Compression;
using GpuVae.Formats;

namespace GpuVae.Imaging;

internal static class PngWriter
{
    public static void Write(Stream stream, Image image)
    {
        stream.Write(PngCodec.Signature);
        WriteHeader(stream, image);
        WriteChunk(stream, "IDAT"u8, Compress(image));
        WriteChunk(stream, "IEND"u8, []);
    }

    public static void WriteAnimation(Stream stream, IReadOnlyList<Image> frames, int framesPerSecond)
    {
        ArgumentOutOfRangeException.ThrowIfZero(frames.Count);
        ArgumentOutOfRangeException.ThrowIfLessThan(framesPerSecond, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(framesPerSecond, 1000);
        Image first = frames[0];
        if (frames.Any(f => (f.Width, f.Height, f.Channels) != (first.Width, first.Height, first.Channels)))
            throw new ArgumentException("The frames of an animation must have the same size and channels.", nameof(frames));

        stream.Write(PngCodec.Signature);
        WriteHeader(stream, first);
        WriteChunk(stream, "acTL"u8, [.. BigEndian((uint)frames.Count), .. BigEndian(0)]);
        uint sequence = 0;
        for (int i = 0; i < frames.Count; i++)
        {
            // fcTL: sequence, width, height, x, y, delay numerator / denominator in seconds, dispose = none, blend = source.
            WriteChunk(stream, "fcTL"u8,
            [
                .. BigEndian(sequence++), .. BigEndian((uint)first.Width), .. BigEndian((uint)first.Height),
                .. BigEndian(0), .. BigEndian(0),
                0, 1, (byte)(framesPerSecond >> 8), (byte)framesPerSecond, 0, 0,
            ]);
            if (i == 0)
                WriteChunk(stream, "IDAT"u8, Compress(frames[i]));
            else
                WriteChunk(stream, "fdAT"u8, [.. BigEndian(sequence++), .. Compress(frames[i])]);
        }
        WriteChunk(stream, "IEND"u8, []);
    }

    private static void WriteHeader(Stream stream, Image image)
    {
        byte colourType = image.Channels switch { 1 => 0, 3 => 2, _ => 6 };
        WriteChunk(stream, "IHDR"u8, [.. BigEndian((uint)image.Width), .. BigEndian((uint)image.Height), 8, colourType, 0, 0, 0]);
    }

    private static byte[] Compress(Image image)
    {
        var buffer = new MemoryStream();
        using (var zlib = new ZLibStream(buffer, CompressionLevel.Optimal))
        {
            int stride = image.Width * image.Channels;
            byte[] above = new byte[stride], best = new byte[stride + 1], candidate = new byte[stride + 1];
            for (int y = 0; y < image.Height; y++)
            {
                ReadOnlySpan<byte> row = image.Row(y);
                long bestCost = long.MaxValue;
                for (byte filter = 0; filter < 5; filter++)
                {
                    // The customary heuristic: the filter whose residuals, read as signed bytes, have the smallest sum of magnitudes.
                    candidate[0] = filter;
                    long cost = Filter(filter, row, above, image.Channels, candidate.AsSpan(1));
                    if (cost < bestCost)
                        (bestCost, best, candidate) = (cost, candidate, best);
                }
                zlib.Write(best);
                row.CopyTo(above);
            }
        }
        return buffer.ToArray();
    }

    private static long Filter(int filter, ReadOnlySpan<byte> row, ReadOnlySpan<byte> above, int bytesPerPixel, Span<byte> residuals)
    {
        long cost = 0;
        for (int i = 0; i < row.Length; i++)
        {
            int left = i >= bytesPerPixel ? row[i - bytesPerPixel] : 0;
            int upperLeft = i >= bytesPerPixel ? above[i - bytesPerPixel] : 0;
            byte residual = (byte)(row[i] - PngReader.Predict(filter, left, above[i], upperLeft));
            residuals[i] = residual;
            cost += Math.Abs((int)(sbyte)residual);
        }
        return cost;
    }

    private static void WriteChunk(Stream stream, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        stream.Write(BigEndian((uint)data.Length));
        stream.Write(type);
        stream.Write(data);
        stream.Write(BigEndian(Crc32.Compute(data, Crc32.Compute(type))));
    }

    private static byte[] BigEndian(uint value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }
}
