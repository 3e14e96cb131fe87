// Scalar functions that the kernels need beyond XMath, as device functions.
//
//   log1p(x), 0 <= x <= 1   x·P(x), the ten coefficients our own minimax fit (relative error 4.7e-9 in exact arithmetic). No logarithm,
//                           no division, no cancellation near 0.
//   expm1(x), x <= 0        Taylor series down to -1, e^x - 1 below, where nothing cancels any more.
//   Phi(x)                  distribution function of the standard normal: for t = |x|
//                           Phi(-t) = exp(-t²/2)·u·P(u), u = 1/(1 + 0.34 t). The form is that of A&S 26.2.17; the nine
//                           coefficients are our own minimax fit (relative error 3.1e-8 in exact arithmetic on 0 <= t <= 14).
//
// Relative errors in float32 stay within a few ulp of the argument's own rounding, so that the tails of softplus, of the Bernoulli
// likelihood and of GELU keep their leading digits.

using ILGPU.Algorithms;

namespace GpuVae.Kernels.Common;

internal static class ScalarMath
{
    public const float InvSqrtTwoPi = 0.39894228040143267794f;
    public const float LogTwoPi = 1.8378770664093454836f;

    /// <summary>The value, not below min nor above max. NaN stays in place: a diverged run must show.</summary>
    public static float Clamp(float value, float min, float max) => value < min ? min : value > max ? max : value;

    /// <summary>ln(1 + x) for x in [0, 1].</summary>
    public static float Log1PUnit(float x)
    {
        float p = -0.0032440247014164925f;
        p = p * x + 0.01985146291553974f;
        p = p * x - 0.05695953965187073f;
        p = p * x + 0.10603655874729156f;
        p = p * x - 0.15305593609809875f;
        p = p * x + 0.1967594027519226f;
        p = p * x - 0.24954134225845337f;
        p = p * x + 0.3332996368408203f;
        p = p * x - 0.4999990165233612f;
        return x + x * x * p;
    }

    /// <summary>exp(x) - 1 for x at or below 0.</summary>
    public static float ExpM1Negative(float x)
    {
        float series = 1f / 3628800f;
        series = series * x + 1f / 362880f;
        series = series * x + 1f / 40320f;
        series = series * x + 1f / 5040f;
        series = series * x + 1f / 720f;
        series = series * x + 1f / 120f;
        series = series * x + 1f / 24f;
        series = series * x + 1f / 6f;
        series = series * x + 0.5f;
        return x > -1f ? x + x * x * series : XMath.Exp(x) - 1f;
    }

    /// <summary>1 / (1 + exp(-x)). Where the power is infinite, beyond -88, the result is 0.</summary>
    public static float Sigmoid(float x) => 1f / (1f + XMath.Exp(-x));

    /// <summary>ln(1 + exp(x)) without overflow for any x.</summary>
    public static float Softplus(float x) => XMath.Max(x, 0f) + Log1PUnit(XMath.Exp(-XMath.Abs(x)));

    /// <summary>Density of the standard normal distribution.</summary>
    public static float NormalDensity(float x) => InvSqrtTwoPi * XMath.Exp(-0.5f * x * x);

    /// <summary>Distribution function of the standard normal, from its density at the same x.</summary>
    public static float NormalDistribution(float x, float density)
    {
        float u = 1f / (1f + 0.34f * XMath.Abs(x));
        float p = -0.02612033486366272f;
        p = p * u + 0.13949881494045258f;
        p = p * u - 0.2731313407421112f;
        p = p * u + 0.20218108594417572f;
        p = p * u - 0.04471737891435623f;
        p = p * u + 0.11535871773958206f;
        p = p * u + 0.11519777029752731f;
        p = p * u + 0.13611218333244324f;
        p = p * u + 0.13562050461769104f;
        float lower = SqrtTwoPi * density * u * p;
        return x < 0f ? lower : 1f - lower;
    }

    private const float SqrtTwoPi = 2.5066282746310005024f;
}
