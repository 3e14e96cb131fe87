using GpuVae.Applications;
using GpuVae.Data;
using GpuVae.Imaging;
using GpuVae.Options;

namespace GpuVae.Tests.Applications;

public sealed class PictureInputTests : IDisposable
{
    private static readonly ImageShape Grey = new(6, 4), Colour = new(6, 4, 3);

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void OneFileAndAFolderGiveTheSameImages()
    {
        string file = Write("pictures/a.png", 6, 4, 1);
        byte[] pixels = ImageFile.Read(file).Pixels;
        Assert.Equal(pixels, PictureInput.Load(file, Grey).Pixels);
        Assert.Equal(pixels, PictureInput.Load(folder["pictures"], Grey).Pixels);
        Assert.Equal(pixels.Select(pixel => pixel / 255f), PictureInput.Rows(PictureInput.Load(file, Grey)));
    }

    [Fact]
    public void APictureInMemoryIsReadAsItsFileIs()
    {
        byte[] content = File.ReadAllBytes(Write("large.png", 30, 50, 3));
        Assert.Equal(
            PictureInput.Load(folder["large.png"], Grey, fit: true).Pixels, PictureInput.Decode(content, "it", Grey, fit: true).Pixels);
        BadInputException error = Assert.Throws<BadInputException>(() => PictureInput.Decode(content, "it", Grey));
        Assert.Contains("it has 30×50×3", error.Message, StringComparison.Ordinal);
        Assert.Contains("at most 99", Assert.Throws<BadInputException>(
            () => PictureInput.Decode(content, "it", Grey, fit: true, maxPixels: 99)).Message, StringComparison.Ordinal);
        foreach (string extension in (string[])[".png", ".jpg"])
        {
            ImageFile.Write(folder[$"written{extension}"], new Image(6, 4, 1));
            Assert.Equal(File.ReadAllBytes(folder[$"written{extension}"]), ImageFile.Encode(new Image(6, 4, 1), extension));
        }
        Assert.Throws<BadInputException>(() => ImageFile.Encode(new Image(6, 4, 1), ".txt"));
    }

    [Fact]
    public void GreyBecomesRgbAndColourlessRgbBecomesGrey()
    {
        string file = Write("grey.png", 6, 4, 1);
        byte[] grey = ImageFile.Read(file).Pixels;
        Assert.Equal([.. grey, .. grey, .. grey], PictureInput.Load(file, Colour).Pixels);
        ImageFile.Write(folder["rgb.png"], ImageFile.Read(file).WithChannels(3));
        Assert.Equal(grey, PictureInput.Load(folder["rgb.png"], Grey).Pixels);
    }

    [Fact]
    public void AlphaIsCompositedOnBlack()
    {
        byte[] pixels = [.. Enumerable.Range(0, 6 * 4).SelectMany(i => new byte[] { 200, 100, 50, (byte)(i % 2 == 0 ? 255 : 0) })];
        ImageFile.Write(folder["alpha.png"], new Image(6, 4, 4, pixels));
        ImageSet images = PictureInput.Load(folder["alpha.png"], Colour);
        Assert.Equal([200, 0, 200, 0], images.Pixels[..4]);
        Assert.Equal([50, 0, 50, 0], images.Pixels[^6..^2]);
    }

    [Theory]
    [InlineData(8, 4, 1, "8×4×1")]
    [InlineData(6, 4, 3, "6×4×3")]
    public void WhatDoesNotFitIsRefusedWithTheWayToConvertIt(int width, int height, int channels, string found)
    {
        string file = Write("a.png", width, height, channels);
        BadInputException error = Assert.Throws<BadInputException>(() => PictureInput.Load(file, Grey));
        Assert.Contains($"{file} has {found}", error.Message, StringComparison.Ordinal);
        Assert.Contains("the model takes 6×4×1", error.Message, StringComparison.Ordinal);
        Assert.Contains("fit: true", error.Message, StringComparison.Ordinal);
        Assert.Equal(Grey, PictureInput.Load(file, Grey, fit: true).Shape);
    }

    [Fact]
    public void ImagesOfSeveralSizesAreFitted()
    {
        Write("pictures/a.png", 9, 9, 1);
        Write("pictures/b.png", 20, 5, 3);
        Assert.Contains("fit: true", Assert.Throws<BadInputException>(() => PictureInput.Load(folder["pictures"], Grey)).Message);
        ImageSet images = PictureInput.Load(folder["pictures"], Grey, fit: true);
        Assert.Equal((2, Grey), (images.Count, images.Shape));
    }

    private string Write(string name, int width, int height, int channels)
    {
        byte[] pixels = new byte[width * height * channels];
        new Random(1).NextBytes(pixels);
        string path = folder[name];
        ImageFile.Write(path, new Image(width, height, channels, pixels));
        return path;
    }
}
