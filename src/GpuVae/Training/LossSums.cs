using GpuVae.Elbo;

namespace GpuVae.Training;

/// <summary>
/// Sums of losses over images: of both terms, where there is a discriminator of its figures, with the images it saw, and where there is a
/// perceptual term of its distances.
/// </summary>
internal sealed class LossSums(bool withDiscriminator, bool withDistances)
{
    /// <summary>All sums, as a checkpoint keeps them.</summary>
    public double[] Values { get; } = new double[(withDiscriminator ? 6 : 2) + (withDistances ? 1 : 0)];

    /// <summary>Means over the images that the discriminator saw; null where it saw none.</summary>
    public AdversarialParts? Adversarial => withDiscriminator && Values[5] > 0
        ? new AdversarialParts(Values[2] / Values[5], Values[3] / Values[5], Values[4] / Values[5])
        : null;

    public void Clear() => Array.Clear(Values);

    /// <summary>Adds the terms of a batch.</summary>
    public void Add(double reconstruction, double kl)
    {
        Values[0] += reconstruction;
        Values[1] += kl;
    }

    /// <summary>Adds the figures of the discriminator, losses as sums over the batch.</summary>
    public void Add(double discriminatorLoss, double generatorLoss, double weight, int images)
    {
        Values[2] += discriminatorLoss;
        Values[3] += generatorLoss;
        Values[4] += weight * images;
        Values[5] += images;
    }

    /// <summary>Adds the distances of a batch.</summary>
    public void AddDistance(double distance) => Values[^1] += distance;

    /// <summary>Mean distance over so many images; null where there is no perceptual term.</summary>
    public double? MeanDistance(long images) => withDistances ? Values[^1] / images : null;

    /// <summary>Means of both terms over so many images.</summary>
    public ElboParts Mean(long images, double beta) => new(Values[0] / images, Values[1] / images, beta);
}
