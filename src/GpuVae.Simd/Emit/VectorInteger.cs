using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace GpuVae.Simd.Emit;

/// <summary>
/// Integer operations on vectors that .NET has no portable form of, and the conversions between Half and float done on bits.
/// </summary>
internal static class VectorInteger
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MultiplyHighUnsigned(Vector256<int> a, Vector256<int> b)
    {
        if (!Avx2.IsSupported)
        {
            return Vector256.Create(
                MultiplyHighUnsigned(a.GetLower(), b.GetLower()), MultiplyHighUnsigned(a.GetUpper(), b.GetUpper()));
        }
        Vector256<ulong> even = Avx2.Multiply(a.AsUInt32(), b.AsUInt32());
        Vector256<ulong> odd = Avx2.Multiply((a.AsUInt64() >> 32).AsUInt32(), (b.AsUInt64() >> 32).AsUInt32());
        return Vector256.ConditionalSelect(Vector256.Create(0xFFFFFFFFul), even >> 32, odd).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> MultiplyHighUnsigned(Vector128<int> a, Vector128<int> b)
    {
        Vector128<ulong> even, odd;
        if (Sse2.IsSupported)
        {
            even = Sse2.Multiply(a.AsUInt32(), b.AsUInt32());
            odd = Sse2.Multiply((a.AsUInt64() >> 32).AsUInt32(), (b.AsUInt64() >> 32).AsUInt32());
        }
        else
        {
            var low = Vector128.Create(0xFFFFFFFFul);
            even = (a.AsUInt64() & low) * (b.AsUInt64() & low);
            odd = (a.AsUInt64() >> 32) * (b.AsUInt64() >> 32);
        }
        return Vector128.ConditionalSelect(Vector128.Create(0xFFFFFFFFul), even >> 32, odd).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> ShiftLeft(Vector512<int> value, Vector512<int> count)
    {
        count &= Vector512.Create(31);
        return Avx512F.IsSupported
            ? Avx512F.ShiftLeftLogicalVariable(value, count.AsUInt32())
            : Vector512.Create(ShiftLeft(value.GetLower(), count.GetLower()), ShiftLeft(value.GetUpper(), count.GetUpper()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> ShiftLeft(Vector256<int> value, Vector256<int> count)
    {
        count &= Vector256.Create(31);
        return Avx2.IsSupported
            ? Avx2.ShiftLeftLogicalVariable(value, count.AsUInt32())
            : Vector256.Create(ShiftLeft(value.GetLower(), count.GetLower()), ShiftLeft(value.GetUpper(), count.GetUpper()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> ShiftLeft(Vector128<int> value, Vector128<int> count)
    {
        count &= Vector128.Create(31);
        return Avx2.IsSupported
            ? Avx2.ShiftLeftLogicalVariable(value, count.AsUInt32())
            : Vector128.Create(value[0] << count[0], value[1] << count[1], value[2] << count[2], value[3] << count[3]);
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
    public static Vector256<int> ShiftRightLogical(Vector256<int> value, Vector256<int> count)
    {
        count &= Vector256.Create(31);
        return Avx2.IsSupported
            ? Avx2.ShiftRightLogicalVariable(value, count.AsUInt32())
            : Vector256.Create(
                ShiftRightLogical(value.GetLower(), count.GetLower()),
                ShiftRightLogical(value.GetUpper(), count.GetUpper()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> ShiftRightLogical(Vector128<int> value, Vector128<int> count)
    {
        count &= Vector128.Create(31);
        return Avx2.IsSupported
            ? Avx2.ShiftRightLogicalVariable(value, count.AsUInt32())
            : Vector128.Create(value[0] >>> count[0], value[1] >>> count[1], value[2] >>> count[2], value[3] >>> count[3]);
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> ShiftRightArithmetic(Vector256<int> value, Vector256<int> count)
    {
        count &= Vector256.Create(31);
        return Avx2.IsSupported
            ? Avx2.ShiftRightArithmeticVariable(value, count.AsUInt32())
            : Vector256.Create(
                ShiftRightArithmetic(value.GetLower(), count.GetLower()),
                ShiftRightArithmetic(value.GetUpper(), count.GetUpper()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> ShiftRightArithmetic(Vector128<int> value, Vector128<int> count)
    {
        count &= Vector128.Create(31);
        return Avx2.IsSupported
            ? Avx2.ShiftRightArithmeticVariable(value, count.AsUInt32())
            : Vector128.Create(value[0] >> count[0], value[1] >> count[1], value[2] >> count[2], value[3] >> count[3]);
    }

    // 64-bit lanes are shifted by varying counts too rarely to deserve more than a loop.
    public static Vector512<long> ShiftLeft(Vector512<long> value, Vector512<long> count) =>
        Vector512.Create(ShiftLeft(value.GetLower(), count.GetLower()), ShiftLeft(value.GetUpper(), count.GetUpper()));

    public static Vector256<long> ShiftLeft(Vector256<long> value, Vector256<long> count) =>
        Vector256.Create(ShiftLeft(value.GetLower(), count.GetLower()), ShiftLeft(value.GetUpper(), count.GetUpper()));

    public static Vector128<long> ShiftLeft(Vector128<long> value, Vector128<long> count) =>
        Vector128.Create(value[0] << (int)count[0], value[1] << (int)count[1]);

    public static Vector512<long> ShiftRightLogical(Vector512<long> value, Vector512<long> count) =>
        Vector512.Create(ShiftRightLogical(value.GetLower(), count.GetLower()), ShiftRightLogical(value.GetUpper(), count.GetUpper()));

    public static Vector256<long> ShiftRightLogical(Vector256<long> value, Vector256<long> count) =>
        Vector256.Create(ShiftRightLogical(value.GetLower(), count.GetLower()), ShiftRightLogical(value.GetUpper(), count.GetUpper()));

    public static Vector128<long> ShiftRightLogical(Vector128<long> value, Vector128<long> count) =>
        Vector128.Create(value[0] >>> (int)count[0], value[1] >>> (int)count[1]);

    public static Vector512<long> ShiftRightArithmetic(Vector512<long> value, Vector512<long> count) =>
        Vector512.Create(
            ShiftRightArithmetic(value.GetLower(), count.GetLower()),
            ShiftRightArithmetic(value.GetUpper(), count.GetUpper()));

    public static Vector256<long> ShiftRightArithmetic(Vector256<long> value, Vector256<long> count) =>
        Vector256.Create(
            ShiftRightArithmetic(value.GetLower(), count.GetLower()),
            ShiftRightArithmetic(value.GetUpper(), count.GetUpper()));

    public static Vector128<long> ShiftRightArithmetic(Vector128<long> value, Vector128<long> count) =>
        Vector128.Create(value[0] >> (int)count[0], value[1] >> (int)count[1]);

    public static Vector512<float> HalfToSingle(Vector512<int> half) =>
        Vector512.Create(HalfToSingle(half.GetLower()), HalfToSingle(half.GetUpper()));

    public static Vector256<float> HalfToSingle(Vector256<int> half) =>
        Vector256.Create(HalfToSingle(half.GetLower()), HalfToSingle(half.GetUpper()));

    /// <summary>
    /// Exponent and mantissa moved into place are 2^-112 times the value, subnormals included: a multiplication sets that right.
    /// Infinity and NaN have the largest exponent in either format.
    /// </summary>
    public static Vector128<float> HalfToSingle(Vector128<int> half)
    {
        Vector128<int> magnitude = (half & Vector128.Create(0x7FFF)) << 13;
        Vector128<int> value = (magnitude.AsSingle() * Vector128.Create(BitConverter.Int32BitsToSingle((127 + 112) << 23))).AsInt32();
        var special = Vector128.GreaterThan(half & Vector128.Create(0x7FFF), Vector128.Create(0x7BFF));
        value = Vector128.ConditionalSelect(special, magnitude | Vector128.Create(0x7F800000), value);
        return (value | ((half & Vector128.Create(0x8000)) << 16)).AsSingle();
    }

    public static Vector512<int> SingleToHalf(Vector512<float> value) =>
        Vector512.Create(SingleToHalf(value.GetLower()), SingleToHalf(value.GetUpper()));

    public static Vector256<int> SingleToHalf(Vector256<float> value) =>
        Vector256.Create(SingleToHalf(value.GetLower()), SingleToHalf(value.GetUpper()));

    public static Vector128<int> SingleToHalf(Vector128<float> value) => Vector128.Create(
        ScalarMath.ToHalf(value[0]), ScalarMath.ToHalf(value[1]), ScalarMath.ToHalf(value[2]), ScalarMath.ToHalf(value[3]));
}
