using System.Numerics;
using System.Runtime.CompilerServices;

namespace GpuVae.Simd.Emit;

/// <summary>
/// Scalar functions that emitted code calls: for uniform values, and lane by lane where there is no vector form. Types follow the
/// evaluation stack: integers below 64 bits are int.
/// </summary>
internal static class ScalarMath
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Select<T>(int condition, T whenTrue, T whenFalse) => condition != 0 ? whenTrue : whenFalse;

    public static float Rsqrt(float x) => 1 / MathF.Sqrt(x);
    public static double Rsqrt(double x) => 1 / Math.Sqrt(x);
    public static float Rcp(float x) => 1 / x;
    public static double Rcp(double x) => 1 / x;
    public static float Exp2(float x) => float.Exp2(x);
    public static double Exp2(double x) => double.Exp2(x);

    public static int IsNaN(float x) => float.IsNaN(x) ? 1 : 0;
    public static int IsNaN(double x) => double.IsNaN(x) ? 1 : 0;
    public static int IsInfinity(float x) => float.IsInfinity(x) ? 1 : 0;
    public static int IsInfinity(double x) => double.IsInfinity(x) ? 1 : 0;
    public static int IsFinite(float x) => float.IsFinite(x) ? 1 : 0;
    public static int IsFinite(double x) => double.IsFinite(x) ? 1 : 0;

    /// <summary>Wraps for the least value, where Math.Abs throws.</summary>
    public static int Abs(int x) => x < 0 ? -x : x;
    public static long Abs(long x) => x < 0 ? -x : x;

    public static int PopCount(int x) => BitOperations.PopCount((uint)x);
    public static int PopCount(long x) => BitOperations.PopCount((ulong)x);
    public static int PopCount8(int x) => BitOperations.PopCount((byte)x);
    public static int PopCount16(int x) => BitOperations.PopCount((ushort)x);
    public static int LeadingZeroCount(int x) => BitOperations.LeadingZeroCount((uint)x);
    public static int LeadingZeroCount(long x) => BitOperations.LeadingZeroCount((ulong)x);
    public static int LeadingZeroCount8(int x) => BitOperations.LeadingZeroCount((uint)(byte)x) - 24;
    public static int LeadingZeroCount16(int x) => BitOperations.LeadingZeroCount((uint)(ushort)x) - 16;
    public static int TrailingZeroCount(int x) => BitOperations.TrailingZeroCount(x);
    public static int TrailingZeroCount(long x) => BitOperations.TrailingZeroCount(x);
    public static int TrailingZeroCount8(int x) => BitOperations.TrailingZeroCount(x | 0x100);
    public static int TrailingZeroCount16(int x) => BitOperations.TrailingZeroCount(x | 0x10000);

    public static int Div(int x, int y) => y == -1 ? -x : x / y;
    public static long Div(long x, long y) => y == -1 ? -x : x / y;
    public static int DivUnsigned(int x, int y) => (int)((uint)x / (uint)y);
    public static long DivUnsigned(long x, long y) => (long)((ulong)x / (ulong)y);
    public static int Rem(int x, int y) => y == -1 ? 0 : x % y;
    public static long Rem(long x, long y) => y == -1 ? 0 : x % y;
    public static float Rem(float x, float y) => x % y;
    public static double Rem(double x, double y) => x % y;
    public static int RemUnsigned(int x, int y) => (int)((uint)x % (uint)y);
    public static long RemUnsigned(long x, long y) => (long)((ulong)x % (ulong)y);

    public static int MinUnsigned(int x, int y) => (int)Math.Min((uint)x, (uint)y);
    public static long MinUnsigned(long x, long y) => (long)Math.Min((ulong)x, (ulong)y);
    public static int MaxUnsigned(int x, int y) => (int)Math.Max((uint)x, (uint)y);
    public static long MaxUnsigned(long x, long y) => (long)Math.Max((ulong)x, (ulong)y);

    public static int Shl(int x, int count) => x << count;
    public static long Shl(long x, int count) => x << count;
    public static int Shr(int x, int count) => x >> count;
    public static long Shr(long x, int count) => x >> count;
    public static int ShrUnsigned(int x, int count) => x >>> count;
    public static long ShrUnsigned(long x, int count) => x >>> count;
    public static int MulHighUnsigned(int x, int y) => (int)(((ulong)(uint)x * (uint)y) >> 32);
    public static long MulHighUnsigned(long x, long y) => (long)Math.BigMul((ulong)x, (ulong)y, out _);

    public static float HalfToSingle(int bits) => (float)BitConverter.UInt16BitsToHalf((ushort)bits);
    public static double HalfToDouble(int bits) => (double)BitConverter.UInt16BitsToHalf((ushort)bits);
    public static int ToHalf(float x) => BitConverter.HalfToUInt16Bits((System.Half)x);
    public static int ToHalf(double x) => BitConverter.HalfToUInt16Bits((System.Half)x);
    public static float ToSingle(double x) => (float)x;
    public static double ToDouble(float x) => x;

    public static float SignedToSingle(long x) => x;
    public static float UnsignedToSingle(long x) => (ulong)x;
    public static int SignedToInt32(float x) => (int)x;
    public static int SignedToInt32(double x) => (int)x;
    public static int UnsignedToInt32(float x) => (int)(uint)x;
    public static int UnsignedToInt32(double x) => (int)(uint)x;
}
