using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;

namespace GpuVae.Simd.Tests.Emit;

/// <summary>The elementary functions of SIMD code against double arithmetic, in units of the result's last place.</summary>
public sealed class ElementaryFunctionsTests
{
    private readonly SimdAccelerator accelerator = TestAccelerators.Widest;

    public static TheoryData<string> Functions => ["Exp", "Exp2", "Log", "Log2", "Log10", "Tanh"];

    [Theory, MemberData(nameof(Functions))]
    public void StaysWithinItsBound(string name)
    {
        // Every 4099th bit pattern: all exponents, both signs, subnormals.
        const long step = 4099;
        float[] arguments = [.. Enumerable.Range(0, (int)((1L << 32) / step))
            .Select(i => BitConverter.UInt32BitsToSingle((uint)(i * step)))
            .Where(float.IsFinite)];
        (Action<Index1D, ArrayView<float>>? kernel, Func<double, double>? reference, double bound) = Function(name);
        float[] results = Run(kernel, arguments);
        double worst = 0;
        float at = 0;
        for (int i = 0; i < arguments.Length; i++)
        {
            float x = arguments[i], actual = results[i];
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
    public void FollowsMathFAtSpecialValues(string name)
    {
        (Action<Index1D, ArrayView<float>>? kernel, Func<double, double>? reference, _) = Function(name);
        float[] special = [0f, -0f, float.PositiveInfinity, float.NegativeInfinity, float.NaN, float.MaxValue, float.MinValue, -1f, 1f];
        float[] results = Run(kernel, special);
        for (int i = 0; i < special.Length; i++)
        {
            float expected = (float)reference(special[i]), actual = results[i];
            bool same = expected.Equals(actual) || Math.Abs(expected - actual) <= 3 * Ulp(expected);
            Assert.True(same, $"{name}({special[i]:R}) = {actual:R}, expected {expected:R}");
        }
    }

    /// <summary>An argument that is the same for all lanes goes through scalar code, which must not differ in a single bit.</summary>
    [Fact]
    public void OneArgumentForAllLanesGivesTheSameBits()
    {
        using MemoryBuffer1D<float, Stride1D.Dense> x = accelerator.Allocate1D(new[] { 0.7f, -2.3f, 41.5f, 1e-40f });
        using MemoryBuffer1D<float, Stride1D.Dense> y = accelerator.Allocate1D<float>(2 * 4 * 16);
        accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>>(UniformAndVarying)(16, x.View, y.View);
        float[] results = y.GetAsArray1D();
        for (int i = 0; i < results.Length; i += 2)
            Assert.Equal(BitConverter.SingleToInt32Bits(results[i]), BitConverter.SingleToInt32Bits(results[i + 1]));
    }

    private float[] Run(Action<Index1D, ArrayView<float>> kernel, float[] arguments)
    {
        using MemoryBuffer1D<float, Stride1D.Dense> buffer = accelerator.Allocate1D(arguments);
        accelerator.LoadAutoGroupedStreamKernel(kernel)(arguments.Length, buffer.View);
        return buffer.GetAsArray1D();
    }

    private static (Action<Index1D, ArrayView<float>> Kernel, Func<double, double> Reference, double Bound) Function(string name) =>
        name switch
        {
            "Exp" => (Exp, Math.Exp, 2),
            "Exp2" => (Exp2, double.Exp2, 2),
            "Log" => (Log, Math.Log, 2),
            "Log2" => (Log2, Math.Log2, 2),
            "Log10" => (Log10, Math.Log10, 2),
            _ => (Tanh, Math.Tanh, 3),
        };

    private static void Exp(Index1D i, ArrayView<float> x) => x[i] = XMath.Exp(x[i]);

    private static void Exp2(Index1D i, ArrayView<float> x) => x[i] = XMath.Exp2(x[i]);

    private static void Log(Index1D i, ArrayView<float> x) => x[i] = XMath.Log(x[i]);

    private static void Log2(Index1D i, ArrayView<float> x) => x[i] = XMath.Log2(x[i]);

    private static void Log10(Index1D i, ArrayView<float> x) => x[i] = XMath.Log10(x[i]);

    private static void Tanh(Index1D i, ArrayView<float> x) => x[i] = XMath.Tanh(x[i]);

    private static void UniformAndVarying(Index1D i, ArrayView<float> x, ArrayView<float> y)
    {
        for (int argument = 0; argument < 4; argument++)
        {
            float uniform = x[argument], varying = x[argument + i - i / 16 * 16 - i % 16];
            int at = 2 * (argument * 16 + i);
            y[at] = XMath.Tanh(XMath.Log(XMath.Exp(uniform)));
            y[at + 1] = XMath.Tanh(XMath.Log(XMath.Exp(varying)));
        }
    }

    private static double Ulp(float value) =>
        Math.Max(1.401298464324817e-45, MathF.BitIncrement(MathF.Abs(value)) - (double)MathF.Abs(value));
}
