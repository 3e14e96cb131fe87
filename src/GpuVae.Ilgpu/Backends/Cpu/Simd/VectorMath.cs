using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace GpuVae.Ilgpu.Backends.Cpu.Simd;

/// <summary>
/// Elementary functions of float vectors. Bounds, over all finite arguments: Exp, Exp2, Log, Log2 and Log10 2 ULP, Tanh 3 ULP; Sin and
/// Cos and all double functions are those of .NET. Special values follow MathF.
/// </summary>
internal static class VectorMath
{
    /// <summary>A vector of floats of some width, so that each function is written once.</summary>
    private interface ILanes<TSelf> where TSelf : struct, ILanes<TSelf>
    {
        static abstract TSelf operator +(TSelf a, TSelf b);

        static abstract TSelf operator -(TSelf a, TSelf b);

        static abstract TSelf operator *(TSelf a, TSelf b);

        static abstract TSelf operator /(TSelf a, TSelf b);

        static abstract TSelf Of(float value);

        static abstract TSelf OfBits(int bits);

        static abstract TSelf Fma(TSelf a, TSelf b, TSelf c);

        static abstract TSelf Abs(TSelf a);

        static abstract TSelf CopySign(TSelf a, TSelf sign);

        /// <summary>A NaN in <paramref name="b"/> is kept.</summary>
        static abstract TSelf Min(TSelf a, TSelf b);

        /// <summary>A NaN in <paramref name="b"/> is kept.</summary>
        static abstract TSelf Max(TSelf a, TSelf b);

        static abstract TSelf Round(TSelf a);

        /// <summary>2^n for integral n in [-126, 127].</summary>
        static abstract TSelf PowerOfTwo(TSelf n);

        /// <summary>For normal a &gt; 0: a = mantissa · 2^exponent with the mantissa in [√½, √2).</summary>
        static abstract (TSelf Mantissa, TSelf Exponent) Split(TSelf a);

        static abstract TSelf SelectLess(TSelf a, TSelf b, TSelf whenLess, TSelf otherwise);

        /// <summary>Also taken where <paramref name="a"/> or <paramref name="b"/> is NaN.</summary>
        static abstract TSelf SelectNotLess(TSelf a, TSelf b, TSelf whenNotLess, TSelf otherwise);
    }

    private readonly struct Lanes128(Vector128<float> v) : ILanes<Lanes128>
    {
        public readonly Vector128<float> V = v;

        public static Lanes128 operator +(Lanes128 a, Lanes128 b) => new(a.V + b.V);

        public static Lanes128 operator -(Lanes128 a, Lanes128 b) => new(a.V - b.V);

        public static Lanes128 operator *(Lanes128 a, Lanes128 b) => new(a.V * b.V);

        public static Lanes128 operator /(Lanes128 a, Lanes128 b) => new(a.V / b.V);

        public static Lanes128 Of(float value) => new(Vector128.Create(value));

        public static Lanes128 OfBits(int bits) => new(Vector128.Create(bits).AsSingle());

        public static Lanes128 Fma(Lanes128 a, Lanes128 b, Lanes128 c) => new(Vector128.FusedMultiplyAdd(a.V, b.V, c.V));

        public static Lanes128 Abs(Lanes128 a) => new(Vector128.Abs(a.V));

        public static Lanes128 CopySign(Lanes128 a, Lanes128 sign) => new(Vector128.CopySign(a.V, sign.V));

        public static Lanes128 Min(Lanes128 a, Lanes128 b) => new(Vector128.MinNative(a.V, b.V));

        public static Lanes128 Max(Lanes128 a, Lanes128 b) => new(Vector128.MaxNative(a.V, b.V));

        public static Lanes128 Round(Lanes128 a) => new(Vector128.Round(a.V));

        public static Lanes128 PowerOfTwo(Lanes128 n) =>
            new(((Vector128.ConvertToInt32Native(n.V) + Vector128.Create(127)) << 23).AsSingle());

        public static (Lanes128 Mantissa, Lanes128 Exponent) Split(Lanes128 a)
        {
            var bits = a.V.AsInt32() - Vector128.Create(SqrtHalfBits);
            var mantissa = (bits & Vector128.Create(0x7FFFFF)) + Vector128.Create(SqrtHalfBits);
            return (new(mantissa.AsSingle()), new(Vector128.ConvertToSingle(bits >> 23)));
        }

        public static Lanes128 SelectLess(Lanes128 a, Lanes128 b, Lanes128 whenLess, Lanes128 otherwise) =>
            new(Vector128.ConditionalSelect(Vector128.LessThan(a.V, b.V), whenLess.V, otherwise.V));

        public static Lanes128 SelectNotLess(Lanes128 a, Lanes128 b, Lanes128 whenNotLess, Lanes128 otherwise) =>
            new(Vector128.ConditionalSelect(Vector128.LessThan(a.V, b.V), otherwise.V, whenNotLess.V));
    }

