using GpuVae.Data;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;

namespace GpuVae.Tests.Training;

public sealed class AugmentationTests(CpuDevice cpu) : IClassFixture<CpuDevice>
{
    private static readonly VaeOptions Small = new() { Shape = new ImageShape(6, 5, 3), Hidden = [8], Latent = 2 };
    private static readonly TrainingOptions All = new()
    {
        Epochs = 2,
        BatchSize = 8,
        FlipHorizontally = true,
        FlipVertically = true,
        MaxShift = 1,
        LeastCrop = 0.8,
        Brightness = 0.2,
    };

    public static TheoryData<TrainingOptions> Each =>
    [
        new TrainingOptions { FlipHorizontally = true }, new TrainingOptions { FlipVertically = true },
        new TrainingOptions { MaxShift = 2 }, new TrainingOptions { LeastCrop = 0.5 }, new TrainingOptions { Brightness = 0.5 },
    ];

    [Theory]
    [MemberData(nameof(Each))]
    public void EachWayOfChangingImagesChangesTheTrainingButNoEvaluation(TrainingOptions options)
    {
        (float[] plain, double untouched) = Train(new TrainingOptions { Epochs = 1, BatchSize = 8 });
        (float[] changed, double same) = Train(options with { Epochs = 1, BatchSize = 8 });
        Assert.NotEqual(plain, changed);
        Assert.Equal(untouched, same);
    }

    [Fact]
    public void AnAugmentedTrainingIsGoneOnWithToTheSameBits()
    {
        ImageSet set = TestImages.Random(20, Small.Shape);
        using var folder = new TemporaryFolder();
        (float[] whole, _) = Train(All);
        using (var model = new Vae(cpu.Device, Small, 1))
        using (var trainer = new Trainer(model, set, All))
        {
            for (int step = 0; step < 4; step++)
                trainer.RunStep();
            trainer.Save(folder["checkpoint"]);
        }
        using var resumed = Trainer.Resume(cpu.Device, TrainingCheckpoint.Read(folder["checkpoint"]), set);
        resumed.Run();
        Assert.Equal(whole, Decoded(resumed.Model));
        (float[] otherSeed, _) = Train(All with { Seed = 2 });
        Assert.NotEqual(whole, otherSeed);
    }

    [Theory]
    [InlineData("MaxShift")]
    [InlineData("LeastCrop")]
    [InlineData("Brightness")]
    [InlineData("DynamicBinarization")]
    public void OutOfRangeIsBadInputThatNamesTheOption(string named)
    {
        TrainingOptions options = named switch
        {
            "MaxShift" => new() { MaxShift = -1 },
            "LeastCrop" => new() { LeastCrop = 0 },
            "Brightness" => new() { Brightness = 1 },
            _ => new() { DynamicBinarization = true, Brightness = 0.1 },
        };
        Assert.Contains($"TrainingOptions.{named}", Assert.Throws<BadInputException>(options.Validate).Message, StringComparison.Ordinal);
    }

    private (float[] Image, double Before) Train(TrainingOptions options)
    {
        ImageSet set = TestImages.Random(20, Small.Shape);
        using var model = new Vae(cpu.Device, Small, 1);
        double before = model.Evaluate(set).Loss;
        using var trainer = new Trainer(model, set, options);
        trainer.Run();
        return (Decoded(model), before);
    }

    private static float[] Decoded(Vae model)
    {
        float[] image = new float[Small.Shape.Pixels];
        model.Decode([0.3f, -0.7f], image);
        return image;
    }
}
