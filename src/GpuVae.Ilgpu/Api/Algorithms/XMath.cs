using System.Numerics;

namespace ILGPU.Algorithms;

/// <summary>Mathematical functions for kernels in both precisions, and their constants (the double ones end in D).</summary>
public static class XMath
{
    public const float E = 2.71828182845904523536f;

    public const float PI = 3.14159265358979323846f;

    public const float PIHalf = 1.57079632679489661923f;

    public const float PIFourth = 0.785398163397448309616f;

    public const float OneOverPI = 0.318309886183790671538f;

    public const float TwoOverPI = 0.636619772367581343076f;

    public const float Ln2 = 0.693147180559945309417f;

    public const float OneOverLn2 = 1.44269504088896340736f;

    public const float Log2E = 1.44269504088896340736f;

    public const float OneOverLog2E = 0.693147180559945309417f;

    public const float Ln10 = 2.30258509299404568402f;

    public const float OneOverLn10 = 0.434294481903251827651f;

    public const float Log10E = 0.434294481903251827651f;

    public const float OneOverLog10E = 2.30258509299404568402f;

    public const float Sqrt2 = 1.41421356237309504880f;

    public const float OneOverSqrt2 = 0.707106781186547524401f;

    public const float OneThird = 0.333333333333333333333f;

    public const double ED = 2.71828182845904523536;

    public const double PID = 3.14159265358979323846;

    public const double PIHalfD = 1.57079632679489661923;

    public const double PIFourthD = 0.785398163397448309616;

    public const double Ln2D = 0.693147180559945309417;

    public const double OneOverLn2D = 1.44269504088896340736;

    public const double Log2ED = 1.44269504088896340736;

    public const double OneOverLog2ED = 0.693147180559945309417;

    public const double Ln10D = 2.30258509299404568402;

    public const double OneOverLn10D = 0.434294481903251827651;

    public const double Log10ED = 0.434294481903251827651;

    public const double OneOverLog10ED = 2.30258509299404568402;

    public static float Sqrt(float value) => MathF.Sqrt(value);

    public static float Rsqrt(float value) => 1f / MathF.Sqrt(value);

    public static float Rcp(float value) => 1f / value;

    public static float Exp(float value) => MathF.Exp(value);

    public static float Exp2(float value) => MathF.Pow(2f, value);

    public static float Log(float value) => MathF.Log(value);

    public static float Log2(float value) => MathF.Log2(value);

    public static float Log10(float value) => MathF.Log10(value);

    public static float Sin(float value) => MathF.Sin(value);

    public static float Cos(float value) => MathF.Cos(value);

    public static float Tan(float value) => MathF.Tan(value);

    public static float Asin(float value) => MathF.Asin(value);

    public static float Acos(float value) => MathF.Acos(value);

    public static float Atan(float value) => MathF.Atan(value);

    public static float Sinh(float value) => MathF.Sinh(value);

    public static float Cosh(float value) => MathF.Cosh(value);

    public static float Tanh(float value) => MathF.Tanh(value);

    public static float Floor(float value) => MathF.Floor(value);

    public static float Ceiling(float value) => MathF.Ceiling(value);

    public static float Truncate(float value) => MathF.Truncate(value);

    public static float Round(float value) => MathF.Round(value);

    public static float RoundToEven(float value) => MathF.Round(value);

    public static float RoundAwayFromZero(float value) => value < 0f ? -MathF.Floor(0.5f - value) : MathF.Floor(0.5f + value);

    public static float DegToRad(float value) => value * (PI / 180f);

    public static float RadToDeg(float value) => value * (180f / PI);

    /// <summary>-1, 0 or 1; 0 for NaN.</summary>
    public static int Sign(float value) => value > 0 ? 1 : value < 0 ? -1 : 0;

    /// <summary>The logarithm to a base.</summary>
    public static float Log(float value, float newBase) => MathF.Log(value) / MathF.Log(newBase);

    public static float Pow(float @base, float exponent) => MathF.Pow(@base, exponent);

    public static float Atan2(float y, float x) => MathF.Atan2(y, x);

    /// <summary>Sine and cosine of the same angle.</summary>
    public static void SinCos(float value, out float sine, out float cosine)
    {
        sine = MathF.Sin(value);
        cosine = MathF.Cos(value);
    }