    private readonly struct Lanes256(Vector256<float> v) : ILanes<Lanes256>
    {
        public readonly Vector256<float> V = v;

        public static Lanes256 operator +(Lanes256 a, Lanes256 b) => new(a.V + b.V);

        public static Lanes256 operator -(Lanes256 a, Lanes256 b) => new(a.V - b.V);

        public static Lanes256 operator *(Lanes256 a, Lanes256 b) => new(a.V * b.V);

        public static Lanes256 operator /(Lanes256 a, Lanes256 b) => new(a.V / b.V);

        public static Lanes256 Of(float value) => new(Vector256.Create(value));

        public static Lanes256 OfBits(int bits) => new(Vector256.Create(bits).AsSingle());

        public static Lanes256 Fma(Lanes256 a, Lanes256 b, Lanes256 c) => new(Vector256.FusedMultiplyAdd(a.V, b.V, c.V));

        public static Lanes256 Abs(Lanes256 a) => new(Vector256.Abs(a.V));

        public static Lanes256 CopySign(Lanes256 a, Lanes256 sign) => new(Vector256.CopySign(a.V, sign.V));

        public static Lanes256 Min(Lanes256 a, Lanes256 b) => new(Vector256.MinNative(a.V, b.V));

        public static Lanes256 Max(Lanes256 a, Lanes256 b) => new(Vector256.MaxNative(a.V, b.V));

        public static Lanes256 Round(Lanes256 a) => new(Vector256.Round(a.V));

        public static Lanes256 PowerOfTwo(Lanes256 n) =>
            new(((Vector256.ConvertToInt32Native(n.V) + Vector256.Create(127)) << 23).AsSingle());

        public static (Lanes256 Mantissa, Lanes256 Exponent) Split(Lanes256 a)
        {
            var bits = a.V.AsInt32() - Vector256.Create(SqrtHalfBits);
            var mantissa = (bits & Vector256.Create(0x7FFFFF)) + Vector256.Create(SqrtHalfBits);
            return (new(mantissa.AsSingle()), new(Vector256.ConvertToSingle(bits >> 23)));
        }

        public static Lanes256 SelectLess(Lanes256 a, Lanes256 b, Lanes256 whenLess, Lanes256 otherwise) =>
            new(Vector256.ConditionalSelect(Vector256.LessThan(a.V, b.V), whenLess.V, otherwise.V));

        public static Lanes256 SelectNotLess(Lanes256 a, Lanes256 b, Lanes256 whenNotLess, Lanes256 otherwise) =>
            new(Vector256.ConditionalSelect(Vector256.LessThan(a.V, b.V), otherwise.V, whenNotLess.V));
    }

    private readonly struct Lanes512(Vector512<float> v) : ILanes<Lanes512>
    {
        public readonly Vector512<float> V = v;

        public static Lanes512 operator +(Lanes512 a, Lanes512 b) => new(a.V + b.V);

        public static Lanes512 operator -(Lanes512 a, Lanes512 b) => new(a.V - b.V);

        public static Lanes512 operator *(Lanes512 a, Lanes512 b) => new(a.V * b.V);

        public static Lanes512 operator /(Lanes512 a, Lanes512 b) => new(a.V / b.V);

        public static Lanes512 Of(float value) => new(Vector512.Create(value));

        public static Lanes512 OfBits(int bits) => new(Vector512.Create(bits).AsSingle());

        public static Lanes512 Fma(Lanes512 a, Lanes512 b, Lanes512 c) => new(Vector512.FusedMultiplyAdd(a.V, b.V, c.V));

        public static Lanes512 Abs(Lanes512 a) => new(Vector512.Abs(a.V));

        public static Lanes512 CopySign(Lanes512 a, Lanes512 sign) => new(Vector512.CopySign(a.V, sign.V));

        public static Lanes512 Min(Lanes512 a, Lanes512 b) => new(Vector512.MinNative(a.V, b.V));

        public static Lanes512 Max(Lanes512 a, Lanes512 b) => new(Vector512.MaxNative(a.V, b.V));

        public static Lanes512 Round(Lanes512 a) => new(Vector512.Round(a.V));

        public static Lanes512 PowerOfTwo(Lanes512 n) =>
            new(((Vector512.ConvertToInt32Native(n.V) + Vector512.Create(127)) << 23).AsSingle());

        public static (Lanes512 Mantissa, Lanes512 Exponent) Split(Lanes512 a)
        {
            var bits = a.V.AsInt32() - Vector512.Create(SqrtHalfBits);
            var mantissa = (bits & Vector512.Create(0x7FFFFF)) + Vector512.Create(SqrtHalfBits);
            return (new(mantissa.AsSingle()), new(Vector512.ConvertToSingle(bits >> 23)));
        }

        public static Lanes512 SelectLess(Lanes512 a, Lanes512 b, Lanes512 whenLess, Lanes512 otherwise) =>
            new(Vector512.ConditionalSelect(Vector512.LessThan(a.V, b.V), whenLess.V, otherwise.V));

        public static Lanes512 SelectNotLess(Lanes512 a, Lanes512 b, Lanes512 whenNotLess, Lanes512 otherwise) =>
            new(Vector512.ConditionalSelect(Vector512.LessThan(a.V, b.V), otherwise.V, whenNotLess.V));
    }

