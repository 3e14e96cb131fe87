using GpuVae.Elbo;

namespace GpuVae.Training;

/// <summary>A look at a running training, every <see cref="TrainingOptions.LogEverySteps"/> steps and at the end of every epoch.</summary>
/// <param name="Epoch">The epoch under way, from 1.</param>
/// <param name="Epochs">Epochs in all.</param>
/// <param name="Step">Steps taken since the very first, those before a resume included.</param>
/// <param name="Steps">Steps in all.</param>
/// <param name="Loss">Mean over the images since the last report; nats per image, its beta is the KL weight in force.</param>
/// <param name="LearningRate">The learning rate of the last step.</param>
/// <param name="ImagesPerSecond">Over the time since this process began to train.</param>
/// <param name="Remaining">Estimated time to the end at that rate.</param>
public sealed record TrainingProgress(
    int Epoch, int Epochs, long Step, long Steps, ElboParts Loss, double LearningRate, double ImagesPerSecond, TimeSpan Remaining)
{
    /// <summary>How the model stands to its discriminator since the last report; null where none took part.</summary>
    public AdversarialParts? Adversarial { get; init; }

    /// <summary>As <see cref="EpochSummary.FeatureDistance"/>, since the last report.</summary>
    public double? FeatureDistance { get; init; }
}
