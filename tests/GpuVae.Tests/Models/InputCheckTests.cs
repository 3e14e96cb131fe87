using GpuVae.Applications;
using GpuVae.Evaluation;
using GpuVae.Models;
using GpuVae.Options;

namespace GpuVae.Tests.Models;

/// <summary>Numbers from the caller's memory that no image and no code holds are refused, with their place.</summary>
public sealed class InputCheckTests(CpuDevice cpu) : IClassFixture<CpuDevice>
{
    private static readonly VaeOptions Small = new() { Shape = new(8, 8), Hidden = [16], Latent = 3 };

    [Theory]
    [InlineData(float.NaN, "is NaN")]
    [InlineData(float.PositiveInfinity, "is Infinity")]
    [InlineData(float.NegativeInfinity, "is -Infinity")]
    [InlineData(-0.25f, "is -0.25")]
    [InlineData(1.5f, "is 1.5")]
    [InlineData(255f, "is 255")]
    public void ImagesOutsideZeroToOneAreRefusedWhereverTheyGoIn(float value, string what)
    {
        using var model = new Vae(cpu.Device, Small);
        float[] means = new float[9], others = new float[9], results = new float[3 * 64];
        // The vectors of the check and what is left over behind them.
        foreach (int place in (int[])[0, 37, 191])
        {
            float[] images = Images();
            images[place] = value;
            (string Name, Action Use)[] uses =
            [
                ("images", () => model.Encode(images, means, others)), ("images", () => model.Reconstruct(images, results)),
                ("images", () => Inpainting.Complete(model, images, Mask.Rectangle(8, 8, 3, 3, 1, 1))),
                ("small", () => Upscaling.Enlarge(model, images.AsSpan(place == 191 ? 176 : place, 16), 2)),
            ];
            foreach ((string name, Action use) in uses)
            {
                ArgumentException error = Assert.ThrowsAny<ArgumentException>(use);
                int at = name == "small" ? place == 191 ? 15 : 0 : place;
                Assert.Contains($"{name}[{at}] {what};", error.Message, StringComparison.Ordinal);
                Assert.Equal(name, error.ParamName);
                Assert.Equal(value is > 1 and <= 255, error.Message.Contains("divide them by 255", StringComparison.Ordinal));
            }
        }
    }

    [Fact]
    public void TheEndsOfTheRangeAreImages()
    {
        using var model = new Vae(cpu.Device, Small);
        float[] images = Images(), means = new float[9];
        (images[0], images[1], images[2]) = (0, 1, -0f);
        model.Encode(images, means, new float[9]);
        Assert.All(means, mean => Assert.True(float.IsFinite(mean)));
    }

    [Fact]
    public void CodesThatAreNotFiniteAreRefused()
    {
        using var model = new Vae(cpu.Device, Small);
        float[] images = new float[3 * 64];
        foreach (float value in (float[])[float.NaN, float.PositiveInfinity, float.NegativeInfinity])
        {
            float[] codes = [0, 1, 2, 3, 4, value, 6, 7, 8];
            ArgumentException error = Assert.Throws<ArgumentException>(() => model.Decode(codes, images));
            Assert.StartsWith("codes[5] is ", error.Message, StringComparison.Ordinal);
            Assert.Equal("codes", error.ParamName);
        }
        Assert.Throws<ArgumentException>("change", () => new ImageEditor(model, TestImages.Random(1, Small.Shape)).Edit([0, float.NaN, 0]));
        Assert.Throws<ArgumentException>("others", () => ImageQuality.Compare(cpu.Device, new float[64], NotANumber(), Small.Shape));
    }

    [Fact]
    public void CountsThatNoArrayHoldsAreRefused()
    {
        using var model = new Vae(cpu.Device, Small);
        Assert.Throws<ArgumentOutOfRangeException>("count", () => model.Generate(int.MaxValue, seed: 1));
        Assert.Throws<ArgumentOutOfRangeException>("count", () => model.SamplePrior(int.MaxValue, seed: 1));
        Assert.Throws<ArgumentOutOfRangeException>("count", () => model.SampleCodes(0, seed: 1));
        Assert.Throws<ArgumentOutOfRangeException>("samples", () => model.Evaluate(TestImages.Random(1, Small.Shape), samples: 0));
        Assert.Throws<BadInputException>(
            () => Upscaling.Enlarge(model, new float[16], 2, new UpscalingOptions { Deviation = double.NaN }));
    }

    [Fact]
    public void HiddenPixelsMayHoldAnything()
    {
        using var model = new Vae(cpu.Device, Small);
        var mask = Mask.Half(8, 8, ImageHalf.Lower);
        float[] images = Images(), defaced = [.. images];
        for (int i = 0; i < defaced.Length; i++)
            if (i % 64 >= 32)
                defaced[i] = float.NaN;
        Assert.Equal(Inpainting.Complete(model, images, mask), Inpainting.Complete(model, defaced, mask));
    }

    [Fact]
    public void ModelsWhoseReconstructionsLeaveTheRangeCompleteAllTheSame()
    {
        using var model = new Vae(cpu.Device, Small with { Likelihood = Likelihood.GaussianShared });
        GpuVae.Layers.Parameter bias = model.Parameters["decoder.2.bias"];
        model.Parameters.Write(bias, [.. Enumerable.Repeat(2f, bias.Length)]);
        float[] completed = Inpainting.Complete(model, Images(), Mask.Half(8, 8, ImageHalf.Lower));
        Assert.Contains(completed, value => value > 1);
    }

    private static float[] Images() => PictureInput.Rows(TestImages.Random(3, Small.Shape));

    private static float[] NotANumber() => [.. Enumerable.Repeat(0.5f, 63), float.NaN];
}
