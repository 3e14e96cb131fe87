using GpuVae.Data;
using GpuVae.Elbo;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;

namespace GpuVae.Tests.Training;

public sealed class TrainerTests(CpuDevice cpu) : IClassFixture<CpuDevice>, IDisposable
{
    private static readonly VaeOptions Small = new() { Shape = new(4, 3), Hidden = [6], Latent = 2 };

    // Everything that carries state from step to step is on; 11 images make batches of 4, 4 and 3.
    private static readonly TrainingOptions Busy = new()
    {
        BatchSize = 2,
        Accumulation = 2,
        AverageDecay = 0.9,
        Epochs = 3,
        Seed = 9,
        Decay = LearningRateDecay.Cosine,
        KlWarmupEpochs = 1.5,
        GradientClip = 5,
        WeightDecay = 0.01,
        DynamicBinarization = true,
        LogEverySteps = 2,
    };

    private readonly string folder = Directory.CreateTempSubdirectory("gpuvae-trainer-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void TheLossFallsAndTheSummarySaysSo()
    {
        ImageSet images = SyntheticDigits.Create(48, seed: 3);
        using var model = new Vae(cpu.Device, new VaeOptions { Hidden = [16], Latent = 4 });
        using var trainer = new Trainer(model, images, new TrainingOptions { BatchSize = 16, Epochs = 6, LearningRate = 5e-3 }, images);
        var epochs = new List<EpochSummary>();
        trainer.EpochCompleted += epochs.Add;
        TrainingResult result = trainer.Run(Cancellation);
        Assert.True(result.Completed);
        Assert.Equal(18, result.Steps);
        Assert.Equal([1, 2, 3, 4, 5, 6], epochs.Select(epoch => epoch.Epoch));
        Assert.True(epochs[^1].Train.Loss < 0.8 * epochs[0].Train.Loss, $"{epochs[0].Train.Loss} -> {epochs[^1].Train.Loss}");
        Assert.Equal(result.LastEpoch, epochs[^1]);
        // The test set is the training set here, so its loss after the epoch lies near the mean over the epoch.
        Assert.InRange(epochs[^1].Test!.Value.Loss / epochs[^1].Train.Loss, 0.7, 1.1);
    }

    [Fact]
    public void TheSameSeedGivesTheSameBytesAndAnotherSeedOthers()
    {
        byte[] Checkpoint(ulong seed)
        {
            string path = Path.Combine(folder, "determinism");
            using var model = new Vae(cpu.Device, Small, seed);
            using var trainer = new Trainer(model, TestImages.Random(11, Small.Shape), Busy with { Seed = seed });
            trainer.Run(Cancellation);
            trainer.Save(path);
            return File.ReadAllBytes(path);
        }
        byte[] first = Checkpoint(1);
        Assert.Equal(first, Checkpoint(1));
        Assert.NotEqual(first, Checkpoint(2));
    }

    [Fact]
    public void AProcessorTakesALargeBatchInPartsWhoseGradientsAreAveraged()
    {
        ImageSet images = TestImages.Random(2048, Small.Shape);
        float[] Weights(TrainingOptions training)
        {
            using var model = new Vae(cpu.Device, Small);
            using var trainer = new Trainer(model, images, training with { Epochs = 2, LogEverySteps = 1 });
            Assert.Equal(4, trainer.Schedule.Steps.Count(step => step.Name == "sum of gradients"));
            trainer.Run(Cancellation);
            return model.Parameters.Read(model.Parameters["decoder.0.weight"]);
        }
        Assert.Equal(Weights(new() { BatchSize = 512, Accumulation = 4 }), Weights(new() { BatchSize = 2048 }));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(8)]
    public void StoppedAtAnyStepAndResumedTheBytesAreThoseOfAnUninterruptedRun(int stopAt)
    {
        ImageSet images = TestImages.Random(11, Small.Shape);
        RunFolder whole = RunFolder.Create(Path.Combine(folder, "whole")), parts = RunFolder.Create(Path.Combine(folder, "parts"));
        var expected = new List<EpochSummary>();
        using (var model = new Vae(cpu.Device, Small))
        using (var trainer = new Trainer(model, images, Busy, images))
        {
            trainer.KeepIn(whole);
            trainer.EpochCompleted += expected.Add;
            trainer.Run(Cancellation);
        }

        var actual = new List<EpochSummary>();
        using (var model = new Vae(cpu.Device, Small))
        using (var trainer = new Trainer(model, images, Busy, images))
        {
            trainer.EpochCompleted += actual.Add;
            trainer.KeepIn(parts);
            using var stop = new CancellationTokenSource();
            trainer.Stepped += () =>
            {
                if (trainer.Step == stopAt)
                    stop.Cancel();
            };
            Assert.False(trainer.Run(stop.Token).Completed);
            Assert.Equal(stopAt, trainer.Step);
        }
        using (var trainer = Trainer.Resume(cpu.Device, TrainingCheckpoint.Read(parts.Checkpoint), images, images))
        {
            trainer.EpochCompleted += actual.Add;
            trainer.KeepIn(parts);
            Assert.True(trainer.Run(Cancellation).Completed);
        }
        foreach ((string expectedFile, string actualFile) in ((string, string)[])
            [(whole.Checkpoint, parts.Checkpoint), (whole.Model, parts.Model), (whole.BestModel, parts.BestModel)])
            Assert.Equal(File.ReadAllBytes(expectedFile), File.ReadAllBytes(actualFile));
        Assert.Equal(expected.Select(Losses), actual.Select(Losses));
        Assert.Equal(whole.ReadMetrics().Select(WithoutTimes), parts.ReadMetrics().Select(WithoutTimes));
    }

    [Fact]
    public void CheckpointsBetweenEpochsAreWrittenAndUsable()
    {
        ImageSet images = TestImages.Random(11, Small.Shape);
        var run = RunFolder.Create(Path.Combine(folder, "steps"));
        using var model = new Vae(cpu.Device, Small);
        using var trainer = new Trainer(model, images, Busy with { CheckpointEverySteps = 2 });
        trainer.KeepIn(run);
        var seen = new List<long>();
        trainer.Stepped += () =>
        {
            trainer.Record.Wait();
            seen.Add(File.Exists(run.Checkpoint) ? TrainingCheckpoint.Read(run.Checkpoint).Step : 0);
        };
        trainer.Run(Cancellation);
        // Written after steps 2, 4, 6, 8 and after the epochs' last steps 3, 6, 9; the event comes before the writing.
        Assert.Equal([0, 0, 2, 3, 4, 4, 6, 6, 8], seen);
    }

    [Fact]
    public void ADivergedLossNamesStepAndTermAndKeepsTheLastGoodCheckpoint()
    {
        var run = RunFolder.Create(Path.Combine(folder, "diverged"));
        VaeOptions options = Small with { Likelihood = Likelihood.Gaussian };
        using var model = new Vae(cpu.Device, options);
        using var trainer = new Trainer(
            model, TestImages.Random(8, Small.Shape),
            new TrainingOptions { BatchSize = 4, LearningRate = 1e30, LogEverySteps = 1 });
        trainer.KeepIn(run);
        trainer.Save(run.Checkpoint);
        TrainingDivergedException error = Assert.Throws<TrainingDivergedException>(() => trainer.Run(Cancellation));
        Assert.Equal(2, error.Step);
        Assert.Contains($"step 2: the {error.Term} is", error.Message, StringComparison.Ordinal);
        Assert.Contains(run.Checkpoint, error.Message, StringComparison.Ordinal);
        Assert.Equal(0, TrainingCheckpoint.Read(run.Checkpoint).Step);
    }

    [Fact]
    public void WeightsThatAreNoNumbersAreNotSaved()
    {
        string path = Path.Combine(folder, "weights");
        using var model = new Vae(cpu.Device, Small);
        using var trainer = new Trainer(model, TestImages.Random(8, Small.Shape), new TrainingOptions { BatchSize = 4 });
        model.Parameters.Write(model.Parameters["encoder.0.bias"], [float.NaN, 0, 0, 0, 0, 0]);
        Assert.Equal("weights", Assert.Throws<TrainingDivergedException>(() => trainer.Save(path)).Term);
        Assert.False(File.Exists(path));
    }

    [Fact]
    public void AReplayedStepAllocatesNothing()
    {
        ImageSet images = TestImages.Random(64, Small.Shape);
        using var model = new Vae(cpu.Device, Small);
        using var trainer = new Trainer(model, images, Busy with { BatchSize = 1, Epochs = 100, LogEverySteps = 10_000 });
        for (int i = 0; i < 10; i++)
            trainer.RunStep();
        // The 54 steps that are left of the epoch and 46 of the next.
        Assert.Equal(0, Allocations.Of(() =>
        {
            for (int i = 0; i < 100; i++)
                trainer.RunStep();
        }));
    }

    [Fact]
    public void TheScheduleNamesItsStepsAndTheirCost()
    {
        using var model = new Vae(cpu.Device, Small);
        using var trainer = new Trainer(model, TestImages.Random(8, Small.Shape), new TrainingOptions { BatchSize = 4 });
        string[] names = [.. trainer.Schedule.Steps.Select(step => step.Name)];
        Assert.Equal(names.Distinct(), names);
        Assert.Contains("encoder.0 forward", names);
        Assert.Contains("decoder.2 backward", names);
        // Three products per layer, two for the first, which has no input gradient: 2·4·(3·(6·4 + 2·6 + 6·12) + 2·12·6), and the rest.
        Assert.InRange(trainer.Schedule.Flops, 3744, 3 * 3744);
        Assert.Equal(names, trainer.Profile(3).Select(entry => entry.Step.Name));
    }

    [Fact]
    public void AStepOfTheSeedsModelIsFifteenLaunches()
    {
        using var model = new Vae(cpu.Device);
        using var trainer = new Trainer(model, TestImages.Random(128, model.Options.Shape));
        Assert.Equal(128, trainer.Options.BatchSize);
        Assert.Equal(
            [
                "gather", "encoder.0 forward", "encoder.2 forward", "encoder.4 forward", "reparameterise + KL", "decoder.0 forward",
                "decoder.2 forward", "decoder.4 forward + loss", "decoder.4 backward", "decoder.2 backward",
                "decoder.0 backward + reparameterise + KL", "encoder.4 backward", "encoder.2 backward", "encoder.0 backward",
                "Adam + log loss",
            ],
            trainer.Schedule.Steps.Select(step => step.Name));
    }

    [Fact]
    public void OtherImagesThanTheCheckpointsAreBadInput()
    {
        string path = Path.Combine(folder, "data");
        using (var model = new Vae(cpu.Device, Small))
        using (var trainer = new Trainer(model, TestImages.Random(11, Small.Shape), Busy))
            trainer.Save(path);
        BadInputException error = Assert.Throws<BadInputException>(
            () => Trainer.Resume(cpu.Device, TrainingCheckpoint.Read(path), TestImages.Random(11, Small.Shape, seed: 2)));
        Assert.Contains("random images", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void MoreImagesInABatchThanThereAreIsBadInput()
    {
        using var model = new Vae(cpu.Device, Small);
        BadInputException error = Assert.Throws<BadInputException>(
            () => new Trainer(model, TestImages.Random(8, Small.Shape), new TrainingOptions { BatchSize = 9 }));
        Assert.Contains("TrainingOptions.BatchSize up to 8", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ImagesOfAnotherShapeAreBadInput()
    {
        using var model = new Vae(cpu.Device, Small);
        BadInputException error = Assert.Throws<BadInputException>(() => new Trainer(model, TestImages.Random(8, new ImageShape(5, 3))));
        Assert.Contains("5×3×1", error.Message, StringComparison.Ordinal);
        Assert.Contains("4×3×1", error.Message, StringComparison.Ordinal);
    }

    private static string WithoutTimes(MetricsLine line) => line.WithoutTimes.ToJson();

    private static (int, ElboParts, ElboParts?) Losses(EpochSummary epoch) => (epoch.Epoch, epoch.Train, epoch.Test);

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
