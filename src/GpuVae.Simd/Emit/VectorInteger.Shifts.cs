using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace GpuVae.Simd.Emit;

/// <content>
/// A count per lane: one instruction where the processor has it, else two halves. The build makes the narrower forms of this file.
/// </content>
internal static partial class VectorInteger
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> ShiftLeft(Vector512<int> value, Vector512<int> count)
    {
        count &= Vector512.Create(31);
        return Avx512F.IsSupported
            ? Avx512F.ShiftLeftLogicalVariable(value, count.AsUInt32())
            : Vector512.Create(ShiftLeft(value.GetLower(), count.GetLower()), ShiftLeft(value.GetUpper(), count.GetUpper()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> ShiftRightLogical(Vector512<int> value, Vector512<int> count)
    {
        count &= Vector512.Create(31);
        return Avx512F.IsSupported
            ? Avx512F.ShiftRightLogicalVariable(value, count.AsUInt32())
            : Vector512.Create(
                ShiftRightLogical(value.GetLower(), count.GetLower()),
                ShiftRightLogical(value.GetUpper(), count.GetUpper()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> ShiftRightArithmetic(Vector512<int> value, Vector512<int> count)
    {
        count &= Vector512.Create(31);
        return Avx512F.IsSupported
            ? Avx512F.ShiftRightArithmeticVariable(value, count.AsUInt32())
            : Vector512.Create(
                ShiftRightArithmetic(value.GetLower(), count.GetLower()),
                ShiftRightArithmetic(value.GetUpper(), count.GetUpper()));
    }
}
