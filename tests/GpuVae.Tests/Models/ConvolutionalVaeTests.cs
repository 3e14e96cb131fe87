using GpuVae.Data;
using GpuVae.Formats;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;

namespace GpuVae.Tests.Models;

public sealed class ConvolutionalVaeTests(CpuDevice cpu) : IClassFixture<CpuDevice>
{
    private static VaeOptions Small(int width, int height, int channels) => new()
    {
        Network = NetworkKind.Convolutional,
        Shape = new(width, height, channels),
        ChannelsPerStage = [6, 8],
        Hidden = [16],
        Latent = 4,
    };

    public static TheoryData<VaeOptions> Varieties =>
    [
        Small(28, 28, 1),
        Small(11, 14, 3) with { Upsampling = UpsamplingKind.Nearest, Activation = ActivationKind.Gelu },
        Small(7, 10, 3) with { Upsampling = UpsamplingKind.Bilinear },
        Small(9, 9, 1) with { ResidualBlocks = 2, GroupNorm = true },
        Small(8, 6, 3) with { ResidualBlocks = 1, Activation = ActivationKind.Tanh, Likelihood = Likelihood.DiscretizedLogistic },
        Small(5, 7, 1) with { Hidden = [], GroupNorm = true, Likelihood = Likelihood.GaussianLearned },
        Small(2, 1, 3),
        Small(9, 12, 1) with
        {
            Hierarchy = 5,
            LevelChannels = 3,
            GroupNorm = true,
            ResidualBlocks = 1,
            Upsampling = UpsamplingKind.Nearest,
        },
        Small(6, 5, 3) with { Hierarchy = 2, LevelChannels = 1, ChannelsPerStage = [4, 5, 6] },
    ];

    /// <summary>The directional derivative along the gradient is its norm: every gradient takes part, by central differences.</summary>
    [Theory]
    [MemberData(nameof(Varieties))]
    public void TheGradientIsTheSlopeOfTheLoss(VaeOptions options)
    {
        ImageSet images = TestImages.Random(3, options.Shape);
        using var model = new Vae(cpu.Device, options, seed: 5);
        float[][] start = [.. model.Parameters.Parameters.Select(model.Parameters.Read)];
        (_, float[][] gradient) = Step(model, images);
        double norm = Math.Sqrt(gradient.Sum(g => g.Sum(v => (double)v * v)));
        // Large against the rounding of a loss in float32, small against its curvature.
        double step = 5e-4;
        double slope = (LossAt(+step) - LossAt(-step)) / (2 * step);
        Assert.Equal(1, slope / norm, 1e-2);

        double LossAt(double distance)
        {
            for (int i = 0; i < start.Length; i++)
            {
                float[] moved = [.. start[i].Zip(gradient[i], (value, g) => (float)(value + distance * g / norm))];
                model.Parameters.Write(model.Parameters.Parameters[i], moved);
            }
            return Step(model, images).Loss;
        }
    }

    [Fact]
    public void TheLossFallsWithoutAllocating()
    {
        ImageSet images = SyntheticDigits.Create(128, seed: 3);
        using var model = new Vae(cpu.Device, Small(28, 28, 1) with { GroupNorm = true });
        using var trainer = new Trainer(model, images, new TrainingOptions { BatchSize = 32, Epochs = 20, LearningRate = 3e-3 });
        double before = model.Evaluate(images).Loss;
        for (int i = 0; i < 40; i++)
            trainer.RunStep();
        Assert.Equal(0, Allocations.Of(() => trainer.RunStep()));
        double after = model.Evaluate(images).Loss;
        Assert.True(after < 0.6 * before, $"the loss went from {before:F1} to {after:F1}");
    }

    [Fact]
    public void ReconstructionsKeepTheImagesShapeAndWeightsSurviveTheFile()
    {
        VaeOptions options = Small(13, 10, 3) with { ResidualBlocks = 1, GroupNorm = true, Upsampling = UpsamplingKind.Nearest };
        using var folder = new TemporaryFolder();
        using var model = new Vae(cpu.Device, options, seed: 9);
        float[] images = new float[2 * options.Shape.Pixels];
        for (int i = 0; i < images.Length; i++)
            images[i] = i % 7 / 7f;
        float[] expected = new float[images.Length];
        model.Reconstruct(images, expected);
        Assert.All(expected, value => Assert.InRange(value, 0, 1));
        model.Save(folder.FullPath);

        using var loaded = Vae.Load(cpu.Device, folder.FullPath);
        float[] actual = new float[images.Length];
        loaded.Reconstruct(images, actual);
        Assert.Equal(expected, actual);
        var file = SafetensorsFile.Read(Path.Combine(folder.FullPath, "model.safetensors"));
        Assert.Equal([6, 3, 3, 3], file.Get("encoder.0.weight", 6, 3, 3, 3).Shape);
        Assert.Equal(6, file.Get("encoder.3.norm2.bias", 6).Data.Length);
    }

    [Fact]
    public void WeightsStartAsPyTorchsDo()
    {
        using var model = new Vae(cpu.Device, Small(28, 28, 1) with { GroupNorm = true }, seed: 2);
        float[] weight = model.Parameters.Read(model.Parameters["encoder.3.weight"]);
        // [8, 6, 4, 4]: fan-in 6 · 4 · 4.
        Assert.InRange(weight.Max(), 0.9f / MathF.Sqrt(96), 1 / MathF.Sqrt(96));
        Assert.All(model.Parameters.Read(model.Parameters["encoder.4.weight"]), value => Assert.Equal(1, value));
        Assert.All(model.Parameters.Read(model.Parameters["encoder.4.bias"]), value => Assert.Equal(0, value));
    }

    private static (double Loss, float[][] Gradient) Step(Vae model, ImageSet images)
    {
        using var trainer = new Trainer(model, images, new TrainingOptions { BatchSize = 3, Epochs = 1, Seed = 21, LogEverySteps = 1 });
        double loss = 0;
        trainer.Progressed += report => loss = report.Loss.Reconstruction + report.Loss.Kl;
        trainer.RunStep();
        return (loss, [.. model.Parameters.Parameters.Select(p => model.Parameters.Read(p, trainer.State.Gradients))]);
    }
}