    /// <summary>The remainder with the sign of <paramref name="x"/>, as the operator %.</summary>
    public static float Rem(float x, float y) => x % y;

    /// <summary>x − y·n, where n is the integer nearest to x/y, the even one of two.</summary>
    public static float IEEERemainder(float x, float y) => x - (y * MathF.Round(x / y));

    public static bool IsNaN(float value) => float.IsNaN(value);

    public static bool IsInfinity(float value) => float.IsInfinity(value);

    public static bool IsFinite(float value) => float.IsFinite(value);

    public static double Sqrt(double value) => Math.Sqrt(value);

    public static double Rsqrt(double value) => 1.0 / Math.Sqrt(value);

    public static double Rcp(double value) => 1.0 / value;

    public static double Exp(double value) => Math.Exp(value);

    public static double Exp2(double value) => Math.Pow(2.0, value);

    public static double Log(double value) => Math.Log(value);

    public static double Log2(double value) => Math.Log2(value);

    public static double Log10(double value) => Math.Log10(value);

    public static double Sin(double value) => Math.Sin(value);

    public static double Cos(double value) => Math.Cos(value);

    public static double Tan(double value) => Math.Tan(value);

    public static double Asin(double value) => Math.Asin(value);

    public static double Acos(double value) => Math.Acos(value);

    public static double Atan(double value) => Math.Atan(value);

    public static double Sinh(double value) => Math.Sinh(value);

    public static double Cosh(double value) => Math.Cosh(value);

    public static double Tanh(double value) => Math.Tanh(value);

    public static double Floor(double value) => Math.Floor(value);

    public static double Ceiling(double value) => Math.Ceiling(value);

    public static double Truncate(double value) => Math.Truncate(value);

    public static double Round(double value) => Math.Round(value);

    public static double RoundToEven(double value) => Math.Round(value);

    public static double RoundAwayFromZero(double value) => value < 0.0 ? -Math.Floor(0.5 - value) : Math.Floor(0.5 + value);

    public static double DegToRad(double value) => value * (PID / 180.0);

    public static double RadToDeg(double value) => value * (180.0 / PID);

    /// <summary>-1, 0 or 1; 0 for NaN.</summary>
    public static int Sign(double value) => value > 0 ? 1 : value < 0 ? -1 : 0;

    /// <summary>The logarithm to a base.</summary>
    public static double Log(double value, double newBase) => Math.Log(value) / Math.Log(newBase);

    public static double Pow(double @base, double exponent) => Math.Pow(@base, exponent);

    public static double Atan2(double y, double x) => Math.Atan2(y, x);

    /// <summary>Sine and cosine of the same angle.</summary>
    public static void SinCos(double value, out double sine, out double cosine)
    {
        sine = Math.Sin(value);
        cosine = Math.Cos(value);
    }

    /// <summary>The remainder with the sign of <paramref name="x"/>, as the operator %.</summary>
    public static double Rem(double x, double y) => x % y;

    /// <summary>x − y·n, where n is the integer nearest to x/y, the even one of two.</summary>
    public static double IEEERemainder(double x, double y) => x - (y * Math.Round(x / y));

    public static bool IsNaN(double value) => double.IsNaN(value);

    public static bool IsInfinity(double value) => double.IsInfinity(value);

    public static bool IsFinite(double value) => double.IsFinite(value);

    public static sbyte Abs(sbyte value) => value < 0 ? (sbyte)-value : value;

    public static short Abs(short value) => value < 0 ? (short)-value : value;

    public static int Abs(int value) => value < 0 ? -value : value;

    public static long Abs(long value) => value < 0 ? -value : value;

    public static float Abs(float value) => Math.Abs(value);

    public static double Abs(double value) => Math.Abs(value);

    public static sbyte Min(sbyte first, sbyte second) => Math.Min(first, second);

    public static byte Min(byte first, byte second) => Math.Min(first, second);

    public static short Min(short first, short second) => Math.Min(first, second);

    public static ushort Min(ushort first, ushort second) => Math.Min(first, second);

    public static int Min(int first, int second) => Math.Min(first, second);

    public static uint Min(uint first, uint second) => Math.Min(first, second);

    public static long Min(long first, long second) => Math.Min(first, second);

    public static ulong Min(ulong first, ulong second) => Math.Min(first, second);

