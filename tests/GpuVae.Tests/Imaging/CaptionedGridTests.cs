using GpuVae.Imaging;
using GpuVae.Options;

namespace GpuVae.Tests.Imaging;

public class CaptionedGridTests
{
    private static readonly ImageShape Shape = new(4, 3, 3);

    [Fact]
    public void AGridIsAtLeastSixHundredPixelsWideByItself()
    {
        Image grid = new CaptionedGrid(Shape, 5).Compose(new float[10 * Shape.Pixels]);
        Assert.InRange(grid.Width, 600, 700);
        Assert.Equal(3, grid.Channels);
    }

    [Fact]
    public void EnlargingRepeatsPixels()
    {
        float[] image = [.. Enumerable.Range(0, Shape.Pixels).Select(i => i / 40f)];
        Image small = new CaptionedGrid(Shape) { Scale = 1 }.Compose(image), large = new CaptionedGrid(Shape) { Scale = 3 }.Compose(image);
        for (int y = 0; y < 3 * Shape.Height; y++)
            for (int x = 0; x < 3 * Shape.Width; x++)
                Assert.Equal(At(small, 2 + x / 3, 2 + y / 3), At(large, 4 + x, 4 + y));

        static byte[] At(Image picture, int x, int y) => picture.Pixels.AsSpan((y * picture.Width + x) * 3, 3).ToArray();
    }

    [Fact]
    public void NamesStandBesideTheGridAndTheGridIsTheSame()
    {
        float[] images = [.. Enumerable.Range(0, 6 * Shape.Pixels).Select(i => i % 7 / 7f)];
        var plain = new CaptionedGrid(Shape, 3) { Scale = 4 };
        Image bare = plain.Compose(images);
        Image named = (plain with { RowNames = ["up", "down"], ColumnNames = ["1", "2", "much too long a name"] }).Compose(images);
        int left = named.Width - bare.Width, top = named.Height - bare.Height;
        Assert.Equal((2 * (4 * 6 - 1) + 12, 14 + 12), (left, top));
        for (int y = 0; y < bare.Height; y++)
            Assert.Equal(
                bare.Pixels.AsSpan(y * bare.Width * 3, bare.Width * 3).ToArray(),
                named.Pixels.AsSpan(((y + top) * named.Width + left) * 3, bare.Width * 3).ToArray());
        Assert.Contains(named.Pixels.AsSpan(0, top * named.Width * 3).ToArray(), value => value > 200);
    }

    [Fact]
    public void ATallGridIsNotMadeLargerThanAPictureMayBe()
    {
        Image grid = new CaptionedGrid(new ImageShape(8, 8), 1).Compose(new float[5000 * 64]);
        Assert.True((long)grid.Width * grid.Height < 40_000_000);
    }
}
