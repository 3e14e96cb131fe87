using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace GpuVae.Simd.Emit;

/// <summary>
/// Division of 32-bit integers. A double holds both operands exactly, and a quotient of two such integers that is not an integer is
/// further from the next one than a double's rounding, so cutting off the rounded quotient is exact. Lanes outside the mask may divide by
/// zero. The build makes the narrower forms of this file.
/// </summary>
internal static partial class VectorDivision
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Div(Vector512<int> x, Vector512<int> y, Vector512<int> mask)
    {
        LaneOperations.CheckDivisor(Vector512.EqualsAny(y | ~mask, Vector512<int>.Zero));
        Vector512<double> low = Vector512.ConvertToDouble(Vector512.WidenLower(x)) / Vector512.ConvertToDouble(Vector512.WidenLower(y));
        Vector512<double> high = Vector512.ConvertToDouble(Vector512.WidenUpper(x)) / Vector512.ConvertToDouble(Vector512.WidenUpper(y));
        return Vector512.Narrow(Vector512.ConvertToInt64(low), Vector512.ConvertToInt64(high));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> DivUnsigned(Vector512<int> x, Vector512<int> y, Vector512<int> mask)
    {
        LaneOperations.CheckDivisor(Vector512.EqualsAny(y | ~mask, Vector512<int>.Zero));
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
}
