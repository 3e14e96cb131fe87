// Families of distributions of one pixel with a location m and a logarithmic scale s, -ln p(x | m, s) in nats. Where the scale comes from,
// and whether several of them are mixed, is in PixelLikelihood.cs.
//
//   normal, s = ln variance   ((x - m)²·e^-s + s + ln 2π)/2     d/dm = (m - x)·e^-s        d/ds = (1 - (x - m)²·e^-s)/2
//   Laplace                   |x - m|·e^-s + s + ln 2           d/dm = sign(m - x)·e^-s    d/ds = 1 - |x - m|·e^-s
//
// Discretised logistic (Kingma et al. 2016, arXiv:1606.04934, sec. 4.2; Salimans et al. 2017, arXiv:1701.05517, sec. 2.1), the probability
// of one of 256 levels. Location and scale are on [-1, 1], where level v lies at c = 2v/255 - 1 and its bin reaches h = 1/255 to either
// side; the bins of 0 and 255 are open to the outside. With a± = (c ± h - m)·e^-s and d = a+ - a-,
//
//   P(v) = sigmoid(a+) - sigmoid(a-)  =>  -ln P = softplus(-a+) + softplus(a-) - ln(1 - e^-d)
//   d/dm = e^-s·(sigmoid(-a+) - sigmoid(a-))    d/ds = a+·sigmoid(-a+) - a-·sigmoid(a-) + d·e^-d/(1 - e^-d)
//
// without a difference of sigmoids, so that the tails keep their digits. Level 0 lacks the terms of a- and d, level 255 those of a+ and d.
// Its mean is (1/255)·Σ P(V >= v), v = 1…255: the midpoint rule for the integral of the distribution function, which has the closed form
// e^s/2·(softplus((m + 1)·e^-s) - softplus((m - 1)·e^-s)), at most half a level away.
//
// Scales are clamped; outside, their gradient is 0. Log-variances as everywhere to [-30, 20], Laplace's scale so that its variance 2e^2s
// fits there, the logistic's to [-8, 4]: a logistic that narrow has all but 2e-5 of its mass in one bin, one that wide all but 1 % in the
// two outermost.

using GpuVae.Kernels.Common;
using GpuVae.Kernels.Latent;
using GpuVae.Kernels.Random;
using ILGPU.Algorithms;

namespace GpuVae.Kernels.Likelihoods;

/// <summary>A family of distributions of one pixel.</summary>
public interface ILocationScale
{
    /// <summary>-ln p(x | location, scale) and its derivatives.</summary>
    /// <param name="location">In the family's coordinates.</param>
    /// <param name="scale">The logarithm of the scale, not yet clamped.</param>
    /// <param name="x">In [0, 1].</param>
    static abstract LocationScaleTerm Of(float location, float scale, float x);

    /// <summary>The mean of x.</summary>
    static abstract float Mean(float location, float scale);

    /// <summary>The derivatives of the mean.</summary>
    static abstract MeanSlopes MeanSlopes(float location, float scale);

    /// <summary>A draw of x from the first two words of a block.</summary>
    static abstract float Sample(float location, float scale, PhiloxBlock noise);
}

/// <param name="Loss">In nats.</param>
/// <param name="LocationSlope">The derivative with respect to the location.</param>
/// <param name="ScaleSlope">The derivative with respect to the logarithm of the scale.</param>
public readonly record struct LocationScaleTerm(float Loss, float LocationSlope, float ScaleSlope);

/// <param name="Location">With respect to the location.</param>
/// <param name="Scale">With respect to the logarithm of the scale.</param>
public readonly record struct MeanSlopes(float Location, float Scale);

/// <summary>Normal; its scale is the log-variance.</summary>
public readonly struct NormalFamily : ILocationScale
{
    public static LocationScaleTerm Of(float location, float scale, float x)
    {
        float s = LogVariance.Clamp(scale);
        float precision = XMath.Exp(-s);
        float difference = location - x;
        float weighted = difference * difference * precision;
        return new LocationScaleTerm(
            0.5f * (weighted + s + ScalarMath.LogTwoPi), precision * difference, LogVariance.ClampDerivative(scale) * 0.5f * (1f - weighted));
    }

    public static float Mean(float location, float scale) => location;

    public static MeanSlopes MeanSlopes(float location, float scale) => new(1f, 0f);

    public static float Sample(float location, float scale, PhiloxBlock noise) =>
        location + XMath.Exp(0.5f * LogVariance.Clamp(scale)) * Philox.Normal(noise);
}

