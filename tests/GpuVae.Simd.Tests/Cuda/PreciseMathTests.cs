using GpuVae.Ilgpu.Backends.Cuda;

namespace GpuVae.Ilgpu.Tests.Cuda;

/// <summary>
/// The functions that are inlined into CUDA kernels, run as .NET code against .NET's own in higher or the same precision.
/// </summary>
public class PreciseMathTests
{
    private static readonly Dictionary<string, (Func<float, float> Ours, Func<double, double> Reference, double Low, double High,
        double Ulps)> Singles = new()
        {
            ["Exp"] = (PreciseMath.Exp, Math.Exp, -110, 95, 1.5),
            ["Exp2"] = (PreciseMath.Exp2, x => Math.Pow(2, x), -155, 130, 1.5),
            ["Log"] = (PreciseMath.Log, Math.Log, 0, 4, 2),
            ["LogWide"] = (PreciseMath.Log, Math.Log, 0, 1e38, 2),
            ["Log2"] = (PreciseMath.Log2, Math.Log2, 0, 4, 3),
            ["Log10"] = (PreciseMath.Log10, Math.Log10, 0, 1000, 3),
            ["Sin"] = (PreciseMath.Sin, Math.Sin, -30000, 30000, 2),
            ["SinLarge"] = (PreciseMath.Sin, Math.Sin, -3e38, 3e38, 2),
            ["SinMiddle"] = (PreciseMath.Sin, Math.Sin, -1e7, 1e7, 2),
            ["Cos"] = (PreciseMath.Cos, Math.Cos, -10, 10, 2),
            ["CosLarge"] = (PreciseMath.Cos, Math.Cos, -1e12, 1e12, 2),
            ["Tan"] = (PreciseMath.Tan, Math.Tan, -1000, 1000, 4),
            ["Asin"] = (PreciseMath.Asin, Math.Asin, -1, 1, 1),
            ["Acos"] = (PreciseMath.Acos, Math.Acos, -1, 1, 1),
            ["Atan"] = (PreciseMath.Atan, Math.Atan, -50, 50, 1),
            ["Sinh"] = (PreciseMath.Sinh, Math.Sinh, -90, 90, 1),
            ["Cosh"] = (PreciseMath.Cosh, Math.Cosh, -90, 90, 1),
            ["Tanh"] = (PreciseMath.Tanh, Math.Tanh, -12, 12, 2),
            ["TanhSmall"] = (PreciseMath.Tanh, Math.Tanh, -0.7, 0.7, 2),
        };

    private static readonly Dictionary<string, (Func<double, double> Ours, Func<double, double> Reference, double Low, double High,
        double Ulps)> Doubles = new()
        {
            ["Exp"] = (PreciseMath.Exp, Math.Exp, -750, 712, 2),
            ["Exp2"] = (PreciseMath.Exp2, x => Math.Pow(2, x), -1080, 1026, 2),
            ["Log"] = (PreciseMath.Log, Math.Log, 0, 4, 2),
            ["LogWide"] = (PreciseMath.Log, Math.Log, 0, 1e300, 2),
            ["Log2"] = (PreciseMath.Log2, Math.Log2, 0, 10, 3),
            ["Log10"] = (PreciseMath.Log10, Math.Log10, 0, 10, 3),
            ["Sin"] = (PreciseMath.Sin, Math.Sin, -1e6, 1e6, 2),
            ["Cos"] = (PreciseMath.Cos, Math.Cos, -1e12, 1e12, 2),
            ["Tan"] = (PreciseMath.Tan, Math.Tan, -1000, 1000, 4),
            ["Asin"] = (PreciseMath.Asin, Math.Asin, -1, 1, 4),
            ["Acos"] = (PreciseMath.Acos, Math.Acos, -1, 1, 4),
            ["Atan"] = (PreciseMath.Atan, Math.Atan, -50, 50, 3),
            ["Sinh"] = (PreciseMath.Sinh, Math.Sinh, -711, 711, 4),
            ["Cosh"] = (PreciseMath.Cosh, Math.Cosh, -711, 711, 4),
            ["Tanh"] = (PreciseMath.Tanh, Math.Tanh, -25, 25, 4),
        };

    public static TheoryData<string> SingleNames => [.. Singles.Keys];

    public static TheoryData<string> DoubleNames => [.. Doubles.Keys];

    [Theory]
    [MemberData(nameof(SingleNames))]
    public void SingleStaysWithinItsBound(string name)
    {
        var (ours, reference, low, high, ulps) = Singles[name];
        var random = new Random(1);
        for (int i = 0; i < 200_000; i++)
        {
            float x = (float)(low + (high - low) * (i < 1000 ? i / 999.0 : random.NextDouble()));
            double want = reference(x);
            float got = ours(x);
            Assert.True(Error(got, want) <= ulps, $"{name}({x:G9}) = {got:G9}, expected {want:G17}: {Error(got, want):F2} ULP");
        }
    }

