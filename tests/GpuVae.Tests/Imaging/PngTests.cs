using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using GpuVae.Imaging;
using GpuVae.Options;

namespace GpuVae.Tests.Imaging;

public class PngTests
{
    private const int Width = 11, Height = 9;

    /// <summary>Every pair of colour type and bit depth that the specification allows, plain and interlaced.</summary>
    public static TheoryData<int, int, bool> Kinds
    {
        get
        {
            var data = new TheoryData<int, int, bool>();
            foreach (bool interlaced in (bool[])[false, true])
            {
                foreach (int depth in (int[])[1, 2, 4, 8, 16])
                    data.Add(0, depth, interlaced);
                foreach (int depth in (int[])[1, 2, 4, 8])
                    data.Add(3, depth, interlaced);
                foreach (int type in (int[])[2, 4, 6])
                {
                    data.Add(type, 8, interlaced);
                    data.Add(type, 16, interlaced);
                }
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void ReadsEveryColourTypeAndDepth(int type, int depth, bool interlaced)
    {
        int max = (1 << depth) - 1;
        byte[] palette = [.. Enumerable.Range(0, 3 * Math.Min(max + 1, 256)).Select(i => (byte)(i * 37 + 11))];
        int SampleAt(int x, int y, int s) => (x * 7919 + y * 104729 + s * 1299709 + x * y * 31) & max;

        Image image = ImageFile.Decode(Encode(type, depth, interlaced, SampleAt, type == 3 ? palette : null), "test.png");

        Assert.Equal((Width, Height, type switch { 0 => 1, 2 or 3 => 3, _ => 4 }), (image.Width, image.Height, image.Channels));
        for (int y = 0; y < Height; y++)
            for (int x = 0; x < Width; x++)
                for (int c = 0; c < image.Channels; c++)
                {
                    int sample = type switch
                    {
                        3 => SampleAt(x, y, 0),
                        4 => SampleAt(x, y, c == 3 ? 1 : 0),
                        _ => SampleAt(x, y, c),
                    };
                    int expected = type == 3 ? palette[sample * 3 + c] : (int)Math.Round(sample * 255.0 / max);
                    Assert.Equal(expected, image.Pixels[(y * Width + x) * image.Channels + c]);
                }
    }

    [Fact]
    public void TransparencyChunksBecomeAlpha()
    {
        Image grey = ImageFile.Decode(Encode(0, 8, false, (x, _, _) => x, transparency: [0, 3]), "grey");
        Assert.Equal(4, grey.Channels);
        Assert.Equal((0, 255), (grey.Pixels[3 * 4 + 3], grey.Pixels[4 * 4 + 3]));

        foreach (bool interlaced in (bool[])[false, true])
        {
            Image deep = ImageFile.Decode(Encode(0, 16, interlaced, (x, _, _) => x * 257, transparency: [3, 3]), "deep grey");
            Assert.Equal((255, 0, 255), (deep.Pixels[2 * 4 + 3], deep.Pixels[3 * 4 + 3], deep.Pixels[4 * 4 + 3]));
            Image rgb = ImageFile.Decode(Encode(2, 16, interlaced, (x, _, s) => x * 256 + s, transparency: [2, 0, 2, 1, 2, 2]), "rgb");
            Assert.Equal((255, 0, 255), (rgb.Pixels[1 * 4 + 3], rgb.Pixels[2 * 4 + 3], rgb.Pixels[3 * 4 + 3]));
        }

        byte[] palette = [10, 20, 30, 40, 50, 60, 70, 80, 90, 1, 2, 3];
        Image indexed = ImageFile.Decode(Encode(3, 2, false, (x, _, _) => x & 3, palette, transparency: [0, 128]), "indexed");
        Assert.Equal([10, 20, 30, 0, 40, 50, 60, 128, 70, 80, 90, 255], indexed.Pixels[..12]);
    }

    [Fact]
    public void ReadsAFileMadeByAnotherEncoder()
    {
        // 2 × 2 RGB, red green / blue white, unfiltered, stored as uncompressed deflate: written out by hand from the specification.
        byte[] raw = [0, 255, 0, 0, 0, 255, 0, 0, 0, 0, 255, 255, 255, 255];
        byte[] zlib = [0x78, 0x01, 0x01, 14, 0, 0xF1, 0xFF, .. raw, .. BigEndian(Adler32(raw))];
        byte[] header = [0, 0, 0, 2, 0, 0, 0, 2, 8, 2, 0, 0, 0];
        byte[] file = [.. Signature, .. Chunk("IHDR", header), .. Chunk("IDAT", zlib), .. Chunk("IEND", [])];
        Assert.Equal([255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255], ImageFile.Decode(file, "hand").Pixels);
        // The checksum of an empty IEND chunk is a well-known constant, which vouches for the checksums of this test.
        Assert.Equal([0xAE, 0x42, 0x60, 0x82], file[^4..]);
    }

    [Fact]
    public void APresetDictionaryIsRefusedWithTheNameOfTheFile()
    {
        // The flag is bit 5 of the second byte; the dictionary's checksum follows. PNG allows none.
        byte[] raw = [0, 7], header = [0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0];
        byte[] zlib = [0x78, 0x20, 0, 0, 0, 1, 0x01, 2, 0, 0xFD, 0xFF, .. raw, .. BigEndian(Adler32(raw))];
        byte[] file = [.. Signature, .. Chunk("IHDR", header), .. Chunk("IDAT", zlib), .. Chunk("IEND", [])];
        string message = Assert.Throws<BadInputException>(() => ImageFile.Decode(file, "preset.png")).Message;
        Assert.StartsWith("preset.png is not a valid image: its data need a preset dictionary", message, StringComparison.Ordinal);
        // Without the flag it is a picture.
        zlib = [0x78, 0x01, .. zlib[6..]];
        file = [.. Signature, .. Chunk("IHDR", header), .. Chunk("IDAT", zlib), .. Chunk("IEND", [])];
        Assert.Equal([7], ImageFile.Decode(file, "plain.png").Pixels);
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(1, 17, 3)]
    [InlineData(129, 1, 4)]
    [InlineData(64, 33, 1)]
    [InlineData(31, 65, 3)]
    [InlineData(40, 40, 4)]
    public void WhatIsWrittenIsReadBack(int width, int height, int channels)
    {
        Image image = Picture(width, height, channels);
        var stream = new MemoryStream();
        ImageSharpCodec.Encode(stream, image, ".png");
        Image back = ImageFile.Decode(stream.ToArray(), "round trip");
        Assert.Equal((width, height, channels), (back.Width, back.Height, back.Channels));
        Assert.Equal(image.Pixels, back.Pixels);
    }

    [Fact]
    public void AnAnimationHoldsEveryFrameAndShowsTheFirst()
    {
        Image[] frames = [Picture(20, 10, 3, 1), Picture(20, 10, 3, 2), Picture(20, 10, 3, 3)];
        var stream = new MemoryStream();
        AnimatedPng.Write(stream, frames, framesPerSecond: 12, TestContext.Current.CancellationToken);
        byte[] file = stream.ToArray();
        Assert.Equal(frames[0].Pixels, ImageFile.Decode(file, "animation").Pixels);

        // As the APNG specification says, an fdAT chunk is a sequence number and then what IDAT would hold.
        List<(string Type, byte[] Data)> chunks = [.. Chunks(file)];
        Assert.Equal(["IHDR", "acTL", "fcTL", "IDAT", "fcTL", "fdAT", "fcTL", "fdAT", "IEND"], chunks.Select(c => c.Type));
        Assert.Equal(3u, BinaryPrimitives.ReadUInt32BigEndian(chunks[1].Data));
        uint[] sequence = [.. chunks.Where(c => c.Type is "fcTL" or "fdAT").Select(c => BinaryPrimitives.ReadUInt32BigEndian(c.Data))];
        Assert.Equal([0u, 1, 2, 3, 4], sequence);
        Assert.All(chunks.Where(c => c.Type == "fcTL"), c => Assert.Equal(12, BinaryPrimitives.ReadUInt16BigEndian(c.Data.AsSpan(22))));
        byte[] second = [.. Signature, .. Chunk("IHDR", chunks[0].Data), .. Chunk("IDAT", chunks[5].Data[4..]), .. Chunk("IEND", [])];
        Assert.Equal(frames[1].Pixels, ImageFile.Decode(second, "frame 1").Pixels);
    }

    [Fact]
    public void FramesOfDifferentSizesAreRefused() =>
        Assert.Throws<ArgumentException>(() => ImageFile.WriteAnimation("frames.png", [Picture(4, 4, 1), Picture(4, 5, 1)], 10));

    [Fact]
    public void TruncationAtAnyByteIsReported()
    {
        byte[] file = Encode(2, 8, false, (x, y, s) => x * y + s);
        for (int length = 0; length < file.Length; length++)
            Assert.Contains("cut.png", Assert.Throws<BadInputException>(() => ImageFile.Decode(file[..length], "cut.png")).Message);
    }

    [Fact]
    public void AFlippedBitAnywhereIsReported()
    {
        byte[] file = Encode(0, 8, false, (x, y, _) => x * y);
        for (int i = 0; i < file.Length; i++)
        {
            byte[] damaged = [.. file];
            damaged[i] ^= 0x20;
            Assert.Throws<BadInputException>(() => ImageFile.Decode(damaged, "damaged.png"));
        }
    }

    [Theory]
    [InlineData(100_000, 100_000)]
    [InlineData(0, 0)]
    [InlineData(0, 5)]
    [InlineData(int.MaxValue, int.MaxValue)]
    public void AbsurdSizesAreRefusedFromTheHeader(int width, int height)
    {
        byte[] header = [.. BigEndian((uint)width), .. BigEndian((uint)height), 8, 6, 0, 0, 0];
        byte[] file = [.. Signature, .. Chunk("IHDR", header), .. Chunk("IDAT", [1, 2, 3]), .. Chunk("IEND", [])];
        long before = GC.GetAllocatedBytesForCurrentThread();
        string message = Assert.Throws<BadInputException>(() => ImageFile.Decode(file, "huge.png")).Message;
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1 << 20);
        Assert.Contains($"{width}×{height}", message);
    }

    [Fact]
    public void ALargeDeclaredSizeWithoutTheDataAllocatesNothing()
    {
        byte[] header = [.. BigEndian(4900), .. BigEndian(4900), 8, 6, 0, 0, 0];
        byte[] file = [.. Signature, .. Chunk("IHDR", header), .. Chunk("IDAT", Zlib([0, 1, 2])), .. Chunk("IEND", [])];
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("holds only", Assert.Throws<BadInputException>(() => ImageFile.Decode(file, "bomb.png")).Message);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1 << 20);
    }

    [Theory]
    [InlineData(0, 3)]
    [InlineData(1, 8)]
    [InlineData(2, 4)]
    [InlineData(3, 16)]
    [InlineData(7, 8)]
    public void KindsThatDoNotExistAreRefused(int type, int depth)
    {
        byte[] file = [.. Signature, .. Chunk("IHDR", [0, 0, 0, 1, 0, 0, 0, 1, (byte)depth, (byte)type, 0, 0, 0]), .. Chunk("IEND", [])];
        Assert.Contains("odd.png is not a valid image", Assert.Throws<BadInputException>(() => ImageFile.Decode(file, "odd.png")).Message);
    }

    [Fact]
    public void AnIndexBeyondThePaletteIsItsLastColour() =>
        Assert.All(
            ImageFile.Decode(Encode(3, 8, false, (_, _, _) => 9, palette: [7, 7, 7]), "indexed.png").Pixels, p => Assert.Equal(7, p));

    private static Image Picture(int width, int height, int channels, int seed = 0)
    {
        var image = new Image(width, height, channels);
        for (int i = 0; i < image.Pixels.Length; i++)
            image.Pixels[i] = (byte)((i * 3 + i / (width * channels) * 11 + seed * 50) ^ (i % 7 == 0 ? 0x55 : 0));
        return image;
    }

    // An encoder apart from the library's: filters by their definition, passes by walking over all pixels of the 8 × 8 pattern.

    private static ReadOnlySpan<byte> Signature => [137, 80, 78, 71, 13, 10, 26, 10];

    private static int Samples(int type) => type switch { 0 or 3 => 1, 2 => 3, 4 => 2, _ => 4 };

    private static byte[] Encode(
        int type, int depth, bool interlaced, Func<int, int, int, int> sample, byte[]? palette = null, byte[]? transparency = null)
    {
        // The pattern of the specification: the number of the pass that transmits each pixel of an 8 × 8 tile.
        string[] adam7 = ["16462646", "77777777", "56565656", "77777777", "36463646", "77777777", "56565656", "77777777"];
        var raw = new List<byte>();
        for (char pass = interlaced ? '1' : '0'; pass <= (interlaced ? '7' : '0'); pass++)
        {
            byte[]? above = null;
            int filter = 0;
            for (int y = 0; y < Height; y++)
            {
                var bits = new StringBuilder();
                for (int x = 0; x < Width; x++)
                    if (!interlaced || adam7[y % 8][x % 8] == pass)
                        for (int s = 0; s < Samples(type); s++)
                            bits.Append(Convert.ToString(sample(x, y, s), 2).PadLeft(depth, '0'));
                if (bits.Length == 0)
                    continue;
                while (bits.Length % 8 != 0)
                    bits.Append('1');
                byte[] row = [.. Enumerable.Range(0, bits.Length / 8).Select(i => Convert.ToByte(bits.ToString(i * 8, 8), 2))];
                raw.Add((byte)filter);
                int distance = Math.Max(1, Samples(type) * depth / 8);
                for (int i = 0; i < row.Length; i++)
                {
                    int a = i < distance ? 0 : row[i - distance], b = above?[i] ?? 0, c = i < distance ? 0 : above?[i - distance] ?? 0;
                    int[] order = [a, b, c];
                    int paeth = order.OrderBy(v => Math.Abs(a + b - c - v)).First();
                    int[] predictions = [0, a, b, (a + b) >> 1, paeth];
                    raw.Add((byte)(row[i] - predictions[filter]));
                }
                above = row;
                filter = (filter + 1) % 5;
            }
        }
        var file = new List<byte>([.. Signature]);
        byte interlace = (byte)(interlaced ? 1 : 0);
        file.AddRange(Chunk("IHDR", [.. BigEndian(Width), .. BigEndian(Height), (byte)depth, (byte)type, 0, 0, interlace]));
        if (palette is not null)
            file.AddRange(Chunk("PLTE", palette));
        if (transparency is not null)
            file.AddRange(Chunk("tRNS", transparency));
        byte[] zlib = Zlib([.. raw]);
        file.AddRange(Chunk("IDAT", zlib[..5])); // the data may be cut into chunks anywhere
        file.AddRange(Chunk("IDAT", zlib[5..]));
        file.AddRange(Chunk("IEND", []));
        return [.. file];
    }

    private static byte[] Zlib(byte[] data)
    {
        var stream = new MemoryStream();
        using (var zlib = new ZLibStream(stream, CompressionLevel.Fastest, leaveOpen: true))
            zlib.Write(data);
        return stream.ToArray();
    }

    private static byte[] Chunk(string type, byte[] data)
    {
        byte[] body = [.. Encoding.ASCII.GetBytes(type), .. data];
        return [.. BigEndian((uint)data.Length), .. body, .. BigEndian(Crc(body))];
    }

    private static IEnumerable<(string Type, byte[] Data)> Chunks(byte[] file)
    {
        for (int at = 8; at < file.Length;)
        {
            int length = (int)BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(at));
            yield return (Encoding.ASCII.GetString(file, at + 4, 4), file[(at + 8)..(at + 8 + length)]);
            at += 12 + length;
        }
    }

    private static uint Crc(byte[] data)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in data)
            for (int bit = 0; bit < 8; bit++)
                crc = (((crc ^ (uint)(b >> bit)) & 1) != 0 ? 0xEDB88320u : 0) ^ (crc >> 1);
        return ~crc;
    }

    private static uint Adler32(byte[] data)
    {
        uint a = 1, b = 0;
        foreach (byte d in data)
            b = (b + (a = (a + d) % 65521)) % 65521;
        return (b << 16) | a;
    }

    private static byte[] BigEndian(uint value) => [(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value];
}
