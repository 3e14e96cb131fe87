using GpuVae.Data;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;
using Microsoft.Extensions.Logging;

namespace GpuVae.Tests.Training;

/// <summary>What a training tells the logger that it is given.</summary>
public sealed class TrainingLogTests(CpuDevice cpu) : IClassFixture<CpuDevice>, IDisposable
{
    private static readonly VaeOptions Small = new() { Shape = new(4, 3), Hidden = [6], Latent = 2 };

    private readonly TemporaryFolder folder = new();
    private readonly ImageSet images = TestImages.Random(8, Small.Shape), test = TestImages.Random(5, Small.Shape, seed: 2);
    private readonly Listing log = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void EpochsWarningsAndCheckpointsAreLogged()
    {
        using var model = new Vae(cpu.Device, Small);
        using var trainer = new Trainer(model, images, new TrainingOptions { BatchSize = 4, Epochs = 2 }, test, log);
        trainer.KeepIn(RunFolder.Create(folder["run"]));
        trainer.Run(Cancellation);
        Assert.Equal(2, log.Of(LogLevel.Information).Count(line => line.StartsWith("Epoch ", StringComparison.Ordinal)));
        Assert.Contains($"Epoch 2 of 2: training loss {trainer.History[1].TrainLoss}, test loss {trainer.History[1].TestLoss}, ",
            log.Of(LogLevel.Information)[1], StringComparison.Ordinal);
        // Noise is grey, which a Bernoulli likelihood is not made for: that is said once, not after each epoch.
        Assert.Single(log.Of(LogLevel.Warning), line => line.StartsWith("LikelihoodMismatch after epoch 1: ", StringComparison.Ordinal));
        Assert.Equal(
            [2, 4], log.Of(LogLevel.Debug).Select(line => int.Parse(line["The checkpoint of step ".Length..].Split(' ')[0])));
        Assert.Empty(log.Of(LogLevel.Error));
    }

    [Fact]
    public void AFailureIsLoggedWithItsException()
    {
        using var model = new Vae(cpu.Device, Small with { Likelihood = Likelihood.Gaussian });
        using (var trainer = new Trainer(model, images, new TrainingOptions { BatchSize = 4, LearningRate = 1e30 }, logger: log))
            Assert.Throws<TrainingDivergedException>(() => trainer.Run(Cancellation));
        Assert.StartsWith("The training stopped after step ", Assert.Single(log.Of(LogLevel.Error)), StringComparison.Ordinal);
        Assert.IsType<TrainingDivergedException>(log.Error);
    }

    public void Dispose() => folder.Dispose();

    private sealed class Listing : ILogger
    {
        private readonly List<(LogLevel Level, string Line)> lines = [];

        public Exception? Error { get; private set; }

        public string[] Of(LogLevel level)
        {
            lock (lines)
                return [.. lines.Where(line => line.Level == level).Select(line => line.Line)];
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (lines)
            {
                lines.Add((logLevel, formatter(state, exception)));
                Error ??= exception;
            }
        }
    }
}
