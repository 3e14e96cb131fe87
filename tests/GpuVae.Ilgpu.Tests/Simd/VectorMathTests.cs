using System.Runtime.Intrinsics;
using GpuVae.Ilgpu.Backends.Cpu.Simd;

namespace GpuVae.Ilgpu.Tests.Simd;

/// <summary>The elementary functions against double arithmetic, in units of the result's last place.</summary>
public sealed class VectorMathTests
{
    public static TheoryData<string> Functions => ["Exp", "Exp2", "Log", "Log2", "Log10", "Tanh"];

    [Theory, MemberData(nameof(Functions))]
    public void Stays_within_its_bound(string name)
    {
        var (vector, reference, bound) = Function(name);
        double worst = 0;
        float at = 0;
        // Every 4099th bit pattern: all exponents, both signs, subnormals.
        for (long bits = 0; bits < 1L << 32; bits += 4099)
        {
            float x = BitConverter.UInt32BitsToSingle((uint)bits);
            if (!float.IsFinite(x))
                continue;
            float actual = vector(Vector512.Create(x))[3];
            double expected = reference(x);
            if (double.IsNaN(expected) || !float.IsFinite((float)expected) || !float.IsFinite(actual))
            {
                Assert.True(((float)expected).Equals(actual), $"{name}({x:R}) = {actual:R}, expected {(float)expected:R}");
                continue;
            }
            double error = Math.Abs(actual - expected) / Ulp((float)expected);
            if (error > worst)
                (worst, at) = (error, x);
        }
        Assert.True(worst <= bound, $"{name}({at:R}) is off by {worst:F2} ULP");
    }

    [Theory, MemberData(nameof(Functions))]
    public void Follows_MathF_at_special_values(string name)
    {
        var (vector, reference, _) = Function(name);
        float[] special = [0f, -0f, float.PositiveInfinity, float.NegativeInfinity, float.NaN, float.MaxValue, float.MinValue, -1f, 1f];
        foreach (float x in special)
        {
            float expected = (float)reference(x), actual = vector(Vector512.Create(x))[0];
            bool same = expected.Equals(actual) || Math.Abs(expected - actual) <= 3 * Ulp(expected);
            Assert.True(same, $"{name}({x:R}) = {actual:R}, expected {expected:R}");
        }
    }

    private static (Func<Vector512<float>, Vector512<float>> Vector, Func<double, double> Reference, double Bound) Function(string name) =>
        name switch
        {
            "Exp" => (VectorMath.Exp, Math.Exp, 2),
            "Exp2" => (VectorMath.Exp2, double.Exp2, 2),
            "Log" => (VectorMath.Log, Math.Log, 2),
            "Log2" => (VectorMath.Log2, Math.Log2, 2),
            "Log10" => (VectorMath.Log10, Math.Log10, 2),
            _ => (VectorMath.Tanh, Math.Tanh, 3),
        };

    private static double Ulp(float value) =>
        Math.Max(1.401298464324817e-45, MathF.BitIncrement(MathF.Abs(value)) - (double)MathF.Abs(value));
}
