// The continuous Bernoulli (Loaiza-Ganem & Cunningham 2019, arXiv:1907.06845) from the logit y:
//
//   -ln p(x | y) = A(y) - y·x,  A(y) = ln((e^y - 1)/y)        d/dy = A'(y) - x
//
// The density C(λ)·λ^x·(1-λ)^(1-x) with λ = sigmoid(y) is written as the exponential family that it is: its normaliser C has a
// removable singularity at λ = 1/2, that is y = 0, which A has there, too. Near it, with t = y/2 and Bernoulli's numbers,
//
//   A(y)  = y/2 + ln(sinh t / t) = y/2 + t²/6 - t⁴/180 + t⁶/2835 - t⁸/37800 + …
//   A'(y) = 1/2 + coth(t)/2 - 1/y = 1/2 + y/12 - y³/720 + y⁵/30240 - y⁷/1209600 + y⁹/47900160 - …
//
// and elsewhere, with a = |y|, A = max(y, 0) + ln(1 - e^-a) - ln a, A'(-a) = 1/a - e^-a/(1 - e^-a) = 1 - A'(a) and
// A''(y) = 1/a² - e^-a/(1 - e^-a)². The mean is A'.

using GpuVae.Kernels.Common;
using GpuVae.Kernels.Random;
using ILGPU.Algorithms;

namespace GpuVae.Kernels.Likelihoods;

#pragma warning disable CS1591 // The interface documents the members.

/// <summary>Continuous Bernoulli from logits, a density on [0, 1].</summary>
public readonly struct ContinuousBernoulliLikelihood : ILikelihood
{
    /// <summary>Up to this |y| the series are good to float32's last digit, from here on nothing cancels.</summary>
    private const float SeriesEnd = 1f;

    public LikelihoodTerm Of(float y, float x)
    {
        float a = XMath.Abs(y);
        float square = 0.25f * y * y;
        float series = -1f / 37800f;
        series = series * square + 1f / 2835f;
        series = series * square - 1f / 180f;
        series = series * square + 1f / 6f;
        // The far form is also computed near 0, where it is not taken: it must not divide by 0.
        float far = XMath.Max(a, SeriesEnd);
        // y·x is taken off before the logarithm is added: they may be as large as y, the loss as small as the logarithm.
        float loss = a < SeriesEnd
            ? y * (0.5f - x) + square * series
            : XMath.Max(y, 0f) - y * x + XMath.Log((1f - XMath.Exp(-far)) / far);
        return new LikelihoodTerm(loss, Mean(y) - x);
    }

    public float Mean(float y)
    {
        float a = XMath.Abs(y);
        float square = y * y;
        float series = 1f / 47900160f;
        series = series * square - 1f / 1209600f;
        series = series * square + 1f / 30240f;
        series = series * square - 1f / 720f;
        series = series * square + 1f / 12f;
        float far = XMath.Max(a, SeriesEnd);
        float e = XMath.Exp(-far);
        float lower = 1f / far - e / (1f - e);
        return a < SeriesEnd ? 0.5f + y * series : y < 0f ? lower : 1f - lower;
    }

    public float MeanDerivative(float y)
    {
        float square = y * y;
        float series = 9f / 47900160f;
        series = series * square - 7f / 1209600f;
        series = series * square + 5f / 30240f;
        series = series * square - 3f / 720f;
        series = series * square + 1f / 12f;
        float far = XMath.Max(XMath.Abs(y), SeriesEnd);
        float e = XMath.Exp(-far);
        return XMath.Abs(y) < SeriesEnd ? series : 1f / (far * far) - e / ((1f - e) * (1f - e));
    }

    /// <summary>The inverse of the distribution function (e^(xy) - 1)/(e^y - 1), for y &lt; 0; above, the mirror image.</summary>
    public float Sample(float y, PhiloxBlock noise)
    {
        const float straight = 0.01f; // Below, the logarithm's digits are lost; the second-order error of the parabola is 1e-5.
        float u = Philox.ToUniform(noise.W0);
        float a = XMath.Max(XMath.Abs(y), straight);
        float inverse = -XMath.Log(1f + u * ScalarMath.ExpM1Negative(-a)) / a;
        float x = XMath.Abs(y) < straight ? u - 0.5f * XMath.Abs(y) * u * (1f - u) : inverse;
        return y < 0f ? x : 1f - x;
    }
}
