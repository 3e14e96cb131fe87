namespace GpuVae.Models;

/// <summary>The distribution p(x|z) of a pixel that the decoder describes; it decides the reconstruction term of the loss.</summary>
public enum Likelihood
{
    /// <summary>The decoder gives logits; the term is binary cross-entropy, for pixels in [0, 1]. The seed article's choice.</summary>
    Bernoulli,

    /// <summary>The decoder gives means; the variance is <see cref="VaeOptions.Variance"/> for every pixel.</summary>
    Gaussian,

    /// <summary>The decoder gives a mean and a log-variance for each pixel, [mean | log-variance] side by side.</summary>
    GaussianLearned,
}
