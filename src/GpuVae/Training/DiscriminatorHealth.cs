using System.Globalization;

namespace GpuVae.Training;

/// <summary>Says when a discriminator has nothing to teach, after an epoch.</summary>
internal static class DiscriminatorHealth
{
    // Of hinge losses, which are 2 where all scores are 0: by a mean over an epoch, so that a bad batch is none.
    private const double Won = 0.05, Lost = 1.99;

    /// <summary>What is wrong; nothing where it took no part.</summary>
    public static IEnumerable<HealthWarning> Look(AdversarialParts? parts)
    {
        if (parts is not { } now)
            yield break;
        string loss = now.DiscriminatorLoss.ToString("G2", CultureInfo.InvariantCulture);
        if (now.DiscriminatorLoss < Won)
            yield return new HealthWarning(
                HealthIssue.DiscriminatorWins,
                $"The discriminator's loss is {loss}: it tells every reconstruction from its image, and the model does not come after.",
                "Use a smaller AdversarialOptions.LearningRate or fewer AdversarialOptions.Channels; if it is so from the first epoch, a "
                + "later AdversarialOptions.StartEpochs.");
        else if (now.DiscriminatorLoss > Lost)
            yield return new HealthWarning(
                HealthIssue.DiscriminatorCollapse,
                $"The discriminator's loss is {loss}, that of one that says the same of reconstructions and images.",
                "Use more AdversarialOptions.Channels, a larger AdversarialOptions.LearningRate, or a smaller AdversarialOptions.Weight.");
    }
}