    [Theory]
    [MemberData(nameof(DoubleNames))]
    public void DoubleStaysWithinItsBound(string name)
    {
        var (ours, reference, low, high, ulps) = Doubles[name];
        var random = new Random(2);
        for (int i = 0; i < 100_000; i++)
        {
            double x = low + (high - low) * (i < 1000 ? i / 999.0 : random.NextDouble());
            double want = reference(x);
            double got = ours(x);

            // The reference itself is within 1 ULP.
            double error = double.IsFinite(want) && double.IsFinite(got)
                ? Math.Abs(got - want) / Math.Max(double.Epsilon, Math.BitIncrement(Math.Abs(want)) - Math.Abs(want))
                : want.Equals(got) || want == got ? 0 : double.PositiveInfinity;
            Assert.True(error <= ulps, $"{name}({x:G17}) = {got:G17}, expected {want:G17}: {error:F2} ULP");
        }
    }

    [Fact]
    public void SpecialValuesAreThoseOfDotNet()
    {
        float[] specials =
        [
            0f, -0f, 1f, -1f, 2f, -2f, 0.5f, -0.5f, 3f, -3f, float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.MaxValue,
                float.MinValue,
            float.Epsilon, -float.Epsilon, 1.1754944e-38f, 88.72284f, -103.97f, -104.5f, 127.99999f, -149f, -150f,
        ];
        foreach (float x in specials)
        {
            AssertNear(MathF.Exp(x), PreciseMath.Exp(x), $"exp({x})");
            AssertNear((float)Math.Pow(2, x), PreciseMath.Exp2(x), $"exp2({x})");
            AssertNear(MathF.Log(x), PreciseMath.Log(x), $"log({x})");
            AssertNear(MathF.Log2(x), PreciseMath.Log2(x), $"log2({x})");
            AssertNear(MathF.Log10(x), PreciseMath.Log10(x), $"log10({x})");
            AssertNear(MathF.Tanh(x), PreciseMath.Tanh(x), $"tanh({x})");
            AssertNear((float)Math.Sin(x), PreciseMath.Sin(x), $"sin({x})");
            AssertNear((float)Math.Cos(x), PreciseMath.Cos(x), $"cos({x})");
            AssertNear(MathF.Sinh(x), PreciseMath.Sinh(x), $"sinh({x})");
            AssertNear(MathF.Cosh(x), PreciseMath.Cosh(x), $"cosh({x})");
            AssertNear(MathF.Asin(x), PreciseMath.Asin(x), $"asin({x})");
            AssertNear(MathF.Acos(x), PreciseMath.Acos(x), $"acos({x})");
            AssertNear(MathF.Atan(x), PreciseMath.Atan(x), $"atan({x})");
            foreach (float y in specials)
            {
                AssertNear((float)Math.Pow(x, y), PreciseMath.Pow(x, y), $"pow({x}, {y})");
                AssertNear((float)Math.Atan2(y, x), PreciseMath.Atan2(y, x), $"atan2({y}, {x})");
                AssertNear(x % y, PreciseMath.Rem(x, y), $"{x} % {y}");
            }
        }
    }

    [Fact]
    public void PowerOfDoublesStaysWithinItsBound()
    {
        var random = new Random(3);
        for (int i = 0; i < 200_000; i++)
        {
            double x = Math.Exp(random.NextDouble() * 40 - 20);
            double y = (random.NextDouble() - 0.5) * 60;
            double want = Math.Pow(x, y);
            double got = PreciseMath.Pow(x, y);
            if (double.IsFinite(want) && want > 1e-300)
                Assert.True(Math.Abs(got - want) <= 16 * (Math.BitIncrement(want) - want),
                    $"pow({x:G17}, {y:G17}) = {got:G17}, expected {want:G17}");
        }
    }

    [Fact]
    public void RemainderIsExact()
    {
        var random = new Random(4);
        for (int i = 0; i < 20_000; i++)
        {
            double x = (random.NextDouble() - 0.5) * Math.Exp(random.NextDouble() * 100 - 50);
            double y = (random.NextDouble() - 0.5) * Math.Exp(random.NextDouble() * 40 - 20);
            Assert.Equal(x % y, PreciseMath.Rem(x, y));
        }
    }

    private static void AssertNear(float want, float got, string what)
    {
        bool same = float.IsNaN(want) ? float.IsNaN(got)
            : want == got ? float.IsNegative(want) == float.IsNegative(got)
            : float.IsFinite(want) && float.IsFinite(got) && Error(got, want) <= 3;
        Assert.True(same, $"{what} = {got:G9}, expected {want:G9}");
    }

    /// <summary>The distance in units of the float's last place.</summary>
    private static double Error(float got, double want)
    {
        if ((float)want == got || double.IsNaN(want) && float.IsNaN(got))
            return 0;
        if (!float.IsFinite(got) || !float.IsFinite((float)want))
            return double.PositiveInfinity;
        float magnitude = MathF.Abs((float)want);
        return Math.Abs(got - want) / Math.Max(float.Epsilon, MathF.BitIncrement(magnitude) - (double)magnitude);
    }
}
