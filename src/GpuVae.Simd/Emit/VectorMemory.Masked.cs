using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace GpuVae.Simd.Emit;

/// <content>
/// Stores under a mask, and loads and stores of bytes and shorts, which few processors have instructions for: most masks are full. The
/// build makes the narrower forms of this file.
/// </content>
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<int> MaskLoadBytes(byte* address, Vector512<int> mask)
    {
        if (Vector512.EqualsAll(mask, Vector512<int>.AllBitsSet))
            return LoadBytes512(address);
        Vector512<int> result = default;
        LoadNarrow(address, (int*)&mask, (int*)&result, Vector512<int>.Count, 1);
        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<int> MaskLoadShorts(byte* address, Vector512<int> mask)
    {
        if (Vector512.EqualsAll(mask, Vector512<int>.AllBitsSet))
            return LoadShorts512(address);
        Vector512<int> result = default;
        LoadNarrow(address, (int*)&mask, (int*)&result, Vector512<int>.Count, 2);
        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void MaskStoreBytes(byte* address, Vector512<int> value, Vector512<int> mask)
    {
        if (Vector512.EqualsAll(mask, Vector512<int>.AllBitsSet))
            StoreBytes(address, value);
        else
            StoreNarrow(address, (int*)&value, (int*)&mask, Vector512<int>.Count, 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void MaskStoreShorts(byte* address, Vector512<int> value, Vector512<int> mask)
    {
        if (Vector512.EqualsAll(mask, Vector512<int>.AllBitsSet))
            StoreShorts(address, value);
        else
            StoreNarrow(address, (int*)&value, (int*)&mask, Vector512<int>.Count, 2);
    }
}
