namespace GpuVae.Options;

/// <summary>The distribution p(x|z) of a pixel that the decoder describes; it decides the reconstruction term of the loss.</summary>
/// <remarks>
/// Bernoulli and the discretised logistics give probabilities, the others densities, so that their reconstruction terms may be negative and
/// are not to be compared with those; see <see cref="LikelihoodFacts.BitsPerDimension"/>.
/// </remarks>
public enum Likelihood
{
    /// <summary>
    /// The decoder gives logits; the term is binary cross-entropy. A probability of bits; with grey levels it is no distribution of them,
    /// but is used as a loss all the same. The seed article's choice.
    /// </summary>
    Bernoulli,

    /// <summary>The decoder gives means; the variance is <see cref="VaeOptions.Variance"/> for every pixel.</summary>
    Gaussian,

    /// <summary>The decoder gives a mean and a log-variance for each pixel, [mean | log-variance] side by side.</summary>
    GaussianLearned,

    /// <summary>
    /// The decoder gives logits of the continuous Bernoulli, the density on [0, 1] that grey levels ask for (Loaiza-Ganem and Cunningham,
    /// "The continuous Bernoulli", 2019).
    /// </summary>
    ContinuousBernoulli,

    /// <summary>
    /// The decoder gives means; one variance is learned for all pixels, as <c>likelihood.log_variance</c>, from
    /// <see cref="VaeOptions.Variance"/> on (Rybkin et al., "Simple and Effective VAE Training with Calibrated Decoders", 2021).
    /// </summary>
    GaussianShared,

    /// <summary>
    /// The decoder gives means; one scale is learned for all pixels, as <c>likelihood.log_scale</c>, from that of the variance
    /// <see cref="VaeOptions.Variance"/> on.
    /// </summary>
    Laplace,

    /// <summary>
    /// The decoder gives a location and a log-scale for each pixel, on [-1, 1], of a logistic over the 256 levels of 8-bit images (Kingma et
    /// al., "Improved Variational Inference with Inverse Autoregressive Flow", 2016).
    /// </summary>
    DiscretizedLogistic,

    /// <summary>
    /// A mixture of <see cref="VaeOptions.MixtureComponents"/> of them, [logits | locations | log-scales] of each pixel and channel
    /// (Salimans et al., "PixelCNN++", 2017, without its coupling of the channels).
    /// </summary>
    LogisticMixture,
}
