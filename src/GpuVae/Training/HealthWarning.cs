namespace GpuVae.Training;

/// <summary>What can be wrong with a training that runs without an error.</summary>
public enum HealthIssue
{
    /// <summary>Most latent units have a KL divergence below 0.01 nats: they tell nothing of the image.</summary>
    PosteriorCollapse,

    /// <summary>Variances of q(z|x) are huge, or their logarithms lie at the ends of the range they are clamped to.</summary>
    VarianceExplosion,

    /// <summary>Reconstructions of different images hardly differ.</summary>
    DeadDecoder,

    /// <summary>Most ReLUs of a layer give 0 for every image.</summary>
    DeadUnits,

    /// <summary>The pixels are not what the likelihood is made for.</summary>
    LikelihoodMismatch,

    /// <summary>The fixed variance of the Gaussian likelihood is far from the error that is made.</summary>
    VarianceMismatch,

    /// <summary>Most of a model's discrete codes stand for nothing.</summary>
    CodebookCollapse,

    /// <summary>The discriminator of an adversarial training tells every reconstruction from its image.</summary>
    DiscriminatorWins,

    /// <summary>The discriminator of an adversarial training says the same of everything.</summary>
    DiscriminatorCollapse,
}

/// <summary>Something that was seen, and what helps.</summary>
/// <param name="Issue">The kind.</param>
/// <param name="Seen">What was seen, a sentence.</param>
/// <param name="Advice">Which option helps, a sentence.</param>
public sealed record HealthWarning(HealthIssue Issue, string Seen, string Advice)
{
    /// <summary>Both sentences.</summary>
    public override string ToString() => $"{Seen} {Advice}";
}
