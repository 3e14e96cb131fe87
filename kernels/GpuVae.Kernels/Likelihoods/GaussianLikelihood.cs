// Gaussian with the decoder's output y as its mean and one variance for all pixels (Kingma & Welling 2013, arXiv:1312.6114, app. C.2):
//
//   -ln p(x | y) = ((x - y)²/variance + ln(2π·variance))/2        d/dy = (y - x)/variance
//
// With a learned variance it is the GaussianFamily of a SharedScale or PixelScale.

using GpuVae.Kernels.Random;
using ILGPU.Algorithms;

namespace GpuVae.Kernels.Likelihoods;

#pragma warning disable CS1591 // The interface documents the members.

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

    public float Mean(float y) => y;

    public float MeanDerivative(float y) => 1f;

    public float Sample(float y, PhiloxBlock noise) => y + XMath.Sqrt(1f / precision) * Philox.Normal(noise);
}
