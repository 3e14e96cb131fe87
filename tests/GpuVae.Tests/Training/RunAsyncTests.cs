using GpuVae.Data;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;

namespace GpuVae.Tests.Training;

/// <summary>Training in a thread of its own.</summary>
public sealed class RunAsyncTests(CpuDevice cpu) : IClassFixture<CpuDevice>
{
    private static readonly VaeOptions Small = new() { Shape = new(4, 3), Hidden = [6], Latent = 2 };
    private static readonly TrainingOptions Training = new() { BatchSize = 4, Epochs = 2, LogEverySteps = 1 };

    private readonly ImageSet images = TestImages.Random(8, Small.Shape);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ItTrainsLikeRunAndTellsOfItsProgress()
    {
        using var model = new Vae(cpu.Device, Small);
        using var trainer = new Trainer(model, images, Training);
        var told = new List<TrainingProgress>();
        int handlers = 0;
        trainer.Progressed += _ => handlers++;
        TrainingResult result = await trainer.RunAsync(new Direct(told.Add), Cancellation);
        Assert.True(result.Completed);
        Assert.Equal([1, 2, 3, 4], told.Select(progress => progress.Step));
        Assert.Equal(4, handlers);

        using var other = new Vae(cpu.Device, Small);
        using var alone = new Trainer(other, images, Training);
        alone.Run(Cancellation);
        Assert.Equal(other.Generate(1, seed: 1), model.Generate(1, seed: 1));
    }

    [Fact]
    public async Task MeanwhileTheDeviceIsRefusedToOthers()
    {
        using var model = new Vae(cpu.Device, Small);
        using var trainer = new Trainer(model, images, Training with { Epochs = 1_000_000 });
        using var stop = new CancellationTokenSource();
        Task<TrainingResult> training = trainer.RunAsync(cancellation: stop.Token);
        Action[] uses =
        [
            () => model.Generate(1, seed: 1), trainer.Dispose, model.Dispose, trainer.RunStep, () => trainer.Run(Cancellation),
        ];
        try
        {
            Assert.All(uses, use => Assert.Contains(
                "Trainer.RunAsync is under way", Assert.Throws<InvalidOperationException>(use).Message, StringComparison.Ordinal));
            await Assert.ThrowsAsync<InvalidOperationException>(() => trainer.RunAsync(cancellation: Cancellation));
        }
        finally
        {
            await stop.CancelAsync();
        }
        TrainingResult result = await training;
        Assert.False(result.Completed);
        Assert.Equal(trainer.Step, result.Steps);
        Assert.Equal(12, model.Generate(1, seed: 1).Length);
    }

    [Fact]
    public async Task WhatFailsComesOutOfTheTask()
    {
        using var model = new Vae(cpu.Device, Small with { Likelihood = Likelihood.Gaussian });
        using var trainer = new Trainer(model, images, Training with { LearningRate = 1e30, Epochs = 100 });
        await Assert.ThrowsAsync<TrainingDivergedException>(() => trainer.RunAsync(cancellation: Cancellation));
        using var healthy = new Vae(cpu.Device, Small);
        using var another = new Trainer(healthy, images, Training);
        await Assert.ThrowsAsync<FormatException>(() => another.RunAsync(new Direct(_ => throw new FormatException()), Cancellation));
    }

    private sealed class Direct(Action<TrainingProgress> report) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => report(value);
    }
}
