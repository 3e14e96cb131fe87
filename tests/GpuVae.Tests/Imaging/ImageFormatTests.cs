using GpuVae.Imaging;
using GpuVae.Options;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.Formats;
using SixLabors.ImageSharp.Formats.Gif;
using SixLabors.ImageSharp.Formats.Jpeg;
using SixLabors.ImageSharp.Formats.Png;
using SixLabors.ImageSharp.Formats.Tga;
using SixLabors.ImageSharp.Formats.Tiff;
using SixLabors.ImageSharp.Metadata.Profiles.Exif;
using SixLabors.ImageSharp.PixelFormats;
using Image = GpuVae.Imaging.Image;
using Sharp = SixLabors.ImageSharp.Image;

namespace GpuVae.Tests.Imaging;

/// <summary>What every format does: exact where it is lossless, nothing blank where a file ends early, one way up.</summary>
public class ImageFormatTests
{
    [Theory]
    [InlineData(".png", 1, 3, 4)]
    [InlineData(".webp", 3, 4)]
    [InlineData(".bmp", 3)]
    [InlineData(".tif", 1, 3)]
    [InlineData(".pnm", 1, 3)]
    [InlineData(".pgm", 1)]
    [InlineData(".ppm", 3)]
    public void LosslessFormatsGiveBackEveryPixel(string extension, params int[] channels)
    {
        foreach (int count in channels)
            foreach ((int width, int height) in ((int, int)[])[(1, 1), (1, 17), (33, 1), (61, 47)])
            {
                Image image = Noise(width, height, count), back = ImageFile.Decode(Encode(image, extension), "back");
                Assert.Equal((width, height, count), (back.Width, back.Height, back.Channels));
                Assert.Equal(image.Pixels, back.Pixels);
            }
    }

    [Theory]
    [InlineData(".gif", 1)]
    [InlineData(".bmp", 0)]
    public void ShadesOfGreyStayWhereOnlyColoursAreKept(string extension, int most)
    {
        Image image = Noise(40, 30, 1), back = ImageFile.Decode(Encode(image, extension), "grey");
        Assert.All(image.WithChannels(3).Pixels.Zip(back.Pixels, (a, b) => Math.Abs(a - b)), error => Assert.InRange(error, 0, most));
    }

    [Theory]
    [InlineData(".jpg", 3)]
    [InlineData(".jpeg", 1)]
    [InlineData(".gif", 3)]
    public void OtherFormatsKeepASmoothPicture(string extension, int channels)
    {
        Image image = Smooth(48, 32, channels), back = ImageFile.Decode(Encode(image, extension), "smooth");
        Assert.Equal((48, 32, channels), (back.Width, back.Height, back.Channels));
        Assert.InRange(image.Pixels.Zip(back.Pixels, (a, b) => Math.Abs(a - b)).Average(), 0, 4);
    }

    [Theory]
    [InlineData(".png")]
    [InlineData(".jpg")]
    [InlineData(".webp")]
    [InlineData(".gif")]
    [InlineData(".bmp")]
    [InlineData(".ppm")]
    public void AFileThatEndsEarlyIsReported(string extension)
    {
        byte[] file = Encode(Smooth(24, 18, 3), extension);
        // Behind the image data a GIF has its last block, a padding byte of WebP may be missing, and a JPEG ends with two bytes.
        for (int length = 0; length < file.Length - 2; length++)
            Assert.Contains("cut", Assert.Throws<BadInputException>(() => ImageFile.Decode(file[..length], "cut")).Message);
    }

    [Fact]
    public void ATiffThatEndsEarlyIsReportedOrWhole()
    {
        // ImageSharp writes the directory last; others write it first, here by hand: grey, 40 × 30, one strip.
        (short Tag, int Value)[] tags =
            [(256, 40), (257, 30), (258, 8), (259, 1), (262, 1), (273, 122), (277, 1), (278, 30), (279, 1200)];
        var byHand = new MemoryStream();
        var writer = new BinaryWriter(byHand);
        writer.Write("II*\0\b\0\0\0"u8);
        writer.Write((short)tags.Length);
        foreach ((short tag, int value) in tags)
        {
            writer.Write(tag);
            writer.Write((short)(tag is 273 or 279 ? 4 : 3));
            writer.Write(1);
            writer.Write(value);
        }
        writer.Write(0);
        writer.Write(Smooth(40, 30, 1).Pixels);
        foreach (byte[] file in (byte[][])[byHand.ToArray(), Encode(Smooth(24, 18, 3), ".tif")])
        {
            byte[] whole = ImageFile.Decode(file, "whole").Pixels;
            for (int length = 0; length < file.Length; length++)
                try
                {
                    Assert.Equal(whole, ImageFile.Decode(file[..length], "cut").Pixels);
                }
                catch (BadInputException)
                {
                }
        }
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(3, 11)]
    [InlineData(6, 2)]
    [InlineData(8, 9)]
    public void PhotographsStandUpright(int orientation, int block)
    {
        // 4 × 3 blocks, the first one white. By orientation it comes to lie at another corner.
        using var picture = new Image<Rgb24>(32, 24);
        for (int y = 0; y < 8; y++)
            for (int x = 0; x < 8; x++)
                picture[x, y] = new Rgb24(255, 255, 255);
        picture.Metadata.ExifProfile = new ExifProfile();
        picture.Metadata.ExifProfile.SetValue(ExifTag.Orientation, (ushort)orientation);
        Image back = ImageFile.Decode(Saved(picture, new JpegEncoder { Quality = 100 }), "photo.jpg");
        bool isTurned = orientation > 4;
        Assert.Equal(isTurned ? (24, 32) : (32, 24), (back.Width, back.Height));
        int columns = back.Width / 8;
        byte[] blocks = [.. Enumerable.Range(0, 12)
            .Select(i => back.Pixels[3 * ((i / columns * 8 + 4) * back.Width + i % columns * 8 + 4)])];
        Assert.Equal(block, Array.IndexOf(blocks, blocks.Max()));
    }

