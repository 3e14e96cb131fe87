using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace GpuVae.Simd.Emit;

/// <content>One instruction where the processor has it, else two halves. The build makes the narrower form of this file.</content>
internal static partial class VectorInteger
{
    /// <summary>High halves of the 64-bit products: even lanes, then odd lanes moved down to the even places.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> MultiplyHighUnsigned(Vector512<int> a, Vector512<int> b)
    {
        if (!Avx512F.IsSupported)
        {
            return Vector512.Create(
                MultiplyHighUnsigned(a.GetLower(), b.GetLower()), MultiplyHighUnsigned(a.GetUpper(), b.GetUpper()));
        }
        Vector512<ulong> even = Avx512F.Multiply(a.AsUInt32(), b.AsUInt32());
        Vector512<ulong> odd = Avx512F.Multiply((a.AsUInt64() >> 32).AsUInt32(), (b.AsUInt64() >> 32).AsUInt32());
        return Vector512.ConditionalSelect(Vector512.Create(0xFFFFFFFFul), even >> 32, odd).AsInt32();
    }

    // 64-bit lanes are shifted by varying counts too rarely to deserve more than a loop.
    public static Vector512<long> ShiftLeft(Vector512<long> value, Vector512<long> count) =>
        Vector512.Create(ShiftLeft(value.GetLower(), count.GetLower()), ShiftLeft(value.GetUpper(), count.GetUpper()));

    public static Vector512<long> ShiftRightLogical(Vector512<long> value, Vector512<long> count) =>
        Vector512.Create(ShiftRightLogical(value.GetLower(), count.GetLower()), ShiftRightLogical(value.GetUpper(), count.GetUpper()));

    public static Vector512<long> ShiftRightArithmetic(Vector512<long> value, Vector512<long> count) =>
        Vector512.Create(
            ShiftRightArithmetic(value.GetLower(), count.GetLower()),
            ShiftRightArithmetic(value.GetUpper(), count.GetUpper()));

    public static Vector512<float> HalfToSingle(Vector512<int> half) =>
        Vector512.Create(HalfToSingle(half.GetLower()), HalfToSingle(half.GetUpper()));

    public static Vector512<int> SingleToHalf(Vector512<float> value) =>
        Vector512.Create(SingleToHalf(value.GetLower()), SingleToHalf(value.GetUpper()));
}
