namespace GpuVae.Ilgpu.Backends.Cuda;

internal static partial class PreciseMath
{
    private const float Ln2High = 0.693147182f;
    private const float Ln2Low = -1.90465421e-09f;

    /// <summary>
    /// e^x: x = n·ln 2 + r, a polynomial in r, and the exponent put together in two steps so that subnormal results round once.
    /// </summary>
    public static float Exp(float x)
    {
        float n = MathF.Round(Clamp(x, -104f, 89f) * 1.44269502f);
        float r = Fma(n, -Ln2Low, Fma(n, -Ln2High, x));
        float scaled = Scale(ExpReduced(r), (int)n);
        return x > 88.8f ? float.PositiveInfinity : x < -104f ? 0f : scaled;
    }

    /// <summary>2^x; the fraction is turned into the argument of e^r with a product in two parts.</summary>
    public static float Exp2(float x)
    {
        float n = MathF.Round(Clamp(x, -151f, 129f));
        float f = x - n;
        float r = Fma(f, Ln2Low, f * Ln2High);
        float scaled = Scale(ExpReduced(r), (int)n);
        return x >= 128f ? float.PositiveInfinity : x < -150f ? 0f : scaled;
    }

    /// <summary>ln x = e·ln 2 + ln m with m in [√½, √2).</summary>
    public static float Log(float x)
    {
        float f = LogReduce(x, out float e);
        float tail = LogTail(f);
        float log = Fma(e, Ln2High, f + Fma(e, Ln2Low, tail));
        return LogSpecial(x, log);
    }

    public static float Log(float x, float newBase) => Log(x) / Log(newBase);

    public static float Log2(float x)
    {
        float f = LogReduce(x, out float e);
        float tail = LogTail(f);
        float high = f * 1.44269502f;
        float low = Fma(f, 1.44269502f, -high);
        low = Fma(f, 1.92596303e-08f, Fma(tail, 1.44269502f, low));
        return LogSpecial(x, e + (high + low));
    }

    public static float Log10(float x)
    {
        float f = LogReduce(x, out float e);
        float tail = LogTail(f);
        float high = f * 0.434294492f;
        float low = Fma(f, 0.434294492f, -high);
        low = Fma(f, -1.010305e-08f, Fma(tail, 0.434294492f, low));
        low = Fma(e, -1.43209888e-08f, low);
        return LogSpecial(x, Fma(e, 0.30103001f, high + low));
    }

    /// <summary>tanh x: an odd polynomial near 0, 1 - 2/(e^2|x| + 1) elsewhere, 1 beyond 9.1.</summary>
    public static float Tanh(float x)
    {
        float a = MathF.Abs(x);
        float t = x * x;
        float p = -0.00660961401f;
        p = Fma(p, t, 0.0213090628f);
        p = Fma(p, t, -0.0539093763f);
        p = Fma(p, t, 0.133331135f);
        p = Fma(p, t, -0.333333313f);
        float small = Fma(x * t, p, x);
        float large = 1f - 2f / (Exp(a + a) + 1f);
        return MathF.CopySign(a < 0.55f ? small : a > 9.1f ? 1f : large, x);
    }

    public static float Sin(float x)
    {
        float r = ReduceAngle(x, out int quadrant);
        float value = (quadrant & 1) == 0 ? SinReduced(r) : CosReduced(r);

        // The reduction loses the sign of zero.
        return x == 0f ? x : (quadrant & 2) == 0 ? value : -value;
    }

    public static float Cos(float x)
    {
        float r = ReduceAngle(x, out int quadrant);
        float value = (quadrant & 1) == 0 ? CosReduced(r) : SinReduced(r);
        return ((quadrant + 1) & 2) == 0 ? value : -value;
    }

    public static float Tan(float x)
    {
        float r = ReduceAngle(x, out int quadrant);
        float sine = SinReduced(r);
        float cosine = CosReduced(r);
        return x == 0f ? x : (quadrant & 1) == 0 ? sine / cosine : -(cosine / sine);
    }

    // Rare in kernels: the double functions, rounded once.
    public static float Asin(float x) => (float)Asin((double)x);

    public static float Acos(float x) => (float)Acos((double)x);

    public static float Atan(float x) => (float)Atan((double)x);

    public static float Sinh(float x) => (float)Sinh((double)x);

    public static float Cosh(float x) => (float)Cosh((double)x);

    public static float Atan2(float y, float x) => (float)Atan2((double)y, (double)x);

    public static float Pow(float x, float y) => (float)Pow((double)x, (double)y);

    public static float Rem(float x, float y) => (float)Rem((double)x, (double)y);

    /// <summary>e^r for |r| ≤ ln 2 / 2.</summary>
    private static float ExpReduced(float r)
    {
        float p = 0.00139262038f;
        p = Fma(p, r, 0.00836319476f);
        p = Fma(p, r, 0.0416665561f);
        p = Fma(p, r, 0.166665763f);
        p = Fma(p, r, 0.5f);
        return Fma(p, r * r, r) + 1f;
    }

