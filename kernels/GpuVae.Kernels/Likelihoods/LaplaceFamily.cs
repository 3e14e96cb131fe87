// Laplace with the location m and the logarithm s of its scale:
//
//   -ln p(x | m, s) = |x - m|·e^-s + s + ln 2        d/dm = sign(m - x)·e^-s        d/ds = 1 - |x - m|·e^-s
//
// s is clamped so that the variance 2e^2s fits in the range of log-variances.

using GpuVae.Kernels.Common;
using GpuVae.Kernels.Random;
using ILGPU.Algorithms;

namespace GpuVae.Kernels.Likelihoods;

#pragma warning disable CS1591 // The interface documents the members.

/// <summary>Laplace.</summary>
public readonly struct LaplaceFamily : ILocationScale
{
    /// <summary>The range that s is clamped to.</summary>
    public const float MinScale = -15f, MaxScale = 9.5f;

    private const float Log2 = 0.69314718055994530942f;

    public static LocationScaleTerm Of(float location, float scale, float x)
    {
        float s = ScalarMath.Clamp(scale, MinScale, MaxScale);
        float inverse = XMath.Exp(-s);
        float difference = location - x;
        float weighted = XMath.Abs(difference) * inverse;
        // 0 at the kink, as good a subgradient as any and without a direction.
        float sign = difference > 0f ? 1f : difference < 0f ? -1f : 0f;
        return new LocationScaleTerm(weighted + s + Log2, sign * inverse, s == scale ? 1f - weighted : 0f);
    }

    public static float Mean(float location, float scale) => location;

    public static MeanDerivatives MeanDerivatives(float location, float scale) => new(1f, 0f);

    /// <summary>An exponential number with a random sign.</summary>
    public static float Sample(float location, float scale, PhiloxBlock noise)
    {
        float magnitude = -XMath.Exp(ScalarMath.Clamp(scale, MinScale, MaxScale)) * XMath.Log(Philox.ToUniformPositive(noise.W0));
        return location + (Philox.ToUniform(noise.W1) < 0.5f ? magnitude : -magnitude);
    }
}
