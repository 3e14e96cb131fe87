using GpuVae.Applications;
using GpuVae.Data;
using GpuVae.Imaging;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;

namespace GpuVae.Tests.Applications;

public sealed class InpaintingTests(InpaintingTests.Digits digits) : IClassFixture<InpaintingTests.Digits>
{
    /// <summary>A small model of the built-in digits, trained for some seconds.</summary>
    public sealed class Digits : IDisposable
    {
        private readonly CpuDevice cpu = new();

        public Digits()
        {
            Train = SyntheticDigits.Create(3000, seed: 1);
            Test = SyntheticDigits.Create(64, seed: 2);
            Model = new Vae(cpu.Device, new VaeOptions { Hidden = [256, 128], Latent = 12 });
            using var trainer = new Trainer(Model, Train, new TrainingOptions { Epochs = 12, BatchSize = 64, LearningRate = 2e-3 });
            trainer.Run();
        }

        public ImageSet Train { get; }

        public ImageSet Test { get; }

        public Vae Model { get; }

        public void Dispose()
        {
            Model.Dispose();
            cpu.Dispose();
        }
    }

    private static readonly Mask Lower = Mask.Half(28, 28, ImageHalf.Lower);

    private readonly float[] images = PictureInput.Rows(digits.Test);

    [Fact]
    public void SeenPixelsComeBackToTheBitAndHiddenOnesAreNotLookedAt()
    {
        float[] defaced = Lower.Show(images, digits.Model.Options.Shape);
        float[] completed = Inpainting.Complete(digits.Model, images, Lower), again = Inpainting.Complete(digits.Model, defaced, Lower);
        Assert.Equal(completed, again);
        for (int i = 0; i < images.Length; i++)
            if (!IsHidden(i))
                Assert.Equal(BitConverter.SingleToInt32Bits(images[i]), BitConverter.SingleToInt32Bits(completed[i]));
    }

    [Fact]
    public void CompletionsAreBetterThanTheMeanImageAndSamplesDiffer()
    {
        const int samples = 8;
        float[] mean = new float[784], completed = Inpainting.Complete(digits.Model, images, Lower);
        for (int i = 0; i < digits.Train.Pixels.Length; i++)
            mean[i % 784] += digits.Train.Pixels[i] / (255f * digits.Train.Count);
        float[] drawn = Inpainting.Sample(digits.Model, images, Lower, samples);
        double meanFill = Error(i => mean[i % 784]);
        Assert.InRange(Error(i => completed[i]), 0, 0.8 * meanFill);
        float Average(int i) => Enumerable.Range(0, samples).Average(k => drawn[(i / 784 * samples + k) * 784 + i % 784]);
        Assert.InRange(Error(Average), 0, 0.8 * meanFill);
        double spread = Enumerable.Range(0, drawn.Length / 784).Average(row =>
            Enumerable.Range(0, 784).Max(p => Math.Abs(drawn[row * 784 + p] - drawn[row / samples * samples * 784 + (p + 784) % 784])));
        Assert.True(spread > 0.1, $"samples of an image differ by {spread:F3} in the pixel that differs most");
    }

    [Fact]
    public void TheSameSeedGivesTheSameSamplesWhateverTheBatch()
    {
        float[] all = Inpainting.Sample(digits.Model, images.AsSpan(0, 6 * 784), Lower, 2, new InpaintingOptions { SamplingSteps = 20 });
        float[] first = Inpainting.Sample(digits.Model, images.AsSpan(0, 2 * 784), Lower, 2, new InpaintingOptions { SamplingSteps = 20 });
        float[] other = Inpainting.Sample(
            digits.Model, images.AsSpan(0, 2 * 784), Lower, 2, new InpaintingOptions { SamplingSteps = 20, Seed = 2 });
        for (int i = 0; i < first.Length; i++)
            Assert.Equal(first[i], all[i], 1e-3f);
        Assert.NotEqual(first, other);
    }

    [Fact]
    public void WithEverythingHiddenTheMostProbableCodeIsThePriorsMean()
    {
        var all = Mask.Rectangle(28, 28, 0, 0, 28, 28);
        float[] expected = new float[784];
        digits.Model.Decode(new float[digits.Model.Options.Latent], expected);
        float[] completed = Inpainting.Complete(digits.Model, images.AsSpan(0, 784), all);
        for (int i = 0; i < 784; i++)
            Assert.Equal(expected[i], completed[i], 0.01f);
    }

    [Theory]
    [InlineData(Likelihood.GaussianLearned)]
    [InlineData(Likelihood.ContinuousBernoulli)]
    [InlineData(Likelihood.Laplace)]
    [InlineData(Likelihood.LogisticMixture)]
    public void EveryLikelihoodIsSearched(Likelihood likelihood)
    {
        using var model = new Vae(digits.Model.Device, new VaeOptions { Hidden = [32], Latent = 4, Likelihood = likelihood });
        float[] three = images[..(3 * 784)];
        float[] completed = Inpainting.Complete(model, three, Lower, new InpaintingOptions { DescentSteps = 5 });
        Assert.All(completed, value => Assert.True(float.IsFinite(value)));
        float[] small = Enlargement.Reduce(three, model.Options.Shape, 4);
        float[] large = Upscaling.Enlarge(model, small, 4, new UpscalingOptions { Steps = 5 });
        float[] reduced = Enlargement.Reduce(large, model.Options.Shape, 4);
        for (int i = 0; i < small.Length; i++)
            Assert.Equal(small[i], reduced[i], 2e-3f);
    }

    [Fact]
    public void AMaskThatDoesNotFitOrHidesNothingIsRefused()
    {
        BadInputException size = Assert.Throws<BadInputException>(
            () => Inpainting.Complete(digits.Model, images, Mask.Half(14, 28, ImageHalf.Left)));
        Assert.Contains("14×28", size.Message, StringComparison.Ordinal);
        Assert.Contains("28×28", size.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Inpainting.Complete(digits.Model, images.AsSpan(1), Mask.Half(28, 28, ImageHalf.Left)));
        BadInputException nothing = Assert.Throws<BadInputException>(
            () => Inpainting.Complete(digits.Model, images, Mask.Rectangle(28, 28, 28, 0, 5, 5)));
        Assert.Contains("hides nothing", nothing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void MasksHideWhatTheySay()
    {
        Assert.Equal(14 * 28, Lower.HiddenCount);
        Assert.True(Lower[3, 14] && !Lower[3, 13]);
        Assert.Equal(10, Mask.Half(5, 5, ImageHalf.Left).HiddenCount);
        Assert.Equal(6, Mask.Rectangle(9, 9, 7, 2, 5, 3).HiddenCount);
        Assert.InRange(Mask.Random(100, 100, 0.3, seed: 1).HiddenCount, 2800, 3200);
        Assert.Equal([false, true], Hidden(new Image(2, 1, 1, [0, 255])));
        // Where there is transparency, it alone counts.
        Assert.Equal([true, false], Hidden(new Image(2, 1, 4, [0, 0, 0, 0, 255, 255, 255, 255])));
        Assert.Equal([false, true], Hidden(new Image(2, 1, 4, [0, 0, 0, 255, 255, 255, 255, 255])));
    }

    private static bool[] Hidden(Image image)
    {
        var mask = Mask.FromImage(image);
        return [mask[0, 0], mask[1, 0]];
    }

    private static bool IsHidden(int i) => i % 784 >= 14 * 28;

    private double Error(Func<int, float> pixel) =>
        Enumerable.Range(0, images.Length).Where(IsHidden).Average(i => Math.Pow(pixel(i) - images[i], 2));
}
