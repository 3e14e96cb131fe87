using GpuVae.Evaluation;
using GpuVae.Options;

namespace GpuVae.Tests.Evaluation;

public sealed class ImageQualityTests(CpuDevice cpu) : IClassFixture<CpuDevice>
{
    private static readonly ImageShape Shape = new(16, 13, 3);

    [Fact]
    public void AnImageIsLikeItself()
    {
        float[] x = [.. TestImages.Random(3, Shape).Pixels.Select(pixel => pixel / 255f)];
        var quality = ImageQuality.Compare(cpu.Device, x, x, Shape);
        Assert.Equal(0, quality.Mse);
        Assert.Equal(ImageQuality.MaxPsnr, quality.Psnr, 1e-9);
        Assert.Equal(1, quality.Ssim, 1e-5);
    }

    [Fact]
    public void FlatImagesHaveTheirLuminanceTermAlone()
    {
        // Two pairs, so that a mean of PSNRs differs from the PSNR of a mean: 0.25 beside 0.75 and 0.75 beside 0.65.
        float[] x = Flat(0.25f, 0.75f), y = Flat(0.75f, 0.65f);
        var quality = ImageQuality.Compare(cpu.Device, x, y, Shape);
        Assert.Equal((0.25 + 0.01) / 2, quality.Mse, 1e-6);
        Assert.Equal((-10 * Math.Log10(0.25) - 10 * Math.Log10(0.01)) / 2, quality.Psnr, 1e-4);
        double Luminance(double a, double b) => (2 * a * b + 1e-4) / (a * a + b * b + 1e-4);
        Assert.Equal((Luminance(0.25, 0.75) + Luminance(0.75, 0.65)) / 2, quality.Ssim, 1e-4);
    }

    [Fact]
    public void ImagesThatDoNotPairAreRefused() => Assert.Throws<ArgumentException>(
        () => ImageQuality.Compare(cpu.Device, new float[Shape.Pixels], new float[2 * Shape.Pixels], Shape));

    private static float[] Flat(params float[] levels) => [.. levels.SelectMany(level => Enumerable.Repeat(level, Shape.Pixels))];
}
