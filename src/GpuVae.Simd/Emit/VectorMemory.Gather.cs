using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace GpuVae.Simd.Emit;

/// <content>What AVX2 has for 256 and 128 bits alike; else two halves. The build makes the narrower form of this file.</content>
internal static unsafe partial class VectorMemory
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> MaskLoad<T>(byte* address, Vector256<T> mask) where T : unmanaged
    {
        if (!Avx2.IsSupported)
            return Vector256.Create(MaskLoad(address, mask.GetLower()), MaskLoad(address + sizeof(Vector128<T>), mask.GetUpper()));
        return sizeof(T) == 4
            ? Avx2.MaskLoad((int*)address, mask.AsInt32()).As<int, T>()
            : Avx2.MaskLoad((long*)address, mask.AsInt64()).As<long, T>();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Gather(byte* address, Vector256<int> index, Vector256<int> mask, int scale)
    {
        if (!Avx2.IsSupported)
        {
            return Vector256.Create(
                Gather(address, index.GetLower(), mask.GetLower(), scale), Gather(address, index.GetUpper(), mask.GetUpper(), scale));
        }
        return scale switch
        {
            1 => Avx2.GatherVector256((int*)address, index, 1),
            2 => Avx2.GatherVector256((int*)address, index, 2),
            4 => Avx2.GatherVector256((int*)address, index, 4),
            _ => Avx2.GatherVector256((int*)address, index, 8),
        };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MaskGather(byte* address, Vector256<int> index, Vector256<int> mask, int scale)
    {
        if (!Avx2.IsSupported)
        {
            return Vector256.Create(
                MaskGather(address, index.GetLower(), mask.GetLower(), scale),
                MaskGather(address, index.GetUpper(), mask.GetUpper(), scale));
        }
        Vector256<int> none = Vector256<int>.Zero;
        return scale switch
        {
            1 => Avx2.GatherMaskVector256(none, (int*)address, index, mask, 1),
            2 => Avx2.GatherMaskVector256(none, (int*)address, index, mask, 2),
            4 => Avx2.GatherMaskVector256(none, (int*)address, index, mask, 4),
            _ => Avx2.GatherMaskVector256(none, (int*)address, index, mask, 8),
        };
    }
}
