// Likelihoods of one pixel, -ln p(x | y) for the decoder's output y, in nats (Kingma & Welling 2013, arXiv:1312.6114, app. C).
//
//   Bernoulli, y a logit      max(y, 0) - y·x + ln(1 + e^-|y|)            d/dy = sigmoid(y) - x
//   Gaussian, y the mean      ((x - y)²/variance + ln(2π·variance))/2     d/dy = (y - x)/variance

using ILGPU.Algorithms;

namespace GpuVae.Kernels;

/// <summary>A likelihood of independent pixels, each described by one number; compiled into <see cref="LinearLoss{T}"/>.</summary>
public interface ILikelihood
{
    /// <summary>-ln p(x | y) and its derivative with respect to y.</summary>
    LikelihoodTerm Of(float y, float x);
}

/// <param name="Loss">In nats.</param>
/// <param name="Slope">The derivative.</param>
public readonly record struct LikelihoodTerm(float Loss, float Slope);

/// <summary>Bernoulli from logits, for x in [0, 1].</summary>
public readonly struct BernoulliLikelihood : ILikelihood
{
    public LikelihoodTerm Of(float y, float x)
    {
        float e = XMath.Exp(-XMath.Abs(y));
        float larger = 1f / (1f + e);
        float probability = y >= 0f ? larger : e * larger;
        return new LikelihoodTerm(XMath.Max(y, 0f) - y * x + ScalarMath.Log1PUnit(e), probability - x);
    }
}

/// <summary>Gaussian with a fixed variance.</summary>
public readonly struct GaussianLikelihood : ILikelihood
{
    private readonly float precision, constant;

    /// <exception cref="ArgumentOutOfRangeException">The variance is not a positive finite number.</exception>
    public GaussianLikelihood(float variance)
    {
        if (!(variance > 0f) || !float.IsFinite(variance))
            throw new ArgumentOutOfRangeException(nameof(variance), variance, "The decoder's variance must be a positive finite number.");
        precision = 1f / variance;
        constant = (float)(0.5 * Math.Log(2 * Math.PI * variance));
    }

    public LikelihoodTerm Of(float y, float x)
    {
        float difference = y - x;
        return new LikelihoodTerm(0.5f * precision * difference * difference + constant, precision * difference);
    }
}
