using System.Text;
using GpuVae.Imaging;
using GpuVae.Options;

namespace GpuVae.Tests.Imaging;

public class PnmTests
{
    private static Image Read(string header, params byte[] data) =>
        ImageFile.Decode([.. Encoding.ASCII.GetBytes(header), .. data], "test.pnm");

    [Fact]
    public void ReadsAllSixKinds()
    {
        Assert.Equal([255, 0, 0, 255], Read("P1\n# a comment\n2 2\n01\n1 0\n").Pixels);
        Assert.Equal([0, 255, 128], Read("P2 3 1 # width, height\n 2\n0 2 1").Pixels);
        Assert.Equal([255, 0, 0, 0, 255, 0], Read("P3 2 1 15  15 0 0  0 15 0").Pixels);
        Assert.Equal([0, 255, 255, 255, 255, 255, 255, 255, 0, 255], Read("P4 10 1\n", 0b10000000, 0b10111111).Pixels);
        Assert.Equal([7, 8], Read("P5 2 1 255\n", 7, 8).Pixels);
        Assert.Equal([255, 1], Read("P5 2 1 65535\n", 0xFF, 0xFF, 0x01, 0x01).Pixels);
        Image rgb = Read("P6\n1 2\n255\n", 1, 2, 3, 4, 5, 6);
        Assert.Equal((1, 2, 3), (rgb.Width, rgb.Height, rgb.Channels));
        Assert.Equal([1, 2, 3, 4, 5, 6], rgb.Pixels);
    }

    [Theory]
    [InlineData("P5 0 4 255\n", "0×4")]
    [InlineData("P6 100000 100000 255\n", "100000×100000")]
    [InlineData("P5 99999999999999999999 2 255\n", "at most")]
    [InlineData("P5 4 4 70000\n", "maximum value")]
    [InlineData("P5 4 4 255\nabc", "truncated")]
    [InlineData("P2 2 1 9\n1 10", "above the declared maximum")]
    [InlineData("P2 2 1 9\n1 x", "not a number")]
    [InlineData("P1 2 1\n12", "neither 0 nor 1")]
    [InlineData("P5", "truncated")]
    public void BrokenFilesAreReported(string content, string expected)
    {
        string message = Assert.Throws<BadInputException>(() => Read(content)).Message;
        Assert.Contains("test.pnm", message);
        Assert.Contains(expected, message);
    }

    [Theory]
    [InlineData("a.pgm", 1)]
    [InlineData("a.ppm", 3)]
    public void WhatIsWrittenIsReadBack(string name, int channels)
    {
        using var folder = new TemporaryFolder();
        var image = new Image(5, 3, channels, [.. Enumerable.Range(0, 15 * channels).Select(i => (byte)(i * 5))]);
        ImageFile.Write(folder[name], image);
        Assert.Equal(image.Pixels, ImageFile.Read(folder[name]).Pixels);
    }
}
