using GpuVae.Applications;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;

namespace GpuVae.Tests.Applications;

public sealed class UpscalingTests(InpaintingTests.Digits digits) : IClassFixture<InpaintingTests.Digits>
{
    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void EnlargedImagesAreCloserThanBicubicOnesAndReduceToTheInput(int factor)
    {
        ImageShape shape = digits.Model.Options.Shape;
        float[] images = PictureInput.Rows(digits.Test), small = Enlargement.Reduce(images, shape, factor);
        float[] bicubic = Enlargement.Bicubic(small, Upscaling.SmallShape(shape, factor), factor);
        float[] enlarged = Upscaling.Enlarge(digits.Model, small, factor);
        double Error(float[] large) => large.Zip(images, (a, b) => (a - b) * (double)(a - b)).Average();
        Assert.True(Error(enlarged) < 0.8 * Error(bicubic), $"{Error(enlarged):F4} against {Error(bicubic):F4} of bicubic");
        Assert.All(enlarged, value => Assert.InRange(value, 0, 1));
        Assert.All(small.Zip(Enlargement.Reduce(enlarged, shape, factor)), pair => Assert.Equal(pair.First, pair.Second, 2e-3f));
    }

    [Fact]
    public void AModelTrainedForItSeesMeansOfBlocksAloneAndEnlargesBetterThanBicubic()
    {
        using var model = new Vae(digits.Model.Device, digits.Model.Options with { Upscale = 4 });
        using (var trainer = new Trainer(model, digits.Train, new TrainingOptions { Epochs = 10, BatchSize = 64, LearningRate = 2e-3 }))
            trainer.Run(TestContext.Current.CancellationToken);
        ImageShape shape = model.Options.Shape, smallShape = Upscaling.SmallShape(shape, 4);
        float[] images = PictureInput.Rows(digits.Test), small = Enlargement.Reduce(images, shape, 4);
        float[] Means(float[] of)
        {
            float[] means = new float[digits.Test.Count * model.Options.Latent];
            model.Encode(of, means, new float[means.Length]);
            return means;
        }
        float[] blocks = Enlargement.Repeat(small, smallShape, 4);
        Assert.All(Means(images).Zip(Means(blocks)), pair => Assert.Equal(pair.First, pair.Second, 1e-3f));
        double Error(float[] large) => large.Zip(images, (a, b) => (a - b) * (double)(a - b)).Average();
        double enlarged = Error(Upscaling.Enlarge(model, small, 4)), bicubic = Error(Enlargement.Bicubic(small, smallShape, 4));
        Assert.True(enlarged < 0.8 * bicubic, $"{enlarged:F4} against {bicubic:F4} of bicubic");
    }

    [Fact]
    public void BicubicReproducesAStraightSlope()
    {
        // Pixels are areas: the value at the centre of a large pixel is that of the line there.
        float[] small = [.. Enumerable.Range(0, 8 * 8).Select(i => (i % 8 + 0.5f) / 8 * 0.5f + (i / 8 + 0.5f) / 8 * 0.25f)];
        float[] large = Enlargement.Bicubic(small, new ImageShape(8, 8), 4);
        for (int y = 8; y < 24; y++)
            for (int x = 8; x < 24; x++)
                Assert.Equal((x + 0.5f) / 32 * 0.5f + (y + 0.5f) / 32 * 0.25f, large[y * 32 + x], 1e-5f);
        Assert.Equal(small.Length, Enlargement.Reduce(large, new ImageShape(32, 32), 4).Length);
    }

    [Fact]
    public void FactorsThatDoNotFitAreRefused()
    {
        Assert.Contains(
            "choose 2 or 4", Assert.Throws<BadInputException>(() => Upscaling.SmallShape(new(28, 28), 3)).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "multiples of 4", Assert.Throws<BadInputException>(() => Upscaling.SmallShape(new(30, 28), 4)).Message,
            StringComparison.Ordinal);
        Assert.Equal(new ImageShape(7, 14, 3), Upscaling.SmallShape(new(28, 56, 3), 4));
        Assert.Throws<ArgumentException>(() => Upscaling.Enlarge(digits.Model, new float[50], 4));
        Assert.Throws<ArgumentException>(() => Upscaling.Enlarge(digits.Model, [], 4));
    }
}