    /// <summary>x·2^n for -151 ≤ n ≤ 129.</summary>
    private static float Scale(float x, int n)
    {
        int half = n >> 1;
        return x * PowerOf2(half) * PowerOf2(n - half);
    }

    private static float PowerOf2(int n) => BitConverter.Int32BitsToSingle((n + 127) << 23);

    /// <summary>m - 1 and e with x = m·2^e.</summary>
    private static float LogReduce(float x, out float e)
    {
        bool subnormal = x < 1.17549435e-38f;
        int bits = BitConverter.SingleToInt32Bits(subnormal ? x * 8388608f : x);

        // The offset is the bits of √½, so that the exponent steps there.
        int exponent = (bits - 0x3F3504F3) >> 23;
        e = exponent - (subnormal ? 23f : 0f);
        return BitConverter.Int32BitsToSingle(bits - (exponent << 23)) - 1f;
    }

    /// <summary>ln(1 + f) - f.</summary>
    private static float LogTail(float f)
    {
        float p = 0.0696975365f;
        p = Fma(p, f, -0.114791878f);
        p = Fma(p, f, 0.116857961f);
        p = Fma(p, f, -0.124257766f);
        p = Fma(p, f, 0.142490327f);
        p = Fma(p, f, -0.166677982f);
        p = Fma(p, f, 0.20000717f);
        p = Fma(p, f, -0.24999997f);
        p = Fma(p, f, 0.333333313f);
        float square = f * f;
        return Fma(square * f, p, -0.5f * square);
    }

    private static float LogSpecial(float x, float log)
    {
        if (x == 0f)
            return float.NegativeInfinity;
        if (!(x > 0f))
            return float.NaN;
        return x > float.MaxValue ? x : log;
    }

    /// <summary>x - k·π/2 with k its nearest integer; the quadrant is k modulo 4.</summary>
    private static float ReduceAngle(float x, out int quadrant)
    {
        // Three parts of π/2 hold while k has few bits; beyond, and for infinities, the bits of 2/π are multiplied out.
        if (!(MathF.Abs(x) < 20000f))
            return ReduceLargeAngle(x, out quadrant);
        float k = MathF.Round(x * 0.636619747f);
        quadrant = (int)k;
        float r = Fma(k, -1.57079637f, x);
        r = Fma(k, 4.37113883e-08f, r);
        return Fma(k, 1.71512451e-15f, r);
    }

    /// <summary>
    /// x = m·2^e times the bits of 2/π from the place where the product is less than 4: its top two bits are the quadrant, the rest the
    /// fraction of π/2.
    /// </summary>
    private static float ReduceLargeAngle(float x, out int quadrant)
    {
        int bits = BitConverter.SingleToInt32Bits(x);
        int exponent = ((bits >> 23) & 255) - 150;
        if (exponent > 104)
        {
            quadrant = 0;
            return float.NaN;
        }
        ulong mantissa = (uint)(bits & 0x7FFFFF) | 0x800000u;

        // Words of 2/π; the window starts 2 bits before the units' place of m·2^e·2/π.
        int start = exponent - 2;
        bool negative = start < 0;
        bool second = start >= 64;
        ulong w0 = negative ? 0UL : second ? 0xfc2757d1f534ddc0UL : 0xa2f9836e4e441529UL;
        ulong w1 = negative ? 0xa2f9836e4e441529UL : second ? 0xdb6295993c439041UL : 0xfc2757d1f534ddc0UL;
        ulong w2 = negative ? 0xfc2757d1f534ddc0UL : second ? 0xfe5163abdebbc561UL : 0xdb6295993c439041UL;
        int shift = start & 63;
        ulong high = shift == 0 ? w0 : (w0 << shift) | (w1 >> (64 - shift));
        ulong low = shift == 0 ? w1 : (w1 << shift) | (w2 >> (64 - shift));
        ulong carry = (mantissa * (low >> 32) + ((mantissa * (low & 0xFFFFFFFFUL)) >> 32)) >> 32;
        ulong product = mantissa * high + carry;

        ulong rounded = (product + (1UL << 61)) >> 62;
        float fraction = (float)((long)(product << 2) * (1.5707963267948966 / 18446744073709551616.0));
        quadrant = bits < 0 ? -(int)rounded : (int)rounded;
        return bits < 0 ? -fraction : fraction;
    }

    /// <summary>sin r for |r| ≤ π/4.</summary>
    private static float SinReduced(float r)
    {
        float t = r * r;
        float p = 2.7249896e-06f;
        p = Fma(p, t, -0.00019840087f);
        p = Fma(p, t, 0.00833333191f);
        p = Fma(p, t, -0.166666672f);
        return Fma(r * t, p, r);
    }

    /// <summary>cos r for |r| ≤ π/4.</summary>
    private static float CosReduced(float r)
    {
        float t = r * r;
        float p = -2.73009334e-07f;
        p = Fma(p, t, 2.48005999e-05f);
        p = Fma(p, t, -0.00138888881f);
        p = Fma(p, t, 0.0416666679f);
        return Fma(t * t, p, Fma(t, -0.5f, 1f));
    }
}
