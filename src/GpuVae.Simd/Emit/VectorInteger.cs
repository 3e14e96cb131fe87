using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace GpuVae.Simd.Emit;

/// <summary>
/// Integer operations on vectors that .NET has no portable form of, and the conversions between Half and float done on bits.
/// </summary>
internal static partial class VectorInteger
{
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

    private static Vector64<int> ShiftLeft(Vector64<int> value, Vector64<int> count) =>
        Vector64.Create(value[0] << count[0], value[1] << count[1]);

    private static Vector64<int> ShiftRightLogical(Vector64<int> value, Vector64<int> count) =>
        Vector64.Create(value[0] >>> count[0], value[1] >>> count[1]);

    private static Vector64<int> ShiftRightArithmetic(Vector64<int> value, Vector64<int> count) =>
        Vector64.Create(value[0] >> count[0], value[1] >> count[1]);

    public static Vector128<long> ShiftLeft(Vector128<long> value, Vector128<long> count) =>
        Vector128.Create(value[0] << (int)count[0], value[1] << (int)count[1]);

    public static Vector128<long> ShiftRightLogical(Vector128<long> value, Vector128<long> count) =>
        Vector128.Create(value[0] >>> (int)count[0], value[1] >>> (int)count[1]);

    public static Vector128<long> ShiftRightArithmetic(Vector128<long> value, Vector128<long> count) =>
        Vector128.Create(value[0] >> (int)count[0], value[1] >> (int)count[1]);

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

    public static Vector128<int> SingleToHalf(Vector128<float> value) => Vector128.Create(
        ScalarMath.ToHalf(value[0]), ScalarMath.ToHalf(value[1]), ScalarMath.ToHalf(value[2]), ScalarMath.ToHalf(value[3]));
}
