using GpuVae.Imaging;

namespace GpuVae.Tests.Imaging;

public class ResizeTests
{
    [Theory]
    [InlineData(60, 45, 20, 15)]
    [InlineData(61, 47, 20, 13)]
    [InlineData(7, 5, 3, 4)]
    public void AreaIsTheIntegralOverTheNewPixel(int width, int height, int newWidth, int newHeight)
    {
        Image image = Noise(width, height, 3);
        Image small = Resize.Area(image, newWidth, newHeight);
        // The reference refines every source pixel into newWidth × newHeight parts, so that new pixels are whole blocks of parts.
        for (int y = 0; y < newHeight; y++)
            for (int x = 0; x < newWidth; x++)
                for (int c = 0; c < 3; c++)
                {
                    double sum = 0;
                    for (int v = y * height; v < (y + 1) * height; v++)
                        for (int u = x * width; u < (x + 1) * width; u++)
                            sum += image.Pixels[(v / newHeight * width + u / newWidth) * 3 + c];
                    Assert.InRange(small.Pixels[(y * newWidth + x) * 3 + c] - sum / ((double)width * height), -0.51, 0.51);
                }
    }

    [Theory]
    [InlineData(5, 5, 40, 33)]
    [InlineData(40, 40, 7, 9)]
    [InlineData(3, 50, 50, 3)]
    public void AFlatPictureStaysFlat(int width, int height, int newWidth, int newHeight)
    {
        var image = new Image(width, height, 1);
        image.Pixels.AsSpan().Fill(173);
        Assert.All(Resize.Lanczos3(image, newWidth, newHeight).Pixels, pixel => Assert.Equal(173, pixel));
        Assert.All(Resize.Area(image, newWidth, newHeight).Pixels, pixel => Assert.Equal(173, pixel));
    }

    [Fact]
    public void LanczosReproducesASmoothWave()
    {
        static double Wave(double x) => 128 + 100 * Math.Sin(x * 2 * Math.PI / 16);
        var image = new Image(64, 1, 1, [.. Enumerable.Range(0, 64).Select(x => (byte)Math.Round(Wave(x + 0.5)))]);
        Image large = Resize.Lanczos3(image, 192, 1);
        for (int x = 12; x < 180; x++) // the edges repeat, the wave does not
            Assert.InRange(large.Pixels[x] - Wave((x + 0.5) / 3), -2.5, 2.5);
    }

    [Fact]
    public void TheCropIsCentredAndOfTheWantedAspect()
    {
        var image = new Image(10, 4, 1, [.. Enumerable.Range(0, 40).Select(i => (byte)i)]);
        Image square = Resize.CentreCrop(image, 1, 1);
        Assert.Equal((4, 4), (square.Width, square.Height));
        Assert.Equal([3, 4, 5, 6, 13], square.Pixels[..5]);
        Image fitted = Resize.Fit(Noise(30, 100, 3), 28, 20);
        Assert.Equal((28, 20, 3), (fitted.Width, fitted.Height, fitted.Channels));
    }

    [Fact]
    public void AGridPutsEveryImageInItsPlace()
    {
        byte[] images = [.. Enumerable.Range(0, 3 * 3 * 2 * 2).Select(i => (byte)(i + 100))]; // three of 3 × 2 × 2
        Image grid = ImageGrid.Compose(images, 2, 2, 3, columns: 2, padding: 1, background: 9);
        Assert.Equal((7, 7, 3), (grid.Width, grid.Height, grid.Channels));
        byte At(int x, int y, int c) => grid.Pixels[(y * 7 + x) * 3 + c];
        Assert.Equal(9, At(0, 0, 0));
        Assert.Equal(images[0], At(1, 1, 0));
        Assert.Equal(images[12 + 4 + 3], At(5, 2, 1)); // second image, channel 1, y = 1, x = 1
        Assert.Equal(images[24 + 8 + 2], At(1, 5, 2)); // third image, second row, channel 2, y = 1, x = 0
        Assert.Equal(9, At(4, 4, 0));
        Assert.Equal([0, 0, 255, 128, 0], ImageGrid.ToBytes([-1f, 0f, 2f, 0.5f, float.NaN]));
    }

    private static Image Noise(int width, int height, int channels)
    {
        var image = new Image(width, height, channels);
        uint state = 12345;
        for (int i = 0; i < image.Pixels.Length; i++)
            image.Pixels[i] = (byte)((state = state * 1664525 + 1013904223) >> 24);
        return image;
    }
}