    public static float Min(float first, float second) => Math.Min(first, second);

    public static double Min(double first, double second) => Math.Min(first, second);

    public static sbyte Max(sbyte first, sbyte second) => Math.Max(first, second);

    public static byte Max(byte first, byte second) => Math.Max(first, second);

    public static short Max(short first, short second) => Math.Max(first, second);

    public static ushort Max(ushort first, ushort second) => Math.Max(first, second);

    public static int Max(int first, int second) => Math.Max(first, second);

    public static uint Max(uint first, uint second) => Math.Max(first, second);

    public static long Max(long first, long second) => Math.Max(first, second);

    public static ulong Max(ulong first, ulong second) => Math.Max(first, second);

    public static float Max(float first, float second) => Math.Max(first, second);

    public static double Max(double first, double second) => Math.Max(first, second);

    public static sbyte Clamp(sbyte value, sbyte min, sbyte max) => Math.Max(Math.Min(value, max), min);

    public static byte Clamp(byte value, byte min, byte max) => Math.Max(Math.Min(value, max), min);

    public static short Clamp(short value, short min, short max) => Math.Max(Math.Min(value, max), min);

    public static ushort Clamp(ushort value, ushort min, ushort max) => Math.Max(Math.Min(value, max), min);

    public static int Clamp(int value, int min, int max) => Math.Max(Math.Min(value, max), min);

    public static uint Clamp(uint value, uint min, uint max) => Math.Max(Math.Min(value, max), min);

    public static long Clamp(long value, long min, long max) => Math.Max(Math.Min(value, max), min);

    public static ulong Clamp(ulong value, ulong min, ulong max) => Math.Max(Math.Min(value, max), min);

    public static float Clamp(float value, float min, float max) => Math.Max(Math.Min(value, max), min);

    public static double Clamp(double value, double min, double max) => Math.Max(Math.Min(value, max), min);

    public static int PopCount(int value) => BitOperations.PopCount((uint)value);

    public static int PopCount(uint value) => BitOperations.PopCount(value);

    public static int PopCount(long value) => BitOperations.PopCount((ulong)value);

    public static int PopCount(ulong value) => BitOperations.PopCount(value);

    public static int LeadingZeroCount(int value) => BitOperations.LeadingZeroCount((uint)value);

    public static int LeadingZeroCount(uint value) => BitOperations.LeadingZeroCount(value);

    public static int LeadingZeroCount(long value) => BitOperations.LeadingZeroCount((ulong)value);

    public static int LeadingZeroCount(ulong value) => BitOperations.LeadingZeroCount(value);

    public static int TrailingZeroCount(int value) => BitOperations.TrailingZeroCount(value);

    public static int TrailingZeroCount(uint value) => BitOperations.TrailingZeroCount(value);

    public static int TrailingZeroCount(long value) => BitOperations.TrailingZeroCount(value);

    public static int TrailingZeroCount(ulong value) => BitOperations.TrailingZeroCount(value);

    /// <summary>The quotient, rounded up; both operands are positive.</summary>
    public static int DivRoundUp(int numerator, int denominator) => (numerator + denominator - 1) / denominator;

    /// <summary>The quotient, rounded down; both operands are positive.</summary>
    public static int DivRoundDown(int numerator, int denominator) => numerator / denominator;

    /// <summary>The quotient, rounded up; both operands are positive.</summary>
    public static uint DivRoundUp(uint numerator, uint denominator) => (numerator + denominator - 1) / denominator;

    /// <summary>The quotient, rounded down; both operands are positive.</summary>
    public static uint DivRoundDown(uint numerator, uint denominator) => numerator / denominator;

    /// <summary>The quotient, rounded up; both operands are positive.</summary>
    public static long DivRoundUp(long numerator, long denominator) => (numerator + denominator - 1) / denominator;

    /// <summary>The quotient, rounded down; both operands are positive.</summary>
    public static long DivRoundDown(long numerator, long denominator) => numerator / denominator;

    /// <summary>The quotient, rounded up; both operands are positive.</summary>
    public static ulong DivRoundUp(ulong numerator, ulong denominator) => (numerator + denominator - 1) / denominator;

    /// <summary>The quotient, rounded down; both operands are positive.</summary>
    public static ulong DivRoundDown(ulong numerator, ulong denominator) => numerator / denominator;
}
