using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace GpuVae.Simd.Emit;

/// <content>Stores of wide vectors. The build makes the narrower form of this file.</content>
internal static unsafe partial class VectorMemory
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MaskStore<T>(byte* address, Vector512<T> value, Vector512<T> mask) where T : unmanaged
    {
        if (!Avx512F.IsSupported)
        {
            MaskStore(address, value.GetLower(), mask.GetLower());
            MaskStore(address + sizeof(Vector256<T>), value.GetUpper(), mask.GetUpper());
        }
        else if (sizeof(T) == 4)
        {
            Avx512F.MaskStore((int*)address, mask.AsInt32(), value.AsInt32());
        }
        else
        {
            Avx512F.MaskStore((long*)address, mask.AsInt64(), value.AsInt64());
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreShorts(byte* address, Vector512<int> value) =>
        Vector256.Narrow(value.GetLower().AsUInt32(), value.GetUpper().AsUInt32()).Store((ushort*)address);
}
