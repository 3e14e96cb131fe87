using GpuVae.Data;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;

namespace GpuVae.Tests.Training;

/// <summary>What a training is after something went wrong in it: as good as before, or at an end that it tells of.</summary>
public sealed class TrainerFailureTests(CpuDevice cpu) : IClassFixture<CpuDevice>, IDisposable
{
    private static readonly VaeOptions Small = new() { Shape = new(4, 3), Hidden = [6], Latent = 2 };

    // Eleven images make batches of 4, 4 and 3.
    private static readonly TrainingOptions Training = new() { BatchSize = 4, Epochs = 3, Seed = 9, LogEverySteps = 2 };

    private readonly TemporaryFolder folder = new();
    private readonly ImageSet images = TestImages.Random(11, Small.Shape), test = TestImages.Random(5, Small.Shape, seed: 2);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Progressed", 2)]
    [InlineData("Progressed", 3)]
    [InlineData("Progressed", 9)]
    [InlineData("EpochCompleted", 3)]
    [InlineData("EpochCompleted", 9)]
    [InlineData("Stepped", 1)]
    [InlineData("Stepped", 3)]
    [InlineData("Stepped", 9)]
    public void AfterAnExceptionOfAHandlerTheTrainingGoesOnToTheSameBits(string of, long atStep)
    {
        (byte[] expected, string[] history) = Train(null, 0);
        (byte[] actual, string[] historyNow) = Train(of, atStep);
        Assert.Equal(expected, actual);
        Assert.Equal(history, historyNow);
    }

    [Fact]
    public void AFailedStepEndsTheTrainingAndLeavesTheModelAndTheCheckpoint()
    {
        using var model = new Vae(cpu.Device, Small);
        string path = folder["checkpoint"];
        using (var trainer = new Trainer(model, images, Training, test))
        {
            trainer.RunStep();
            trainer.Save(path);
            // A launch finds its memory gone, as on a lost device.
            trainer.State.Dispose();
            string message = Assert.ThrowsAny<Exception>(() => trainer.Run(Cancellation)).Message;
            Action[] uses =
            [
                () => trainer.Run(Cancellation), trainer.RunStep, () => trainer.Save(path), () => trainer.Profile(1, Cancellation),
            ];
            Assert.All(uses, use =>
            {
                InvalidOperationException error = Assert.Throws<InvalidOperationException>(use);
                Assert.Contains(message, error.Message, StringComparison.Ordinal);
                Assert.Contains("Trainer.Resume", error.Message, StringComparison.Ordinal);
            });
        }
        Assert.Equal(12, model.Generate(1, seed: 1).Length);
        using var resumed = Trainer.Resume(cpu.Device, TrainingCheckpoint.Read(path), images, test);
        Assert.True(resumed.Run(Cancellation).Completed);
    }

    [Fact]
    public void ADivergedTrainingSaysThatItIsAtAnEnd()
    {
        using var model = new Vae(cpu.Device, Small with { Likelihood = Likelihood.Gaussian });
        using var trainer = new Trainer(model, images, Training with { LearningRate = 1e30, LogEverySteps = 1 });
        TrainingDivergedException diverged = Assert.Throws<TrainingDivergedException>(() => trainer.Run(Cancellation));
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => trainer.Run(Cancellation));
        Assert.Contains(diverged.Message, error.Message, StringComparison.Ordinal);
        Assert.Same(diverged, error.InnerException);
    }

    [Fact]
    public void ADisposedTrainerAndOneOfADisposedModelSayThatTheyAre()
    {
        var model = new Vae(cpu.Device, Small);
        var trainer = new Trainer(model, images, Training);
        trainer.RunStep();
        model.Dispose();
        Assert.Equal(typeof(Vae).FullName, Assert.Throws<ObjectDisposedException>(trainer.RunStep).ObjectName);
        trainer.Dispose();
        trainer.Dispose();
        Action[] uses = [() => trainer.Run(Cancellation), trainer.RunStep, () => trainer.Save(folder["never"])];
        Assert.All(uses, use => Assert.Equal(typeof(Trainer).FullName, Assert.Throws<ObjectDisposedException>(use).ObjectName));
    }

    [Fact]
    public void AConstructorThatThrowsLeavesNothingOnTheDevice()
    {
        using var model = new Vae(cpu.Device, Small);
        using (var trainer = new Trainer(model, images, Training, test))
            trainer.Save(folder["checkpoint"]);
        int before = LiveBuffers.Of(cpu.Device.Accelerator);
        var checkpoint = TrainingCheckpoint.Read(folder["checkpoint"]);
        Assert.Throws<BadInputException>(() => new Trainer(model, images, Training with { BatchSize = 12 }));
        Assert.Throws<BadInputException>(() => Trainer.Resume(cpu.Device, checkpoint, test));
        Assert.Throws<BadInputException>(() => Trainer.Resume(cpu.Device, checkpoint, images, test, epochs: -1));
        Assert.Equal(before, LiveBuffers.Of(cpu.Device.Accelerator));
    }

    [Fact]
    public void StepsTakenOneByOneDoNotCountInTheNextEpoch()
    {
        using var model = new Vae(cpu.Device, Small);
        using var trainer = new Trainer(model, images, Training with { LearningRate = 1e-30 });
        for (int i = 0; i < 4; i++)
            trainer.RunStep();
        trainer.Run(Cancellation);
        // Nothing is learned, so that every epoch has about the same loss; the first one was never ended.
        Assert.Equal([2, 3], trainer.History.Select(line => line.Epoch));
        Assert.Equal(1, trainer.History[0].TrainLoss / trainer.History[1].TrainLoss, 0.05);
    }

    /// <summary>Trains in a folder, with an exception in a handler if wanted, after which the training is run again.</summary>
    private (byte[] Checkpoint, string[] History) Train(string? of, long atStep)
    {
        var run = RunFolder.Create(folder[$"{of}{atStep}"]);
        using var model = new Vae(cpu.Device, Small);
        using var trainer = new Trainer(model, images, Training, test);
        trainer.KeepIn(run);
        bool hasThrown = false;
        void Throw(string handler)
        {
            if (handler != of || trainer.Step < atStep || hasThrown)
                return;
            hasThrown = true;
            throw new FormatException("a handler's own");
        }
        trainer.Progressed += _ => Throw("Progressed");
        trainer.EpochCompleted += _ => Throw("EpochCompleted");
        trainer.Stepped += () => Throw("Stepped");
        if (of is not null)
            Assert.Throws<FormatException>(() => trainer.Run(Cancellation));
        Assert.True(trainer.Run(Cancellation).Completed);
        Assert.Equal(of is not null, hasThrown);
        Assert.Equal(3, run.ReadMetrics().Count);
        using Vae best = run.Load(cpu.Device);
        Assert.Equal(trainer.BestEpoch!.TestLoss!.Value, best.Evaluate(test).Loss);
        return (File.ReadAllBytes(run.Checkpoint), [.. trainer.History.Select(line => line.WithoutTimes.ToJson())]);
    }

    public void Dispose() => folder.Dispose();
}