    [Fact]
    public void CmykPhotographsComeInTheirColours()
    {
        using var picture = Sharp.LoadPixelData<Rgb24>(Smooth(48, 32, 3).Pixels, 48, 32);
        Image back = ImageFile.Decode(Saved(picture, new JpegEncoder { Quality = 95, ColorType = JpegColorType.Cmyk }), "cmyk.jpg");
        Assert.Equal(3, back.Channels);
        Assert.InRange(Smooth(48, 32, 3).Pixels.Zip(back.Pixels, (a, b) => Math.Abs(a - b)).Average(), 0, 3);
    }

    [Fact]
    public void OfManyFramesTheFirstIsRead()
    {
        using var frames = new Image<Rgb24>(8, 6, new Rgb24(255, 0, 0));
        using var second = new Image<Rgb24>(8, 6, new Rgb24(0, 255, 0));
        frames.Frames.AddFrame(second.Frames.RootFrame);
        foreach (IImageEncoder encoder in (IImageEncoder[])[new GifEncoder(), new TiffEncoder()])
        {
            Image image = ImageFile.Decode(Saved(frames, encoder), "frames");
            Assert.Equal([255, 0, 0], image.Pixels[..3]);
        }
    }

    [Fact]
    public void AnAnimatedGifHoldsEveryFrameItsTimeAndPlaysForEver()
    {
        using var folder = new TemporaryFolder();
        Image[] frames = [Noise(20, 10, 1), Noise(20, 10, 1, seed: 2), Noise(20, 10, 1, seed: 3)];
        ImageFile.WriteAnimation(folder["walk.gif"], frames, framesPerSecond: 20);
        using var back = Sharp.Load<L8>(folder["walk.gif"]);
        Assert.Equal(0, back.Metadata.GetGifMetadata().RepeatCount);
        Assert.Equal(3, back.Frames.Count);
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(5, back.Frames[i].Metadata.GetGifMetadata().FrameDelay);
            byte[] pixels = new byte[200];
            back.Frames[i].CopyPixelDataTo(pixels);
            Assert.Equal(frames[i].Pixels, pixels);
        }
        byte[] first = File.ReadAllBytes(folder["walk.gif"]);
        ImageFile.WriteAnimation(folder["walk.gif"], frames, framesPerSecond: 20);
        Assert.Equal(first, File.ReadAllBytes(folder["walk.gif"]));
    }

    [Fact]
    public void FormatsThatAreNotNamedAreNotRead()
    {
        using var picture = new Image<Rgb24>(8, 6);
        string message = Assert.Throws<BadInputException>(() => ImageFile.Decode(Saved(picture, new TgaEncoder()), "a.tga")).Message;
        Assert.Contains("PNG, JPEG, WebP, GIF, BMP, TIFF, PNM", message);
    }

    [Fact]
    public void PackedTextsAreLeftPacked()
    {
        using var picture = new Image<Rgb24>(8, 6);
        picture.Metadata.GetPngMetadata().TextData.Add(new PngTextData("Comment", new string(' ', 64 << 20), "", ""));
        byte[] file = Saved(picture, new PngEncoder { TextCompressionThreshold = 0 });
        Assert.InRange(file.Length, 0, 1 << 20);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(8, ImageFile.Decode(file, "text.png").Width);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8 << 20);
    }

    [Theory]
    [InlineData(".gif", 6, 2)]
    [InlineData(".bmp", 18, 4)]
    public void AbsurdSizesAreRefusedFromTheHeader(string extension, int offset, int bytes)
    {
        byte[] file = Encode(Smooth(24, 18, 3), extension);
        for (int side = 0; side < 2; side++)
            for (int i = 0; i < 2; i++)
                file[offset + side * bytes + i] = 0xEA;
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("60138×60138", Assert.Throws<BadInputException>(() => ImageFile.Decode(file, "huge")).Message);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void WrittenFilesAreSmallAndTheSameEveryTime()
    {
        Image image = Smooth(512, 512, 3);
        foreach (string extension in (string[])[".png", ".jpg", ".webp", ".gif"])
        {
            byte[] file = Encode(image, extension);
            Assert.Equal(file, Encode(image, extension));
            Assert.InRange(file.Length, 1, image.Pixels.Length / 4);
        }
    }

    internal static byte[] Encode(Image image, string extension)
    {
        var stream = new MemoryStream();
        ImageSharpCodec.Encode(stream, image, extension);
        return stream.ToArray();
    }

    internal static Image Smooth(int width, int height, int channels)
    {
        var image = new Image(width, height, channels);
        for (int i = 0; i < image.Pixels.Length; i++)
            image.Pixels[i] = (byte)(128 + 100 * Math.Sin(i / channels % width * 0.1 + i / channels / width * 0.07 + i % channels));
        return image;
    }

    private static Image Noise(int width, int height, int channels, int seed = 1)
    {
        var image = new Image(width, height, channels);
        new Random(seed).NextBytes(image.Pixels);
        if (channels == 4)
            image.Pixels[3] = 77; // not opaque, whatever chance says
        return image;
    }

    private static byte[] Saved(Sharp picture, IImageEncoder encoder)
    {
        var stream = new MemoryStream();
        picture.Save(stream, encoder);
        return stream.ToArray();
    }
}
