using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace GpuVae.Simd.Emit;

/// <summary>
/// Memory accesses of emitted code that one IL instruction does not do: under a mask (lanes outside it touch no memory), gathered, or of
/// bytes and shorts that live in 4-byte lanes. Each width falls back to two of half the width, the narrowest to a loop. Emitted code is
/// optimised from the start, so what it calls in a loop must be, too: methods that are not inlined skip the JIT's tiers.
/// </summary>
internal static unsafe partial class VectorMemory
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> MaskLoad<T>(byte* address, Vector512<T> mask) where T : unmanaged
    {
        if (!Avx512F.IsSupported)
            return Vector512.Create(MaskLoad(address, mask.GetLower()), MaskLoad(address + 32, mask.GetUpper()));
        return sizeof(T) == 4
            ? Avx512F.MaskLoad((int*)address, mask.AsInt32(), Vector512<int>.Zero).As<int, T>()
            : Avx512F.MaskLoad((long*)address, mask.AsInt64(), Vector512<long>.Zero).As<long, T>();
    }

    public static Vector64<T> MaskLoad<T>(byte* address, Vector64<T> mask) where T : unmanaged
    {
        Vector64<T> result = default;
        LoadLanes((T*)address, (T*)&mask, (T*)&result, Vector64<T>.Count);
        return result;
    }

    public static void MaskStore<T>(byte* address, Vector64<T> value, Vector64<T> mask) where T : unmanaged =>
        StoreLanes((T*)address, (T*)&value, (T*)&mask, Vector64<T>.Count);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void LoadLanes<T>(T* address, T* mask, T* result, int lanes) where T : unmanaged
    {
        for (int i = 0; i < lanes; i++)
        {
            if (IsSet((byte*)(mask + i)))
                result[i] = Unsafe.ReadUnaligned<T>(address + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void StoreLanes<T>(T* address, T* value, T* mask, int lanes) where T : unmanaged
    {
        for (int i = 0; i < lanes; i++)
        {
            if (IsSet((byte*)(mask + i)))
                Unsafe.WriteUnaligned(address + i, value[i]);
        }
    }

    private static bool IsSet(byte* lane) => *lane != 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreHalves<T>(byte* address, Vector512<T> value) where T : unmanaged
    {
        value.GetLower().Store((T*)address);
        value.GetUpper().Store((T*)(address + 32));
    }

    /// <summary>
    /// As Vector512.Create of two halves, for which the JIT carries what the register held before from turn to turn of a loop.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Join(Vector256<int> lower, Vector256<int> upper) => Avx512F.IsSupported
        ? Avx512F.InsertVector256(lower.ToVector512Unsafe(), upper, 1)
        : Vector512.Create(lower, upper);

    /// <summary>base + index · scale per lane; the scale is a constant 1, 2, 4 or 8 at every call.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Gather(byte* address, Vector512<int> index, Vector512<int> mask, int scale) => Join(
        Gather(address, index.GetLower(), mask.GetLower(), scale), Gather(address, index.GetUpper(), mask.GetUpper(), scale));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> MaskGather(byte* address, Vector512<int> index, Vector512<int> mask, int scale) => Join(
        MaskGather(address, index.GetLower(), mask.GetLower(), scale), MaskGather(address, index.GetUpper(), mask.GetUpper(), scale));

    public static Vector64<int> Gather(byte* address, Vector64<int> index, Vector64<int> mask, int scale) =>
        Vector64.Create(LaneAt(address, index[0], mask[0], scale), LaneAt(address, index[1], mask[1], scale));

    public static Vector64<int> MaskGather(byte* address, Vector64<int> index, Vector64<int> mask, int scale) =>
        Gather(address, index, mask, scale);

    private static int LaneAt(byte* address, int index, int mask, int scale) =>
        mask != 0 ? Unsafe.ReadUnaligned<int>(address + (long)index * scale) : 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> LoadBytes512(byte* address) => Avx512F.IsSupported
        ? Avx512F.ConvertToVector512Int32(Vector128.Load(address))
        : Vector512.Create(LoadBytes256(address), LoadBytes256(address + 8));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> LoadBytes256(byte* address) => Avx2.IsSupported
        ? Avx2.ConvertToVector256Int32(address)
        : Vector256.Create(LoadBytes128(address), LoadBytes128(address + 4));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> LoadBytes128(byte* address)
    {
        Vector128<byte> bytes = Vector128.CreateScalar(Unsafe.ReadUnaligned<uint>(address)).AsByte();
        return Vector128.WidenLower(Vector128.WidenLower(bytes)).AsInt32();
    }

    public static Vector64<int> LoadBytes64(byte* address) => Vector64.Create(address[0], address[1]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> LoadShorts512(byte* address) => Avx512F.IsSupported
        ? Avx512F.ConvertToVector512Int32(Vector256.Load((ushort*)address))
        : Vector512.Create(LoadShorts256(address), LoadShorts256(address + 16));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> LoadShorts256(byte* address) => Avx2.IsSupported
        ? Avx2.ConvertToVector256Int32((ushort*)address)
        : Vector256.Create(LoadShorts128(address), LoadShorts128(address + 8));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> LoadShorts128(byte* address) =>
        Vector128.WidenLower(Vector128.CreateScalar(Unsafe.ReadUnaligned<ulong>(address)).AsUInt16()).AsInt32();

    public static Vector64<int> LoadShorts64(byte* address) =>
        Vector64.Create(Unsafe.ReadUnaligned<ushort>(address), Unsafe.ReadUnaligned<ushort>(address + 2));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBytes(byte* address, Vector512<int> value)
    {
        if (Avx512F.IsSupported)
        {
            Avx512F.ConvertToVector128Byte(value).Store(address);
            return;
        }
        StoreBytes(address, value.GetLower());
        StoreBytes(address + 8, value.GetUpper());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBytes(byte* address, Vector256<int> value)
    {
        var shorts = Vector128.Narrow(value.GetLower().AsUInt32(), value.GetUpper().AsUInt32());
        Unsafe.WriteUnaligned(address, Vector128.Narrow(shorts, shorts).AsUInt64().ToScalar());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBytes(byte* address, Vector128<int> value)
    {
        var shorts = Vector128.Narrow(value.AsUInt32(), value.AsUInt32());
        Unsafe.WriteUnaligned(address, Vector128.Narrow(shorts, shorts).AsUInt32().ToScalar());
    }

    public static void StoreBytes(byte* address, Vector64<int> value)
    {
        address[0] = (byte)value[0];
        address[1] = (byte)value[1];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreShorts(byte* address, Vector512<int> value) =>
        Vector256.Narrow(value.GetLower().AsUInt32(), value.GetUpper().AsUInt32()).Store((ushort*)address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreShorts(byte* address, Vector256<int> value) =>
        Vector128.Narrow(value.GetLower().AsUInt32(), value.GetUpper().AsUInt32()).Store((ushort*)address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreShorts(byte* address, Vector128<int> value) =>
        Unsafe.WriteUnaligned(address, Vector128.Narrow(value.AsUInt32(), value.AsUInt32()).AsUInt64().ToScalar());

    public static void StoreShorts(byte* address, Vector64<int> value)
    {
        Unsafe.WriteUnaligned(address, (ushort)value[0]);
        Unsafe.WriteUnaligned(address + 2, (ushort)value[1]);
    }

    public static Vector64<int> MaskLoadBytes(byte* address, Vector64<int> mask)
    {
        Vector64<int> result = default;
        LoadNarrow(address, (int*)&mask, (int*)&result, Vector64<int>.Count, 1);
        return result;
    }

    public static Vector64<int> MaskLoadShorts(byte* address, Vector64<int> mask)
    {
        Vector64<int> result = default;
        LoadNarrow(address, (int*)&mask, (int*)&result, Vector64<int>.Count, 2);
        return result;
    }

    public static void MaskStoreBytes(byte* address, Vector64<int> value, Vector64<int> mask) =>
        StoreNarrow(address, (int*)&value, (int*)&mask, Vector64<int>.Count, 1);

    public static void MaskStoreShorts(byte* address, Vector64<int> value, Vector64<int> mask) =>
        StoreNarrow(address, (int*)&value, (int*)&mask, Vector64<int>.Count, 2);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void LoadNarrow(byte* address, int* mask, int* result, int lanes, int bytes)
    {
        for (int i = 0; i < lanes; i++)
        {
            if (mask[i] != 0)
                result[i] = bytes == 1 ? address[i] : Unsafe.ReadUnaligned<ushort>(address + 2 * i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void StoreNarrow(byte* address, int* value, int* mask, int lanes, int bytes)
    {
        for (int i = 0; i < lanes; i++)
        {
            if (mask[i] == 0)
                continue;
            if (bytes == 1)
                address[i] = (byte)value[i];
            else
                Unsafe.WriteUnaligned(address + 2 * i, (ushort)value[i]);
        }
    }
}
