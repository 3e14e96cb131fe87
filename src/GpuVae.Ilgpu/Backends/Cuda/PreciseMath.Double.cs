namespace GpuVae.Ilgpu.Backends.Cuda;

internal static partial class PreciseMath
{
    private const double DoubleLn2High = 0.69314718055994529;
    private const double DoubleLn2Low = 2.3190468138462996e-17;
    private const double Log2E = 1.4426950408889634;

    public static double Exp(double x)
    {
        double n = Math.Round(Clamp(x, -746.0, 710.0) * Log2E);
        double r = Fma(n, -DoubleLn2Low, Fma(n, -DoubleLn2High, x));
        double scaled = Scale(ExpReduced(r), (int)n);
        return x > 709.8 ? double.PositiveInfinity : x < -746.0 ? 0.0 : scaled;
    }

    public static double Exp2(double x)
    {
        double n = Math.Round(Clamp(x, -1080.0, 1025.0));
        double f = x - n;
        double r = Fma(f, DoubleLn2Low, f * DoubleLn2High);
        double scaled = Scale(ExpReduced(r), (int)n);
        return x >= 1024.0 ? double.PositiveInfinity : x < -1075.0 ? 0.0 : scaled;
    }

    public static double Log(double x)
    {
        double high = LogParts(x, out double low);
        return LogSpecial(x, high + low);
    }

    public static double Log(double x, double newBase) => Log(x) / Log(newBase);

    public static double Log2(double x)
    {
        // The exponent is added last and unscaled, so that powers of two are exact.
        double f = LogReduce(x, out double e);
        double high = LogOfReduced(f, 0.0, out double low);
        double scaled = high * Log2E;
        double rest = Fma(high, Log2E, -scaled);
        rest = Fma(high, 2.0355273740931033e-17, Fma(low, Log2E, rest));
        return LogSpecial(x, e + (scaled + rest));
    }

    public static double Log10(double x)
    {
        double high = LogParts(x, out double low);
        double scaled = high * 0.43429448190325182;
        double rest = Fma(high, 0.43429448190325182, -scaled);
        rest = Fma(high, 1.0983196502167651e-17, Fma(low, 0.43429448190325182, rest));
        return LogSpecial(x, scaled + rest);
    }

    public static double Tanh(double x)
    {
        double a = Math.Abs(x);
        double t = x * x;
        double p = -2.0598556673275166e-05;
        p = Fma(p, t, 8.5107079273541125e-05);
        p = Fma(p, t, -0.00023463104528300406);
        p = Fma(p, t, 0.00058893480724470277);
        p = Fma(p, t, -0.0014556615775702365);
        p = Fma(p, t, 0.0035921103470961768);
        p = Fma(p, t, -0.0088632343954180952);
        p = Fma(p, t, 0.021869488493563037);
        p = Fma(p, t, -0.05396825396743174);
        p = Fma(p, t, 0.13333333333332714);
        p = Fma(p, t, -0.33333333333333331);
        double small = Fma(x * t, p, x);
        double large = 1.0 - 2.0 / (Exp(a + a) + 1.0);
        return Math.CopySign(a < 0.55 ? small : a > 20.0 ? 1.0 : large, x);
    }

    public static double Sinh(double x)
    {
        double a = Math.Abs(x);
        double t = x * x;
        double p = 2.8445264169895285e-15;
        p = Fma(p, t, 7.6466253616566573e-13);
        p = Fma(p, t, 1.6059048396350562e-10);
        p = Fma(p, t, 2.5052108364058039e-08);
        p = Fma(p, t, 2.755731922404034e-06);
        p = Fma(p, t, 0.00019841269841269773);
        p = Fma(p, t, 0.0083333333333333332);
        p = Fma(p, t, 0.16666666666666666);
        double small = Fma(x * t, p, x);
        double exp = ExpHalves(a, out double factor);
        double large = 0.5 * exp * factor - 0.5 / (exp * factor);
        return a < 1.0 ? small : Math.CopySign(large, x);
    }

    public static double Cosh(double x)
    {
        double exp = ExpHalves(Math.Abs(x), out double factor);
        return 0.5 * exp * factor + 0.5 / (exp * factor);
    }

    public static double Sin(double x)
    {
        double r = ReduceAngle(x, out int quadrant);
        double value = (quadrant & 1) == 0 ? SinReduced(r) : CosReduced(r);

        // The reduction loses the sign of zero.
        return x == 0.0 ? x : (quadrant & 2) == 0 ? value : -value;
    }

    public static double Cos(double x)
    {
        double r = ReduceAngle(x, out int quadrant);
        double value = (quadrant & 1) == 0 ? CosReduced(r) : SinReduced(r);
        return ((quadrant + 1) & 2) == 0 ? value : -value;
    }

    public static double Tan(double x)
    {
        double r = ReduceAngle(x, out int quadrant);
        double sine = SinReduced(r);
        double cosine = CosReduced(r);
        return x == 0.0 ? x : (quadrant & 1) == 0 ? sine / cosine : -(cosine / sine);
    }

