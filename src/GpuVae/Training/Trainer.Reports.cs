using System.Diagnostics;
using GpuVae.Elbo;

namespace GpuVae.Training;

// What a training tells while it runs: the meter, the handlers of its events, the logger.
public sealed partial class Trainer
{
    /// <summary>
    /// What the weights of the run are to tell in their metadata beside options, metrics and the options of training, such as
    /// <c>gpuvae.data</c>; set before <see cref="KeepIn"/>.
    /// </summary>
    public IReadOnlyDictionary<string, string> Metadata
    {
        get => record.MoreMetadata;
        set => record.MoreMetadata = value;
    }

    private readonly HashSet<HealthIssue> logged = [];

    private void Report(long images, long steps)
    {
        // With a capacity the rate is no weight.
        double share = Model.Options.Capacity > 0 ? 1 : Options.KlWeightAt(step - 1, feed.StepsPerEpoch);
        ElboParts loss = intervalSums.Mean(images, Model.Options.LossBeta * share);
        TrainingMeter.Record(loss, images, steps, Math.Max(Stopwatch.GetElapsedTime(intervalStart).TotalSeconds, 1e-9));
        if (Progressed is null)
            return;
        double rate = imagesSinceStart / Math.Max(running.Elapsed.TotalSeconds, 1e-9);
        double imagesLeft = (double)(Steps - step) * imageCount / feed.StepsPerEpoch;
        Progressed(new TrainingProgress(
            (int)((step - 1) / feed.StepsPerEpoch) + 1, Options.Epochs, step, Steps, loss,
            Options.LearningRateAt(step - 1, feed.StepsPerEpoch), rate, TimeSpan.FromSeconds(imagesLeft / rate))
        {
            Adversarial = intervalSums.Adversarial,
            FeatureDistance = intervalSums.MeanDistance(images),
        });
    }

    private void Log(EpochSummary epoch)
    {
        logger.EpochCompleted(epoch.Epoch, Options.Epochs, epoch.Train.Loss, epoch.Test?.Loss, epoch.ImagesPerSecond);
        foreach (HealthWarning warning in epoch.Warnings)
        {
            // What is wrong after every epoch is said once.
            if (logged.Add(warning.Issue))
                logger.Unhealthy(warning.Issue, epoch.Epoch, warning.Seen, warning.Advice);
        }
    }
}
