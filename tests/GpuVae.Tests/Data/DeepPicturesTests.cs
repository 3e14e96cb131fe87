using System.Buffers.Binary;
using System.Runtime.InteropServices;
using GpuVae.Data;
using GpuVae.Imaging;
using GpuVae.Options;
using SixLabors.ImageSharp.Formats.Png;
using SixLabors.ImageSharp.PixelFormats;
using static GpuVae.Tests.Data.FormatFiles;
using Sharp = SixLabors.ImageSharp.Image;

namespace GpuVae.Tests.Data;

/// <summary>Pictures with 16 bits a sample keep them.</summary>
public sealed class DeepPicturesTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    [Fact]
    public void EverySampleIsWhatTheFileHolds()
    {
        ushort[] levels = [0, 1, 255, 256, 40000, 65535];
        folder.Write("a.png", Png<L16>(levels, 3, 2));
        folder.Write("b.pgm", [.. "P5 3 2 65535\n"u8, .. BigEndian(levels)]);
        folder.Write("c.tif", Tiff(levels, 3, 2));
        Assert.Equal(levels, Levels(Load(), 0));
        Assert.Equal(levels, Levels(Load(), 1));
        Assert.Equal(levels, Levels(Load(), 2));
    }

    [Fact]
    public void OneFileOfSixteenBitsMakesTheSetSo()
    {
        ImageFile.Write(folder["a.png"], new Image(2, 1, 1, [7, 255]));
        ImageFile.Write(folder["b.pgm"], new Image(2, 1, 1, [8, 0]));
        Assert.Equal(PixelFormat.Byte, Load().Format);
        folder.Write("c.png", Png<Rgb48>([1, 2, 3, 4, 5, 6], 2, 1));
        ImageSet set = Load();
        Assert.Equal((PixelFormat.UInt16, 3), (set.Format, set.Channels));
        // A level of 8 bits is the same fraction of the range in 16: v / 255 = 257 v / 65535.
        Assert.Equal([7 * 257, 65535, 7 * 257, 65535, 7 * 257, 65535], Levels(set, 0));
        Assert.Equal([8 * 257, 0, 8 * 257, 0, 8 * 257, 0], Levels(set, 1));
        Assert.Equal([1, 4, 2, 5, 3, 6], Levels(set, 2));
        float[] seen = new float[6];
        set.CopyRows([2], seen);
        Assert.Equal([1 / 65535f, 4 / 65535f, 2 / 65535f, 5 / 65535f, 3 / 65535f, 6 / 65535f], seen);
    }

    [Fact]
    public void ColoursAndSizesChangeInSixteenBits()
    {
        ushort[] rgb = [.. Enumerable.Range(0, 6 * 4 * 3).Select(i => (ushort)(i * 911))];
        folder.Write("a.png", Png<Rgb48>(rgb, 6, 4));
        var options = new DataOptions { Size = new ImageSize(3, 2) };
        ushort[] small = Levels(ImageFolder.Load(folder.FullPath, options), 0);
        for (int c = 0; c < 3; c++)
            for (int y = 0; y < 2; y++)
                for (int x = 0; x < 3; x++)
                {
                    double mean = (At(2 * x, 2 * y) + At(2 * x + 1, 2 * y) + At(2 * x, 2 * y + 1) + At(2 * x + 1, 2 * y + 1)) / 4.0;
                    Assert.Equal(mean, small[(c * 2 + y) * 3 + x], 0.51);

                    double At(int column, int row) => rgb[(row * 6 + column) * 3 + c];
                }
        ushort[] grey = Levels(ImageFolder.Load(folder.FullPath, new DataOptions { Channels = 1 }), 0);
        for (int i = 0; i < grey.Length; i++)
            Assert.Equal(0.299 * rgb[i * 3] + 0.587 * rgb[i * 3 + 1] + 0.114 * rgb[i * 3 + 2], grey[i], 0.51);
        // Sets that are read already are brought to another size alike.
        Assert.Equal(small, Levels(DataSource.Convert(Load(), options), 0));
        // An image of one level stays of it when it is enlarged, which in 8 bits it could not.
        folder.Write("flat/b.png", Png<L16>([.. Enumerable.Repeat((ushort)12345, 12)], 4, 3));
        ImageSet enlarged = ImageFolder.Load(folder["flat"], new DataOptions { Size = new ImageSize(9, 9) });
        Assert.All(Levels(enlarged, 0), level => Assert.Equal(12345, level));
    }

    [Fact]
    public void AlphaIsCompositedOnBlackInSixteenBits()
    {
        folder.Write("a.png", Png<Rgba64>([60000, 30000, 0, 32768, 65535, 1, 2, 0], 2, 1));
        Assert.Equal([30000, 0, 15000, 0, 0, 0], Levels(Load(), 0));
    }

    [Fact]
    public void ArchivesAndStreamsGiveTheSame()
    {
        (string, byte[])[] files =
            [("x/1.png", Png<L16>([1, 300], 2, 1)), ("x/2.png", Png<L16>([2, 400], 2, 1)), ("y/3.png", Png<L16>([3, 500], 2, 1))];
        folder.Write("set.zip", Zip(files));
        ImageSet whole = DataSource.LoadSingle(folder["set.zip"], new DataOptions());
        ImageSet streamed = DataSource.LoadSingle(folder["set.zip"], new DataOptions { IsStreamed = true });
        Assert.True(streamed.IsStreamed);
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal([(ushort)(i + 1), (ushort)(300 + i * 100)], Levels(whole, i));
            Assert.Equal(Levels(whole, i), Levels(streamed, i));
        }
    }

    [Fact]
    public void AFileThatIsCutShortIsNamed()
    {
        byte[] file = Png<L16>([.. Enumerable.Range(0, 400).Select(i => (ushort)(i * i))], 20, 20);
        folder.Write("whole.png", file);
        folder.Write("cut.png", file[..^20]);
        Assert.Contains("cut.png", Assert.Throws<BadInputException>(() => Load()).Message, StringComparison.Ordinal);
    }

    public void Dispose() => folder.Dispose();

    private static ushort[] Levels(ImageSet set, int index) => MemoryMarshal.Cast<byte, ushort>(set[index]).ToArray();

    private static byte[] Png<TPixel>(ushort[] samples, int width, int height)
        where TPixel : unmanaged, IPixel<TPixel>
    {
        using var image = Sharp.LoadPixelData<TPixel>(MemoryMarshal.AsBytes(samples.AsSpan()), width, height);
        var file = new MemoryStream();
        image.Save(file, new PngEncoder
        {
            BitDepth = PngBitDepth.Bit16,
            ColorType = samples.Length == width * height ? PngColorType.Grayscale
                : samples.Length == 3 * width * height ? PngColorType.Rgb : PngColorType.RgbWithAlpha,
        });
        return file.ToArray();
    }

    /// <summary>One strip of grey levels without compression, as TIFF 6.0 lays it out.</summary>
    private static byte[] Tiff(ushort[] levels, int width, int height)
    {
        (int Tag, int Type, int Value)[] entries =
        [
            (256, 3, width), (257, 3, height), (258, 3, 16), (259, 3, 1), (262, 3, 1), (273, 4, 8), (277, 3, 1), (278, 3, height),
            (279, 4, 2 * levels.Length),
        ];
        var file = new MemoryStream();
        using var writer = new BinaryWriter(file);
        writer.Write("II*\0"u8);
        writer.Write(8 + 2 * levels.Length);
        foreach (ushort level in levels)
            writer.Write(level);
        writer.Write((ushort)entries.Length);
        foreach ((int tag, int type, int value) in entries)
        {
            writer.Write((ushort)tag);
            writer.Write((ushort)type);
            writer.Write(1);
            writer.Write(value);
        }
        writer.Write(0);
        writer.Flush();
        return file.ToArray();
    }

    private static byte[] BigEndian(ushort[] levels)
    {
        byte[] bytes = new byte[2 * levels.Length];
        for (int i = 0; i < levels.Length; i++)
            BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(2 * i), levels[i]);
        return bytes;
    }

    private ImageSet Load() => ImageFolder.Load(folder.FullPath);
}