    private const int SqrtHalfBits = 0x3F3504F3;

    // ln 2 in two pieces; the high one has so few bits that its products with exponents are exact.
    private const float Ln2High = 0.693359375f;
    private const float Ln2Low = -2.12194440e-4f;
    private const float Log2E = 1.44269504088896341f;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector128<float> Exp(Vector128<float> x) => Exp(new Lanes128(x)).V;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector256<float> Exp(Vector256<float> x) => Exp(new Lanes256(x)).V;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<float> Exp(Vector512<float> x) => Exp(new Lanes512(x)).V;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector128<float> Exp2(Vector128<float> x) => Exp2(new Lanes128(x)).V;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector256<float> Exp2(Vector256<float> x) => Exp2(new Lanes256(x)).V;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<float> Exp2(Vector512<float> x) => Exp2(new Lanes512(x)).V;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector128<float> Log(Vector128<float> x) => Log(new Lanes128(x)).V;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector256<float> Log(Vector256<float> x) => Log(new Lanes256(x)).V;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<float> Log(Vector512<float> x) => Log(new Lanes512(x)).V;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector128<float> Log2(Vector128<float> x) => Log2(new Lanes128(x)).V;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector256<float> Log2(Vector256<float> x) => Log2(new Lanes256(x)).V;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<float> Log2(Vector512<float> x) => Log2(new Lanes512(x)).V;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector128<float> Log10(Vector128<float> x) => Log10(new Lanes128(x)).V;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector256<float> Log10(Vector256<float> x) => Log10(new Lanes256(x)).V;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<float> Log10(Vector512<float> x) => Log10(new Lanes512(x)).V;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector128<float> Tanh(Vector128<float> x) => Tanh(new Lanes128(x)).V;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector256<float> Tanh(Vector256<float> x) => Tanh(new Lanes256(x)).V;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<float> Tanh(Vector512<float> x) => Tanh(new Lanes512(x)).V;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector128<float> Sin(Vector128<float> x) => Vector128.Sin(x);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector256<float> Sin(Vector256<float> x) => Vector256.Sin(x);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<float> Sin(Vector512<float> x) => Vector512.Sin(x);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector128<float> Cos(Vector128<float> x) => Vector128.Cos(x);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector256<float> Cos(Vector256<float> x) => Vector256.Cos(x);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<float> Cos(Vector512<float> x) => Vector512.Cos(x);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector128<double> Exp(Vector128<double> x) => Vector128.Exp(x);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector256<double> Exp(Vector256<double> x) => Vector256.Exp(x);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Exp(Vector512<double> x) => Vector512.Exp(x);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector128<double> Log(Vector128<double> x) => Vector128.Log(x);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector256<double> Log(Vector256<double> x) => Vector256.Log(x);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Log(Vector512<double> x) => Vector512.Log(x);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector128<double> Log2(Vector128<double> x) => Vector128.Log2(x);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector256<double> Log2(Vector256<double> x) => Vector256.Log2(x);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Log2(Vector512<double> x) => Vector512.Log2(x);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector128<double> Sin(Vector128<double> x) => Vector128.Sin(x);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector256<double> Sin(Vector256<double> x) => Vector256.Sin(x);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Sin(Vector512<double> x) => Vector512.Sin(x);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector128<double> Cos(Vector128<double> x) => Vector128.Cos(x);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector256<double> Cos(Vector256<double> x) => Vector256.Cos(x);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Cos(Vector512<double> x) => Vector512.Cos(x);

