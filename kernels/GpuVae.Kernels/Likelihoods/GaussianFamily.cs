// Gaussian with the location m as its mean and the log-variance s:
//
//   -ln p(x | m, s) = ((x - m)²·e^-s + s + ln 2π)/2        d/dm = (m - x)·e^-s        d/ds = (1 - (x - m)²·e^-s)/2

using GpuVae.Kernels.Common;
using GpuVae.Kernels.Random;
using ILGPU.Algorithms;

namespace GpuVae.Kernels.Likelihoods;

#pragma warning disable CS1591 // The interface documents the members.

/// <summary>Gaussian; its scale is the log-variance.</summary>
public readonly struct GaussianFamily : ILocationScale
{
    public static LocationScaleTerm Of(float location, float scale, float x)
    {
        float s = LogVariance.Clamp(scale);
        float precision = XMath.Exp(-s);
        float difference = location - x;
        float weighted = difference * difference * precision;
        return new LocationScaleTerm(
            0.5f * (weighted + s + ScalarMath.LogTwoPi), precision * difference,
            LogVariance.ClampDerivative(scale) * 0.5f * (1f - weighted));
    }

    public static float Mean(float location, float scale) => location;

    public static MeanDerivatives MeanDerivatives(float location, float scale) => new(1f, 0f);

    public static float Sample(float location, float scale, PhiloxBlock noise) =>
        location + XMath.Exp(0.5f * LogVariance.Clamp(scale)) * Philox.Normal(noise);
}