    /// <summary>Reduced to [0, tan π/8] by the addition theorem and the reciprocal.</summary>
    public static double Atan(double x)
    {
        double a = Math.Abs(x);
        bool inverted = a > 1.0;
        double u = inverted ? 1.0 / a : a;
        bool turned = u > 0.41421356237309503;
        double v = turned ? (u - 1.0) / (u + 1.0) : u;
        double t = v * v;
        double p = 0.016275521683893419;
        p = Fma(p, t, -0.034561322968262309);
        p = Fma(p, t, 0.045512338448295678);
        p = Fma(p, t, -0.052303754575766692);
        p = Fma(p, t, 0.058789182929757273);
        p = Fma(p, t, -0.066664239543734127);
        p = Fma(p, t, 0.076922963231577851);
        p = Fma(p, t, -0.090909087517060755);
        p = Fma(p, t, 0.11111111105119366);
        p = Fma(p, t, -0.14285714285659457);
        p = Fma(p, t, 0.19999999999999804);
        p = Fma(p, t, -0.33333333333333331);
        double angle = Fma(v * t, p, v);
        angle = turned ? 0.78539816339744828 + (angle + 3.061616997868383e-17) : angle;
        angle = inverted ? 1.5707963267948966 - (angle - 6.123233995736766e-17) : angle;
        return Math.CopySign(angle, x);
    }

    public static double Asin(double x)
    {
        double root = Math.Sqrt((1.0 - x) * (1.0 + x));
        double a = Math.Abs(x);

        // Near 1 the quotient would overflow: the complement is taken instead.
        return a < 0.70710678118654757
            ? Atan(x / root)
            : Math.CopySign(1.5707963267948966 - (Atan(root / a) - 6.123233995736766e-17), x) + 0.0 * root;
    }

    public static double Acos(double x)
    {
        double quotient = Math.Sqrt((1.0 - x) / (1.0 + x));
        return 2.0 * Atan(quotient);
    }

    public static double Atan2(double y, double x)
    {
        if (double.IsNaN(x) || double.IsNaN(y))
            return double.NaN;
        double ay = Math.Abs(y);
        double ax = Math.Abs(x);
        double angle;
        if (ay == 0.0)
            angle = 0.0;
        else if (ax == ay)
            angle = 0.78539816339744828;
        else
            angle = Atan(ay / ax);
        if (BitConverter.DoubleToInt64Bits(x) < 0)
            angle = 3.1415926535897931 - (angle - 1.2246467991473532e-16);
        return Math.CopySign(angle, y);
    }

    /// <summary>x^y = e^(y·ln x) with the logarithm in two parts; special cases as IEEE 754 (and Math.Pow) has them.</summary>
    public static double Pow(double x, double y)
    {
        if (y == 0.0 || x == 1.0)
            return 1.0;
        if (double.IsNaN(x) || double.IsNaN(y))
            return double.NaN;
        double a = Math.Abs(x);
        bool isInteger = Math.Abs(y) >= 4503599627370496.0 || Math.Round(y) == y;
        bool isOdd = isInteger && Math.Abs(y) < 9007199254740992.0 && ((long)y & 1) != 0;
        double power;
        if (double.IsInfinity(y))
            power = a == 1.0 ? 1.0 : a > 1.0 == y > 0.0 ? double.PositiveInfinity : 0.0;
        else if (a == 0.0)
            power = y > 0.0 ? 0.0 : double.PositiveInfinity;
        else if (double.IsInfinity(a))
            power = y > 0.0 ? double.PositiveInfinity : 0.0;
        else
            power = PowFinite(a, y);
        bool isNegative = BitConverter.DoubleToInt64Bits(x) < 0;
        if (isNegative && a != 0.0 && !double.IsInfinity(a) && !isInteger)
            return double.NaN;
        return isNegative && isOdd ? -power : power;
    }

    /// <summary>x - y·trunc(x / y), exactly: multiples y·2^k are subtracted from the largest down, as C#'s % defines it.</summary>
    public static double Rem(double x, double y)
    {
        double a = Math.Abs(x);
        double b = Math.Abs(y);
        if (double.IsNaN(x) || double.IsNaN(y) || double.IsInfinity(a) || b == 0.0)
            return double.NaN;
        if (double.IsInfinity(b))
            return x;
        double multiple = b;
        while (multiple <= a * 0.5)
            multiple += multiple;
        while (a >= b)
        {
            if (a >= multiple)
                a -= multiple;
            multiple *= 0.5;
        }
        return Math.CopySign(a, x);
    }

    private static double PowFinite(double a, double y)
    {
        double high = LogParts(a, out double low);

        // Beyond this e^… over- or underflows however exact; clamping keeps the products below finite.
        double exponent = Clamp(y * high, -800.0, 800.0);
        double rest = Math.Abs(exponent) < 800.0 ? Fma(y, high, -exponent) + y * low : 0.0;
        double power = Exp(exponent);
        return double.IsInfinity(power) ? power : Fma(power, rest, power);
    }

