using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace GpuVae.Simd.Emit;

/// <summary>
/// Division of 32-bit integers. A double holds both operands exactly, and a quotient of two such integers that is not an integer is
/// further from the next one than a double's rounding, so cutting off the rounded quotient is exact. Lanes outside the mask may divide by
/// zero.
/// </summary>
internal static class VectorDivision
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Div(Vector512<int> x, Vector512<int> y, Vector512<int> mask)
    {
        Check(Vector512.EqualsAny(y | ~mask, Vector512<int>.Zero));
        Vector512<double> low = Vector512.ConvertToDouble(Vector512.WidenLower(x)) / Vector512.ConvertToDouble(Vector512.WidenLower(y));
        Vector512<double> high = Vector512.ConvertToDouble(Vector512.WidenUpper(x)) / Vector512.ConvertToDouble(Vector512.WidenUpper(y));
        return Vector512.Narrow(Vector512.ConvertToInt64(low), Vector512.ConvertToInt64(high));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> DivUnsigned(Vector512<int> x, Vector512<int> y, Vector512<int> mask)
    {
        Check(Vector512.EqualsAny(y | ~mask, Vector512<int>.Zero));
        (Vector512<uint> a, Vector512<uint> b) = (x.AsUInt32(), y.AsUInt32());
        Vector512<double> low = Vector512.ConvertToDouble(Vector512.WidenLower(a).AsInt64()) /
            Vector512.ConvertToDouble(Vector512.WidenLower(b).AsInt64());
        Vector512<double> high = Vector512.ConvertToDouble(Vector512.WidenUpper(a).AsInt64()) /
            Vector512.ConvertToDouble(Vector512.WidenUpper(b).AsInt64());
        return Vector512.Narrow(Vector512.ConvertToInt64(low), Vector512.ConvertToInt64(high));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Rem(Vector512<int> x, Vector512<int> y, Vector512<int> mask) => x - (Div(x, y, mask) * y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> RemUnsigned(Vector512<int> x, Vector512<int> y, Vector512<int> mask) => x - (DivUnsigned(x, y, mask) * y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Div(Vector256<int> x, Vector256<int> y, Vector256<int> mask)
    {
        Check(Vector256.EqualsAny(y | ~mask, Vector256<int>.Zero));
        Vector256<double> low = Vector256.ConvertToDouble(Vector256.WidenLower(x)) / Vector256.ConvertToDouble(Vector256.WidenLower(y));
        Vector256<double> high = Vector256.ConvertToDouble(Vector256.WidenUpper(x)) / Vector256.ConvertToDouble(Vector256.WidenUpper(y));
        return Vector256.Narrow(Vector256.ConvertToInt64(low), Vector256.ConvertToInt64(high));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> DivUnsigned(Vector256<int> x, Vector256<int> y, Vector256<int> mask)
    {
        Check(Vector256.EqualsAny(y | ~mask, Vector256<int>.Zero));
        (Vector256<uint> a, Vector256<uint> b) = (x.AsUInt32(), y.AsUInt32());
        Vector256<double> low = Vector256.ConvertToDouble(Vector256.WidenLower(a).AsInt64()) /
            Vector256.ConvertToDouble(Vector256.WidenLower(b).AsInt64());
        Vector256<double> high = Vector256.ConvertToDouble(Vector256.WidenUpper(a).AsInt64()) /
            Vector256.ConvertToDouble(Vector256.WidenUpper(b).AsInt64());
        return Vector256.Narrow(Vector256.ConvertToInt64(low), Vector256.ConvertToInt64(high));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Rem(Vector256<int> x, Vector256<int> y, Vector256<int> mask) => x - (Div(x, y, mask) * y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> RemUnsigned(Vector256<int> x, Vector256<int> y, Vector256<int> mask) => x - (DivUnsigned(x, y, mask) * y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Div(Vector128<int> x, Vector128<int> y, Vector128<int> mask)
    {
        Check(Vector128.EqualsAny(y | ~mask, Vector128<int>.Zero));
        Vector128<double> low = Vector128.ConvertToDouble(Vector128.WidenLower(x)) / Vector128.ConvertToDouble(Vector128.WidenLower(y));
        Vector128<double> high = Vector128.ConvertToDouble(Vector128.WidenUpper(x)) / Vector128.ConvertToDouble(Vector128.WidenUpper(y));
        return Vector128.Narrow(Vector128.ConvertToInt64(low), Vector128.ConvertToInt64(high));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> DivUnsigned(Vector128<int> x, Vector128<int> y, Vector128<int> mask)
    {
        Check(Vector128.EqualsAny(y | ~mask, Vector128<int>.Zero));
        (Vector128<uint> a, Vector128<uint> b) = (x.AsUInt32(), y.AsUInt32());
        Vector128<double> low = Vector128.ConvertToDouble(Vector128.WidenLower(a).AsInt64()) /
            Vector128.ConvertToDouble(Vector128.WidenLower(b).AsInt64());
        Vector128<double> high = Vector128.ConvertToDouble(Vector128.WidenUpper(a).AsInt64()) /
            Vector128.ConvertToDouble(Vector128.WidenUpper(b).AsInt64());
        return Vector128.Narrow(Vector128.ConvertToInt64(low), Vector128.ConvertToInt64(high));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Rem(Vector128<int> x, Vector128<int> y, Vector128<int> mask) => x - (Div(x, y, mask) * y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> RemUnsigned(Vector128<int> x, Vector128<int> y, Vector128<int> mask) => x - (DivUnsigned(x, y, mask) * y);

    private static void Check(bool byZero)
    {
        if (byZero)
            throw new DivideByZeroException();
    }
}
