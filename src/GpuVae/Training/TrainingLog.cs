using Microsoft.Extensions.Logging;

namespace GpuVae.Training;

/// <summary>What a training tells a logger.</summary>
internal static partial class TrainingLog
{
    [LoggerMessage(
        1, LogLevel.Information, "Epoch {Epoch} of {Epochs}: training loss {TrainLoss}, test loss {TestLoss}, {ImagesPerSecond} images/s")]
    public static partial void EpochCompleted(
        this ILogger logger, int epoch, int epochs, double trainLoss, double? testLoss, double imagesPerSecond);

    [LoggerMessage(2, LogLevel.Warning, "{Issue} after epoch {Epoch}: {Seen} {Advice}")]
    public static partial void Unhealthy(this ILogger logger, HealthIssue issue, int epoch, string seen, string advice);

    [LoggerMessage(3, LogLevel.Debug, "The checkpoint of step {Step} was written to {Path}")]
    public static partial void CheckpointWritten(this ILogger logger, long step, string path);

    [LoggerMessage(4, LogLevel.Error, "The training stopped after step {Step} of {Steps}")]
    public static partial void Failed(this ILogger logger, Exception error, long step, long steps);
}