    private static double ExpReduced(double r)
    {
        double p = 2.51004110820149e-08;
        p = Fma(p, r, 2.7620121717381933e-07);
        p = Fma(p, r, 2.7557268406190795e-06);
        p = Fma(p, r, 2.4801521225986432e-05);
        p = Fma(p, r, 0.00019841269863088255);
        p = Fma(p, r, 0.0013888888917258759);
        p = Fma(p, r, 0.0083333333333300546);
        p = Fma(p, r, 0.041666666666624039);
        p = Fma(p, r, 0.16666666666666669);
        p = Fma(p, r, 0.50000000000000011);
        return Fma(p, r * r, r) + 1.0;
    }

    private static double Scale(double x, int n)
    {
        int half = n >> 1;
        return x * DoublePowerOf2(half) * DoublePowerOf2(n - half);
    }

    private static double DoublePowerOf2(int n) => BitConverter.Int64BitsToDouble((long)(n + 1023) << 52);

    /// <summary>e^a as a product, which hyperbolic functions need just below their overflow.</summary>
    private static double ExpHalves(double a, out double factor)
    {
        bool large = a > 700.0;
        factor = large ? 2.0 * Exp(0.5 * a) : 1.0;
        return large ? 0.5 * Exp(0.5 * a) : Exp(a);
    }

    private static double LogReduce(double x, out double e)
    {
        bool subnormal = x < 2.2250738585072014e-308;
        long bits = BitConverter.DoubleToInt64Bits(subnormal ? x * 4503599627370496.0 : x);
        long exponent = (bits - 0x3FE6A09E667F3BCDL) >> 52;
        e = (int)exponent - (subnormal ? 52.0 : 0.0);
        return BitConverter.Int64BitsToDouble(bits - (exponent << 52)) - 1.0;
    }

    /// <summary>ln x as an unevaluated sum.</summary>
    private static double LogParts(double x, out double low)
    {
        double f = LogReduce(x, out double e);
        return LogOfReduced(f, e, out low);
    }

    /// <summary>e·ln 2 + 2·artanh(f / (2 + f)), the quotient and the sum in two parts.</summary>
    private static double LogOfReduced(double f, double e, out double low)
    {
        double d = 2.0 + f;
        double dLow = f - (d - 2.0);
        double s = f / d;
        double sLow = (Fma(-s, d, f) - s * dLow) / d;
        double t = s * s;
        double p = 0.065436180983298106;
        p = Fma(p, t, 0.066343573961740482);
        p = Fma(p, t, 0.076931209409692974);
        p = Fma(p, t, 0.090908978000303967);
        p = Fma(p, t, 0.11111111196044504);
        p = Fma(p, t, 0.14285714285400977);
        p = Fma(p, t, 0.2000000000000044);
        p = Fma(p, t, 0.33333333333333331);
        double tail = 2.0 * (s * t * p + sLow);
        double main = 2.0 * s;

        // |e·ln 2| ≥ |main| or e = 0: the sum's error is exact by Dekker's fast two-sum.
        double high = e * DoubleLn2High;
        double highLow = Fma(e, DoubleLn2High, -high);
        double sum = high + main;
        double error = e == 0.0 ? 0.0 : main - (sum - high);
        double rest = error + (highLow + Fma(e, DoubleLn2Low, tail));
        double log = sum + rest;
        low = rest - (log - sum);
        return log;
    }

    private static double LogSpecial(double x, double log)
    {
        if (x == 0.0)
            return double.NegativeInfinity;
        if (!(x > 0.0))
            return double.NaN;
        return x > double.MaxValue ? x : log;
    }

    private static double ReduceAngle(double x, out int quadrant)
    {
        double bounded = Math.Abs(x) < 1125899906842624.0 ? x : Rem(x, 6.2831853071795862);
        double k = Math.Round(bounded * 0.63661977236758138);
        quadrant = (int)((long)k & 3);
        double r = Fma(k, -1.5707963267948966, bounded);
        r = Fma(k, -6.123233995736766e-17, r);
        return Fma(k, 1.4973849048591698e-33, r);
    }

    private static double SinReduced(double r)
    {
        double t = r * r;
        double p = -7.5866910941979582e-13;
        p = Fma(p, t, 1.6058531516797758e-10);
        p = Fma(p, t, -2.5052106231802837e-08);
        p = Fma(p, t, 2.7557319219337312e-06);
        p = Fma(p, t, -0.00019841269841265063);
        p = Fma(p, t, 0.0083333333333333315);
        p = Fma(p, t, -0.16666666666666666);
        return Fma(r * t, p, r);
    }

    private static double CosReduced(double r)
    {
        double t = r * r;
        double p = 4.7458685530816656e-14;
        p = Fma(p, t, -1.1470460830795304e-11);
        p = Fma(p, t, 2.0876755790721963e-09);
        p = Fma(p, t, -2.7557319221401792e-07);
        p = Fma(p, t, 2.4801587301584645e-05);
        p = Fma(p, t, -0.0013888888888888887);
        p = Fma(p, t, 0.041666666666666664);
        return Fma(t * t, p, Fma(t, -0.5, 1.0));
    }
}
