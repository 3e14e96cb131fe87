namespace GpuVae.Kernels.Common;

/// <summary>
/// Log-variances s as networks give them: clamped, so that neither e^s nor e^-s overflows, with the gradient that goes with it.
/// </summary>
public static class LogVariance
{
    /// <summary>The clamp's range; outside it the gradient is 0.</summary>
    public const float Min = -30f, Max = 20f;

    /// <summary>s, not below <see cref="Min"/> nor above <see cref="Max"/>.</summary>
    public static float Clamp(float raw) => ScalarMath.Clamp(raw, Min, Max);

    /// <summary>d <see cref="Clamp"/> / d raw: 1 inside the range, 0 outside.</summary>
    public static float ClampDerivative(float raw) => raw < Min || raw > Max ? 0f : 1f;
}
