using System.Numerics.Tensors;

namespace GpuVae.Applications;

/// <summary>Ways from one latent code to another.</summary>
public static class Interpolation
{
    // Below this angle sin θ loses its digits and the arc is a straight line to float32 anyway.
    private const double SmallestAngle = 1e-4;

    /// <summary>
    /// Spherical interpolation (Shoemake, "Animating Rotation with Quaternion Curves", 1985):
    /// sin((1−t)θ)/sin θ · from + sin(tθ)/sin θ · to, θ the angle between the two. Codes of a Gaussian prior lie near a sphere of radius
    /// √latent, and a straight line between two of them would pass through its improbable inside. Nearly parallel, opposite or zero codes,
    /// for which the arc is not defined, are interpolated linearly.
    /// </summary>
    /// <exception cref="ArgumentException">The three spans differ in length.</exception>
    public static void Slerp(ReadOnlySpan<float> from, ReadOnlySpan<float> to, double t, Span<float> result)
    {
        if (from.Length != to.Length || result.Length < from.Length)
            throw new ArgumentException($"Codes of {from.Length} and {to.Length} values into {result.Length}: the lengths must be equal.");
        double norms = TensorPrimitives.Norm(from) * (double)TensorPrimitives.Norm(to);
        double cosine = norms > 0 ? Math.Clamp(TensorPrimitives.Dot(from, to) / norms, -1, 1) : 1;
        double angle = Math.Acos(cosine), sine = Math.Sin(angle);
        bool isArc = angle > SmallestAngle && angle < Math.PI - SmallestAngle;
        (double a, double b) = isArc ? (Math.Sin((1 - t) * angle) / sine, Math.Sin(t * angle) / sine) : (1 - t, t);
        for (int i = 0; i < from.Length; i++)
            result[i] = (float)(a * from[i] + b * to[i]);
    }

    /// <summary>
    /// The codes of <paramref name="count"/> frames from one code to the other, both ends included, [count, latent] row-major.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than two frames.</exception>
    public static float[] Path(ReadOnlySpan<float> from, ReadOnlySpan<float> to, int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 2);
        float[] path = new float[checked(count * from.Length)];
        for (int i = 0; i < count; i++)
            Slerp(from, to, (double)i / (count - 1), path.AsSpan(i * from.Length, from.Length));
        return path;
    }
}
