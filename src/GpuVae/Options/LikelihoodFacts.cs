namespace GpuVae.Options;

/// <summary>What else follows from the choice of a likelihood.</summary>
public static class LikelihoodFacts
{
    /// <summary>Whether p(x|z) is a density of grey levels in [0, 1] rather than the probability of one of finitely many values.</summary>
    public static bool IsDensity(this Likelihood likelihood) => likelihood is
        Likelihood.Gaussian or Likelihood.GaussianLearned or Likelihood.ContinuousBernoulli or Likelihood.GaussianShared or
        Likelihood.Laplace;

    /// <summary>Whether values may be any finite numbers, rather than of [0, 1].</summary>
    public static bool TakesAnyValue(this Likelihood likelihood) => likelihood is
        Likelihood.Gaussian or Likelihood.GaussianLearned or Likelihood.GaussianShared or Likelihood.Laplace;

    /// <summary>
    /// Negative log-likelihood, or its bound, in bits per pixel and channel. A probability is taken as it is. A density of [0, 1] is made
    /// one of the 256 levels of 8-bit images: nats / (pixels · ln 2) + 8, a level being an interval of 1/256. For data with uniform
    /// dequantisation that bounds the discrete likelihood (Theis et al., "A note on the evaluation of generative models", 2016); for plain
    /// levels, as they are used here, it takes the density to be constant over an interval.
    /// </summary>
    /// <param name="likelihood">Of the model. For <see cref="Likelihood.Bernoulli"/> the figure means something for bits alone.</param>
    /// <param name="nats">Nats per image.</param>
    /// <param name="pixels">Pixels times channels of an image.</param>
    public static double BitsPerDimension(this Likelihood likelihood, double nats, int pixels) =>
        nats / (pixels * Math.Log(2)) + (likelihood.IsDensity() ? 8 : 0);
}
