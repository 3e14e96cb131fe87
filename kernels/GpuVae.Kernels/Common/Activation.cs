// Activation functions y = f(x) and their derivatives.
//
//   ReLU       max(x, 0)                      f' from y
//   LeakyReLU  x > 0 ? x : 0.01 x             f' from y   (slope: PyTorch's default)
//   Tanh       tanh x                         f' = 1 - y²
//   Sigmoid    1 / (1 + e^-x)                 f' = y (1 - y)
//   Softplus   ln(1 + e^x)                    f' = 1 - e^-y
//   SiLU       x·sigmoid(x)                   f' from x   (Elfwing et al. 2017, arXiv:1702.03118)
//   GELU       x·Phi(x), the exact erf form   f' from x   (Hendrycks & Gimpel 2016, arXiv:1606.08415)
//
// Where f' can be had from y nothing but the output needs to be kept for the backward pass. That also holds for ReLU at 0, where the
// derivative is 0 as in PyTorch. Where it cannot, f'(x) itself is kept: beside f(x) it costs a few operations, later all of them again.

using ILGPU.Algorithms;

namespace GpuVae.Kernels.Common;

/// <summary>An activation function, passed to kernels as a type argument so that it is compiled in.</summary>
public interface IActivation
{
    /// <summary>Whether <see cref="Derivative"/> takes the output y (true) or the pre-activation x (false).</summary>
    static abstract bool DerivativeFromOutput { get; }

    /// <summary>f(x).</summary>
    static abstract float Apply(float x);

    /// <summary>f'(x), given y = f(x) or x itself: see <see cref="DerivativeFromOutput"/>.</summary>
    static abstract float Derivative(float saved);
}

/// <summary>What the way forward saves of an activation for the way back: y where that is enough, else f'(x).</summary>
internal static class SavedActivation
{
    public static float Derivative<TActivation>(float saved)
        where TActivation : struct, IActivation =>
        TActivation.DerivativeFromOutput ? TActivation.Derivative(saved) : saved;
}

#pragma warning disable CS1591 // The interface documents the members.

/// <summary>f(x) = x.</summary>
public readonly struct Identity : IActivation
{
    public static bool DerivativeFromOutput => true;

    public static float Apply(float x) => x;

    public static float Derivative(float saved) => 1f;
}

/// <summary>max(x, 0).</summary>
public readonly struct Relu : IActivation
{
    public static bool DerivativeFromOutput => true;

    // Written as a comparison so that NaN stays NaN: a diverged run must not be hidden.
    public static float Apply(float x) => x <= 0f ? 0f : x;

    public static float Derivative(float saved) => saved > 0f ? 1f : 0f;
}

/// <summary>x, below 0 times 0.01.</summary>
public readonly struct LeakyRelu : IActivation
{
    private const float NegativeSlope = 0.01f;

    public static bool DerivativeFromOutput => true;

    public static float Apply(float x) => x > 0f ? x : NegativeSlope * x;

    public static float Derivative(float saved) => saved > 0f ? 1f : NegativeSlope;
}

/// <summary>x·sigmoid(x).</summary>
public readonly struct Silu : IActivation
{
    public static bool DerivativeFromOutput => false;

    public static float Apply(float x) => x * ScalarMath.Sigmoid(x);

    public static float Derivative(float saved)
    {
        float s = ScalarMath.Sigmoid(saved);
        return s + saved * s * (1f - s);
    }
}

/// <summary>x·Φ(x), Φ the distribution function of the standard normal.</summary>
public readonly struct Gelu : IActivation
{
    public static bool DerivativeFromOutput => false;

    public static float Apply(float x) => x * ScalarMath.NormalDistribution(x, ScalarMath.NormalDensity(x));

    public static float Derivative(float saved)
    {
        float density = ScalarMath.NormalDensity(saved);
        return ScalarMath.NormalDistribution(saved, density) + saved * density;
    }
}

/// <summary>Hyperbolic tangent.</summary>
public readonly struct Tanh : IActivation
{
    public static bool DerivativeFromOutput => true;

    public static float Apply(float x) => XMath.Tanh(x);

    public static float Derivative(float saved) => 1f - saved * saved;
}

/// <summary>1 / (1 + e^-x).</summary>
public readonly struct Sigmoid : IActivation
{
    public static bool DerivativeFromOutput => true;

    public static float Apply(float x) => ScalarMath.Sigmoid(x);

    public static float Derivative(float saved) => saved * (1f - saved);
}

/// <summary>ln(1 + e^x).</summary>
public readonly struct Softplus : IActivation
{
    public static bool DerivativeFromOutput => true;

    public static float Apply(float x) => ScalarMath.Softplus(x);

    public static float Derivative(float saved) => -ScalarMath.ExpM1Negative(-saved);
}
