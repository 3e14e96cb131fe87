using GpuVae.Imaging;
using GpuVae.Options;

namespace GpuVae.Tests.Imaging;

public class ImageFileTests
{
    private static Image Smooth(int channels)
    {
        var image = new Image(48, 32, channels);
        for (int i = 0; i < image.Pixels.Length; i++)
            image.Pixels[i] = (byte)(i / channels % 48 * 4 + i % channels * 20);
        return image;
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void JpegKeepsASmoothPicture(int channels)
    {
        using var folder = new TemporaryFolder();
        Image image = Smooth(channels);
        ImageFile.Write(folder["a.jpg"], image);
        Image back = ImageFile.Read(folder["a.jpg"]);
        Assert.Equal((48, 32, channels), (back.Width, back.Height, back.Channels));
        Assert.True(image.Pixels.Zip(back.Pixels, (a, b) => Math.Abs(a - b)).Average() < 3);
    }

    [Fact]
    public void ATruncatedJpegIsReported()
    {
        using var folder = new TemporaryFolder();
        ImageFile.Write(folder["a.jpg"], Smooth(3));
        byte[] file = File.ReadAllBytes(folder["a.jpg"]);
        for (int length = 3; length < file.Length - 2; length += 7)
            Assert.Contains("cut.jpg", Assert.Throws<BadInputException>(() => ImageFile.Decode(file[..length], "cut.jpg")).Message);
    }

    [Fact]
    public void AnAbsurdJpegSizeIsRefused()
    {
        using var folder = new TemporaryFolder();
        ImageFile.Write(folder["a.jpg"], Smooth(1));
        byte[] file = File.ReadAllBytes(folder["a.jpg"]);
        int frame = file.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xC0]); // baseline frame: length, precision, height, width
        file.AsSpan(frame + 5, 4).Fill(0xEA); // 60138, which the library itself would accept
        Assert.Contains("60138×60138", Assert.Throws<BadInputException>(() => ImageFile.Decode(file, "huge.jpg")).Message);
    }

    [Fact]
    public void MissingEmptyAndForeignFilesAreNamed()
    {
        using var folder = new TemporaryFolder();
        string empty = folder.Write("empty.png", []), text = folder.Write("text.png", "hello there, no image"u8.ToArray());
        foreach (string path in (string[])[folder["missing.png"], empty, text])
            Assert.Contains(path, Assert.Throws<BadInputException>(() => ImageFile.Read(path)).Message);
        Assert.Contains(".xyz", Assert.Throws<BadInputException>(() => ImageFile.Write(folder["a.xyz"], Smooth(1))).Message);
        Assert.False(File.Exists(folder["a.xyz"]));
    }

    [Fact]
    public void AlphaIsCompositedOnBlackAndGreyIsLuma()
    {
        var image = new Image(2, 1, 4, [200, 100, 50, 128, 255, 255, 255, 0]);
        Assert.Equal([100, 50, 25, 0, 0, 0], image.WithChannels(3).Pixels);
        Assert.Equal((byte)Math.Round(0.299 * 100 + 0.587 * 50 + 0.114 * 25), image.WithChannels(1).Pixels[0]);
    }

    [Fact]
    public void PlanarAndInterleavedAreInverses()
    {
        byte[] planar = [.. Enumerable.Range(0, 3 * 4 * 5).Select(i => (byte)i)];
        var image = Image.FromPlanar(planar, 5, 4, 3);
        Assert.Equal([0, 20, 40, 1, 21, 41], image.Pixels[..6]);
        byte[] back = new byte[planar.Length];
        image.CopyToPlanar(back);
        Assert.Equal(planar, back);
    }
}
