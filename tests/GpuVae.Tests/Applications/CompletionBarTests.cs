using GpuVae.Applications;
using GpuVae.Data;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;

namespace GpuVae.Tests.Applications;

/// <summary>
/// How good completions and enlargements of real digits and of faces are, against what can be done without a model. Minutes of training:
/// only with GPUVAE_NIGHTLY=1.
/// </summary>
public sealed class CompletionBarTests(CpuDevice cpu) : IClassFixture<CpuDevice>
{
    [Fact]
    public void HiddenHalvesOfDigitsAreCloserToTheTruthThanTheMeanAndTheNearestTrainingImage()
    {
        const int count = 1000, samples = 8, pixels = 784, seen = pixels / 2;
        Nightly.Require("trains for minutes");
        DataSets mnist = OutsideFiles.Mnist();
        using Vae model = Train(mnist.Train, new VaeOptions(), epochs: 10);
        var lower = Mask.Half(28, 28, ImageHalf.Lower);
        float[] images = PictureInput.Rows(mnist.Test, 0, count);
        float[] probable = Inpainting.Complete(model, images, lower);
        float[] drawn = Inpainting.Sample(model, images, lower, samples, new InpaintingOptions { SamplingSteps = 100 });

        float[] expected = new float[images.Length];
        double spread = 0;
        for (int i = 0; i < drawn.Length; i++)
            expected[i / (samples * pixels) * pixels + i % pixels] += drawn[i] / samples;
        for (int i = 0; i < drawn.Length; i++)
            spread += Math.Pow(drawn[i] - expected[i / (samples * pixels) * pixels + i % pixels], 2) / (drawn.Length / 2);

        float[] train = PictureInput.Rows(mnist.Train), mean = new float[pixels];
        for (int i = 0; i < train.Length; i++)
            mean[i % pixels] += train[i] / mnist.Train.Count;
        int[] nearest = new int[count];
        Parallel.For(0, count, i =>
        {
            ReadOnlySpan<float> given = images.AsSpan(i * pixels, seen);
            float least = float.PositiveInfinity;
            for (int j = 0; j < mnist.Train.Count; j++)
            {
                float distance = System.Numerics.Tensors.TensorPrimitives.Distance(given, train.AsSpan(j * pixels, seen));
                if (distance < least)
                    (least, nearest[i]) = (distance, j);
            }
        });
        double Error(Func<int, float> pixel) =>
            Enumerable.Range(0, images.Length).Where(i => i % pixels >= seen).Average(i => Math.Pow(pixel(i) - images[i], 2));
        double ofMean = Error(i => mean[i % pixels]), ofNearest = Error(i => train[nearest[i / pixels] * pixels + i % pixels]);
        double ofProbable = Error(i => probable[i]), ofExpected = Error(i => expected[i]);
        TestContext.Current.SendDiagnosticMessage(
            $"hidden halves, MSE: mean image {ofMean:F4}, nearest {ofNearest:F4}, most probable {ofProbable:F4}, "
            + $"mean of {samples} samples {ofExpected:F4}, variance of the samples {spread:F4}");
        // The mean of the samples estimates E[hidden | seen], which is what a squared error asks for; the most probable one has to choose.
        Assert.InRange(ofExpected, 0, 0.6 * ofMean);
        Assert.InRange(ofExpected, 0, ofNearest);
        Assert.InRange(ofProbable, 0, Math.Min(0.7 * ofMean, ofNearest));
        Assert.True(spread > 0.005, $"{spread:F4}: the samples of an image are all the same");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void DigitsAreEnlargedTwoDecibelsBetterThanBicubic(int upscale)
    {
        Nightly.Require("trains for minutes");
        DataSets mnist = OutsideFiles.Mnist();
        using Vae model = Train(mnist.Train, new VaeOptions { Upscale = upscale }, epochs: 10);
        (double enlarged, double bicubic) = Enlarge(model, mnist.Test);
        Assert.True(enlarged >= bicubic + 2, $"{enlarged:F2} dB against {bicubic:F2} dB of bicubic");
    }

    [Fact]
    public void FacesAreEnlargedTwoDecibelsBetterThanBicubic()
    {
        Nightly.Require("trains for minutes");
        var options = new VaeOptions
        {
            Network = NetworkKind.Convolutional,
            ChannelsPerStage = [16, 32, 64, 128],
            GroupNorm = true,
            Activation = ActivationKind.Silu,
            Latent = 128,
            Likelihood = Likelihood.GaussianShared,
            Upscale = 4,
        };
        using Vae model = Train(SyntheticFaces.Create(8000, seed: 1, FaceStyle.Painted), options, epochs: 12, learningRate: 2e-3);
        (double enlarged, double bicubic) = Enlarge(model, SyntheticFaces.Create(500, seed: 2, FaceStyle.Painted));
        Assert.True(enlarged >= bicubic + 2, $"{enlarged:F2} dB against {bicubic:F2} dB of bicubic");
    }

    private Vae Train(ImageSet images, VaeOptions options, int epochs, double learningRate = 1e-3)
    {
        var model = new Vae(cpu.Device, options with { Shape = images.Shape });
        int batch = options.Network == NetworkKind.Dense ? 128 : 64;
        using var trainer = new Trainer(
            model, images, new TrainingOptions { Epochs = epochs, BatchSize = batch, LearningRate = learningRate });
        trainer.Run(TestContext.Current.CancellationToken);
        return model;
    }

    /// <summary>The mean PSNR of 500 images, reduced by 4 to 8-bit levels and enlarged again, in dB.</summary>
    private static (double Enlarged, double Bicubic) Enlarge(Vae model, ImageSet test)
    {
        const int count = 500, factor = 4;
        ImageShape shape = model.Options.Shape;
        float[] images = PictureInput.Rows(test, 0, count);
        float[] small = [.. Enlargement.Reduce(images, shape, factor).Select(value => MathF.Round(255 * value) / 255)];
        (double, double) result = (
            Psnr(Upscaling.Enlarge(model, small, factor)),
            Psnr(Enlargement.Bicubic(small, Upscaling.SmallShape(shape, factor), factor)));
        TestContext.Current.SendDiagnosticMessage(
            $"{model.Options.Network}, encoder of 1/{model.Options.Upscale}: enlarged, bicubic {result}");
        return result;

        double Psnr(float[] large) => Enumerable.Range(0, count).Average(n =>
        {
            double error = 0;
            for (int i = n * shape.Pixels; i < (n + 1) * shape.Pixels; i++)
                error += Math.Pow(large[i] - images[i], 2) / shape.Pixels;
            return -10 * Math.Log10(error);
        });
    }
}
