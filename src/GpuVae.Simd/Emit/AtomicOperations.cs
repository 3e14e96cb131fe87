using System.Numerics;
using System.Runtime.CompilerServices;
using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Emit;

/// <summary>Read-modify-write on memory that several workers share; T is int, long, float or double.</summary>
internal static unsafe class AtomicOperations
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ApplyLanes<T>(long* addresses, byte* operands, byte* results, int* mask, int lanes, int op)
        where T : unmanaged, INumber<T>
    {
        for (int i = 0; i < lanes; i++)
        {
            if (mask == null || mask[i] != 0)
                ((T*)results)[i] = Apply((byte*)addresses[i], op, ((T*)operands)[i]);
        }
    }

    /// <summary>All lanes at one address: what they do is combined first, so that other workers see one operation.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ApplyTogether<T>(byte* address, byte* operands, byte* results, int* mask, int lanes, int op)
        where T : unmanaged, INumber<T>
    {
        int first = 0;
        while (mask != null && mask[first] == 0)
            first++;
        T all = ((T*)operands)[first];
        for (int i = first + 1; i < lanes; i++)
        {
            if (mask == null || mask[i] != 0)
                all = Combine((AtomicOp)op, all, ((T*)operands)[i]);
        }
        T old = Apply(address, op, all);
        for (int i = first; i < lanes; i++)
        {
            if (mask != null && mask[i] == 0)
                continue;
            ((T*)results)[i] = old;
            old = Combine((AtomicOp)op, old, ((T*)operands)[i]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void CompareExchangeLanes<T>(long* addresses, byte* comparands, byte* replacements, byte* results, int* mask, int lanes)
        where T : unmanaged
    {
        for (int i = 0; i < lanes; i++)
        {
            if (mask == null || mask[i] != 0)
                ((T*)results)[i] = CompareExchange((byte*)addresses[i], ((T*)comparands)[i], ((T*)replacements)[i]);
        }
    }

    /// <summary>Returns the old value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static T Apply<T>(byte* address, int op, T operand) where T : unmanaged, INumber<T>
    {
        if (op == (int)AtomicOp.Add)
        {
            if (typeof(T) == typeof(int))
                return (T)(object)(Interlocked.Add(ref *(int*)address, (int)(object)operand) - (int)(object)operand);
            if (typeof(T) == typeof(long))
                return (T)(object)(Interlocked.Add(ref *(long*)address, (long)(object)operand) - (long)(object)operand);
        }
        while (true)
        {
            T old = Unsafe.ReadUnaligned<T>(address);
            if (Same(CompareExchange(address, old, Combine((AtomicOp)op, old, operand)), old))
                return old;
        }
    }

    /// <summary>Compares bits, so that a NaN in memory is found again. Returns the old value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static T CompareExchange<T>(byte* address, T comparand, T replacement) where T : unmanaged
    {
        if (sizeof(T) == 4)
        {
            int old = Interlocked.CompareExchange(
                ref *(int*)address, Unsafe.BitCast<T, int>(replacement), Unsafe.BitCast<T, int>(comparand));
            return Unsafe.BitCast<int, T>(old);
        }
        long before = Interlocked.CompareExchange(
            ref *(long*)address, Unsafe.BitCast<T, long>(replacement), Unsafe.BitCast<T, long>(comparand));
        return Unsafe.BitCast<long, T>(before);
    }

    private static bool Same<T>(T a, T b) where T : unmanaged =>
        sizeof(T) == 4 ? Unsafe.BitCast<T, int>(a) == Unsafe.BitCast<T, int>(b) : Unsafe.BitCast<T, long>(a) == Unsafe.BitCast<T, long>(b);

    private static T Combine<T>(AtomicOp op, T old, T operand) where T : unmanaged, INumber<T>
    {
        switch (op)
        {
            case AtomicOp.Add:
                return old + operand;
            case AtomicOp.Min:
                return T.Min(old, operand);
            case AtomicOp.Max:
                return T.Max(old, operand);
            case AtomicOp.Exchange:
                return operand;
        }
        ulong a = sizeof(T) == 4 ? Unsafe.BitCast<T, uint>(old) : Unsafe.BitCast<T, ulong>(old);
        ulong b = sizeof(T) == 4 ? Unsafe.BitCast<T, uint>(operand) : Unsafe.BitCast<T, ulong>(operand);
        ulong result = op switch
        {
            AtomicOp.MinUnsigned => Math.Min(a, b),
            AtomicOp.MaxUnsigned => Math.Max(a, b),
            AtomicOp.And => a & b,
            AtomicOp.Or => a | b,
            _ => a ^ b,
        };
        return sizeof(T) == 4 ? Unsafe.BitCast<uint, T>((uint)result) : Unsafe.BitCast<ulong, T>(result);
    }
}
