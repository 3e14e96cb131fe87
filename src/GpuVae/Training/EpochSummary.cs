using GpuVae.Elbo;

namespace GpuVae.Training;

/// <summary>What one epoch gave; one line of <c>metrics.jsonl</c>.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="Train">Mean over the epoch's images while they were trained on; nats per image.</param>
/// <param name="Test">After the epoch, on the test set; null without one.</param>
/// <param name="Seconds">Time of the epoch's training steps in this process, evaluation not included.</param>
/// <param name="ImagesPerSecond">Images trained on in this process per second.</param>
/// <param name="Device">The device's name, such as <c>cuda:0</c>.</param>
public sealed record EpochSummary(int Epoch, ElboParts Train, ElboParts? Test, double Seconds, double ImagesPerSecond, string Device)
{
    /// <summary>What was wrong after the epoch, seen through a part of the test set; empty where all is well.</summary>
    public IReadOnlyList<HealthWarning> Warnings { get; init; } = [];

    /// <summary>
    /// How the test images use the codes, of two grids those of the bottom one; null without a test set, or where codes are not discrete.
    /// </summary>
    public CodeUse? Codes { get; init; }

    /// <summary>Of two grids how they use those of the top one; null otherwise.</summary>
    public CodeUse? TopCodes { get; init; }

    /// <summary>
    /// The KL term of each level on the test set, the top one first, nats per image; null without it, or without a hierarchy.
    /// </summary>
    public IReadOnlyList<double>? LevelKl { get; init; }

    /// <summary>How the model stands to its discriminator; null where none took part.</summary>
    public AdversarialParts? Adversarial { get; init; }

    /// <summary>
    /// Distance of images and reconstructions in the features of the perceptual term's network while they were trained on, without its
    /// weight, a mean over images; null without the term.
    /// </summary>
    public double? FeatureDistance { get; init; }
}