    /// <summary>e^x = 2^n · e^r with n = round(x / ln 2), |r| ≤ ½ ln 2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Exp<T>(T x) where T : struct, ILanes<T>
    {
        var clamped = T.Min(T.Of(89f), T.Max(T.Of(-104f), x));
        var n = T.Round(clamped * T.Of(Log2E));
        var r = T.Fma(n, T.Of(-Ln2Low), T.Fma(n, T.Of(-Ln2High), clamped));
        return Scale(ExpMinusOne(r) + T.Of(1), n);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Exp2<T>(T x) where T : struct, ILanes<T>
    {
        var clamped = T.Min(T.Of(129f), T.Max(T.Of(-151f), x));
        var n = T.Round(clamped);
        return Scale(ExpMinusOne((clamped - n) * T.Of(0.693147180559945f)) + T.Of(1), n);
    }

    /// <summary>e^r - 1 for |r| ≤ ½ ln 2: the Taylor polynomial of degree 7, whose remainder is below 2^-27 of the value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T ExpMinusOne<T>(T r) where T : struct, ILanes<T>
    {
        var p = T.Fma(r, T.Of(1f / 5040), T.Of(1f / 720));
        p = T.Fma(p, r, T.Of(1f / 120));
        p = T.Fma(p, r, T.Of(1f / 24));
        p = T.Fma(p, r, T.Of(1f / 6));
        p = T.Fma(p, r, T.Of(0.5f));
        return T.Fma(p, r * r, r);
    }

    /// <summary>a · 2^n in two steps, so that results beyond the normal range round once and 2^128 is reached.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Scale<T>(T a, T n) where T : struct, ILanes<T>
    {
        var half = T.Round(n * T.Of(0.5f));
        return a * T.PowerOfTwo(half) * T.PowerOfTwo(n - half);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Log<T>(T x) where T : struct, ILanes<T>
    {
        var (f, correction, exponent) = LogParts(x);
        var result = T.Fma(exponent, T.Of(Ln2High), f + T.Fma(exponent, T.Of(Ln2Low), correction));
        return SpecialLog(x, result);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Log2<T>(T x) where T : struct, ILanes<T>
    {
        var (f, correction, exponent) = LogParts(x);
        // log2 e = 1.5 - 0.0573…: the product with f keeps its low part.
        var product = f * T.Of(Log2E);
        var low = T.Fma(f, T.Of(Log2E), T.Of(0) - product) + T.Fma(f, T.Of(1.925963033500e-8f), correction * T.Of(Log2E));
        return SpecialLog(x, exponent + product + low);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Log10<T>(T x) where T : struct, ILanes<T>
    {
        var (f, correction, exponent) = LogParts(x);
        var fraction = T.Fma(f, T.Of(0.434294481903252f), correction * T.Of(0.434294481903252f));
        var low = T.Fma(exponent, T.Of(4.605038981195e-6f), fraction);
        return SpecialLog(x, T.Fma(exponent, T.Of(0.301025390625f), low));
    }

    /// <summary>
    /// log x = exponent · ln 2 + f + correction, f = mantissa - 1. With s = f / (2 + f), log (1 + f) = 2 artanh s, whose series converges
    /// fast for |s| ≤ 0.172; written as f - (f²/2 - s (f²/2 + R(s²))) its rounding errors stay in the small terms.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (T F, T Correction, T Exponent) LogParts<T>(T x) where T : struct, ILanes<T>
    {
        // Subnormal numbers are scaled into the normal range first.
        var least = T.OfBits(0x00800000);
        var scaled = T.SelectLess(x, least, x * T.Of(8388608f), x);
        var (mantissa, exponent) = T.Split(scaled);
        exponent += T.SelectLess(x, least, T.Of(-23f), T.Of(0));
        var f = mantissa - T.Of(1);
        var s = f / (f + T.Of(2));
        var z = s * s;
        var r = T.Fma(z, T.Of(2f / 11), T.Of(2f / 9));
        r = T.Fma(r, z, T.Of(2f / 7));
        r = T.Fma(r, z, T.Of(2f / 5));
        r = T.Fma(r, z, T.Of(2f / 3)) * z;
        var half = f * f * T.Of(0.5f);
        return (f, T.Fma(s, half + r, T.Of(0) - half), exponent);
    }

    /// <summary>log 0 = -∞, log of a negative number or NaN is NaN, log ∞ = ∞.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T SpecialLog<T>(T x, T result) where T : struct, ILanes<T>
    {
        result = T.SelectNotLess(x, T.OfBits(0x7F800000), x, result);
        var invalid = T.SelectLess(x, T.Of(0), T.Of(float.NaN), T.Of(float.NegativeInfinity));
        return T.SelectLess(x, T.OfBits(1), invalid, result);
    }

    /// <summary>tanh |x| = u / (u + 2) with u = e^(2|x|) - 1; the sign is put back. Beyond 10 the result is 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Tanh<T>(T x) where T : struct, ILanes<T>
    {
        var y = T.Min(T.Of(10f), T.Abs(x));
        y += y;
        var n = T.Round(y * T.Of(Log2E));
        var r = T.Fma(n, T.Of(-Ln2Low), T.Fma(n, T.Of(-Ln2High), y));
        var power = T.PowerOfTwo(n);
        var u = T.Fma(ExpMinusOne(r), power, power - T.Of(1));
        return T.CopySign(u / (u + T.Of(2)), x);
    }
}