/// <summary>Laplace.</summary>
public readonly struct LaplaceFamily : ILocationScale
{
    private const float MinScale = -15f, MaxScale = 9.5f, Log2 = 0.69314718055994530942f;

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

    public static MeanSlopes MeanSlopes(float location, float scale) => new(1f, 0f);

    /// <summary>An exponential number with a random sign.</summary>
    public static float Sample(float location, float scale, PhiloxBlock noise)
    {
        float magnitude = -XMath.Exp(ScalarMath.Clamp(scale, MinScale, MaxScale)) * XMath.Log(Philox.ToUniformPositive(noise.W0));
        return location + (Philox.ToUniform(noise.W1) < 0.5f ? magnitude : -magnitude);
    }
}

/// <summary>Logistic, discretised to the 256 levels of 8-bit images; location and scale are on [-1, 1].</summary>
public readonly struct DiscretizedLogisticFamily : ILocationScale
{
    private const float MinScale = -8f, MaxScale = 4f;

    public static LocationScaleTerm Of(float location, float scale, float x)
    {
        float s = ScalarMath.Clamp(scale, MinScale, MaxScale);
        float inverse = XMath.Exp(-s);
        float level = XMath.Floor(255f * x + 0.5f);
        // Sides of the bin, 2v - 255 ± 1 being exact: narrow logistics enlarge every rounding here.
        float above = ((2f * level - 254f) / 255f - location) * inverse;
        float below = ((2f * level - 256f) / 255f - location) * inverse;
        float width = 2f / 255f * inverse;
        float fill = -ScalarMath.ExpM1Negative(-width);

        // 0 takes an open side's terms out.
        float hasUpper = level < 255f ? 1f : 0f;
        float hasLower = level > 0f ? 1f : 0f;
        float hasBoth = hasUpper * hasLower;
        float upper = hasUpper * ScalarMath.Sigmoid(-above);
        float lower = hasLower * ScalarMath.Sigmoid(below);
        float loss = hasUpper * ScalarMath.Softplus(-above) + hasLower * ScalarMath.Softplus(below) - hasBoth * XMath.Log(fill);
        float scaleSlope = above * upper - below * lower + hasBoth * width * (1f - fill) / fill;
        return new LocationScaleTerm(loss, inverse * (upper - lower), s == scale ? scaleSlope : 0f);
    }

    public static float Mean(float location, float scale)
    {
        float s = ScalarMath.Clamp(scale, MinScale, MaxScale);
        float inverse = XMath.Exp(-s);
        return 0.5f * XMath.Exp(s) * (ScalarMath.Softplus((location + 1f) * inverse) - ScalarMath.Softplus((location - 1f) * inverse));
    }

    public static MeanSlopes MeanSlopes(float location, float scale)
    {
        float s = ScalarMath.Clamp(scale, MinScale, MaxScale);
        float inverse = XMath.Exp(-s);
        float above = (location + 1f) * inverse, below = (location - 1f) * inverse;
        float upper = ScalarMath.Sigmoid(above), lower = ScalarMath.Sigmoid(below);
        float width = ScalarMath.Softplus(above) - above * upper - ScalarMath.Softplus(below) + below * lower;
        return new MeanSlopes(0.5f * (upper - lower), s == scale ? 0.5f * XMath.Exp(s) * width : 0f);
    }

    /// <summary>A logistic number, taken to the level whose bin it falls into.</summary>
    public static float Sample(float location, float scale, PhiloxBlock noise)
    {
        float s = ScalarMath.Clamp(scale, MinScale, MaxScale);
        // The middle of one of 2²³ intervals: neither 0 nor 1.
        float u = ((float)(int)(noise.W0 >> 9) + 0.5f) / 8388608f;
        float logistic = location + XMath.Exp(s) * XMath.Log(u / (1f - u));
        float level = XMath.Floor(127.5f * (logistic + 1f) + 0.5f);
        return XMath.Min(XMath.Max(level, 0f), 255f) / 255f;
    }
}
