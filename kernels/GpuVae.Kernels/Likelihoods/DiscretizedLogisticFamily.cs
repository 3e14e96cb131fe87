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
// s is clamped to [-8, 4]: a logistic that narrow has all but 2e-5 of its mass in one bin, one that wide all but 1 % in the two outermost.

using GpuVae.Kernels.Common;
using GpuVae.Kernels.Random;
using ILGPU.Algorithms;

namespace GpuVae.Kernels.Likelihoods;

#pragma warning disable CS1591 // The interface documents the members.

/// <summary>Logistic, discretised to the 256 levels of 8-bit images; location and scale are on [-1, 1].</summary>
public readonly struct DiscretizedLogisticFamily : ILocationScale
{
    /// <summary>The range that s is clamped to.</summary>
    public const float MinScale = -8f, MaxScale = 4f;

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
        float scaleDerivative = above * upper - below * lower + hasBoth * width * (1f - fill) / fill;
        return new LocationScaleTerm(loss, inverse * (upper - lower), s == scale ? scaleDerivative : 0f);
    }

    public static float Mean(float location, float scale)
    {
        float s = ScalarMath.Clamp(scale, MinScale, MaxScale);
        float inverse = XMath.Exp(-s);
        return 0.5f * XMath.Exp(s) * (ScalarMath.Softplus((location + 1f) * inverse) - ScalarMath.Softplus((location - 1f) * inverse));
    }

    public static MeanDerivatives MeanDerivatives(float location, float scale)
    {
        float s = ScalarMath.Clamp(scale, MinScale, MaxScale);
        float inverse = XMath.Exp(-s);
        float above = (location + 1f) * inverse, below = (location - 1f) * inverse;
        float upper = ScalarMath.Sigmoid(above), lower = ScalarMath.Sigmoid(below);
        float width = ScalarMath.Softplus(above) - above * upper - ScalarMath.Softplus(below) + below * lower;
        return new MeanDerivatives(0.5f * (upper - lower), s == scale ? 0.5f * XMath.Exp(s) * width : 0f);
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
