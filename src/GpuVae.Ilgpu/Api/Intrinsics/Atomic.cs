using System.Runtime.CompilerServices;
using ILGPU.AtomicOperations;

namespace ILGPU;

/// <summary>Operations on memory that no other thread can interrupt. They return the value that was there before.</summary>
public static class Atomic
{
    /// <summary>Adds; wraps around on overflow.</summary>
    public static int Add(ref int target, int value) => Interlocked.Add(ref target, value) - value;

    /// <summary>Adds; wraps around on overflow.</summary>
    public static uint Add(ref uint target, uint value) => Interlocked.Add(ref target, value) - value;

    /// <summary>Adds; wraps around on overflow.</summary>
    public static long Add(ref long target, long value) => Interlocked.Add(ref target, value) - value;

    /// <summary>Adds; wraps around on overflow.</summary>
    public static ulong Add(ref ulong target, ulong value) => Interlocked.Add(ref target, value) - value;

    /// <summary>Adds. The order of the additions, and with it the rounding, is not determined.</summary>
    public static float Add(ref float target, float value)
    {
        float current = Volatile.Read(ref target);
        float expected;
        do
        {
            expected = current;
            current = CompareExchange(ref target, expected, expected + value);
        }
        while (!SameBits(current, expected));
        return current;
    }

    /// <summary>Adds. The order of the additions, and with it the rounding, is not determined.</summary>
    public static double Add(ref double target, double value)
    {
        double current = Volatile.Read(ref target);
        double expected;
        do
        {
            expected = current;
            current = CompareExchange(ref target, expected, expected + value);
        }
        while (!SameBits(current, expected));
        return current;
    }

    /// <summary>Keeps the greater value.</summary>
    public static int Max(ref int target, int value)
    {
        int current = Volatile.Read(ref target);
        int expected;
        do
        {
            expected = current;
            current = CompareExchange(ref target, expected, Math.Max(expected, value));
        }
        while (current != expected);
        return current;
    }

    /// <summary>Keeps the greater value.</summary>
    public static uint Max(ref uint target, uint value)
    {
        uint current = Volatile.Read(ref target);
        uint expected;
        do
        {
            expected = current;
            current = CompareExchange(ref target, expected, Math.Max(expected, value));
        }
        while (current != expected);
        return current;
    }

    /// <summary>Keeps the greater value.</summary>
    public static long Max(ref long target, long value)
    {
        long current = Volatile.Read(ref target);
        long expected;
        do
        {
            expected = current;
            current = CompareExchange(ref target, expected, Math.Max(expected, value));
        }
        while (current != expected);
        return current;
    }

    /// <summary>Keeps the greater value.</summary>
    public static ulong Max(ref ulong target, ulong value)
    {
        ulong current = Volatile.Read(ref target);
        ulong expected;
        do
        {
            expected = current;
            current = CompareExchange(ref target, expected, Math.Max(expected, value));
        }
        while (current != expected);
        return current;
    }

    /// <summary>Keeps the greater value.</summary>
    public static float Max(ref float target, float value)
    {
        float current = Volatile.Read(ref target);
        float expected;
        do
        {
            expected = current;
            current = CompareExchange(ref target, expected, Math.Max(expected, value));
        }
        while (!SameBits(current, expected));
        return current;
    }

    /// <summary>Keeps the greater value.</summary>
    public static double Max(ref double target, double value)
    {
        double current = Volatile.Read(ref target);
        double expected;
        do
        {
            expected = current;
            current = CompareExchange(ref target, expected, Math.Max(expected, value));
        }
        while (!SameBits(current, expected));
        return current;
    }

    /// <summary>Keeps the smaller value.</summary>
    public static int Min(ref int target, int value)
    {
        int current = Volatile.Read(ref target);
        int expected;
        do
        {
            expected = current;
            current = CompareExchange(ref target, expected, Math.Min(expected, value));
        }
        while (current != expected);
        return current;
    }

    /// <summary>Keeps the smaller value.</summary>
    public static uint Min(ref uint target, uint value)
    {
        uint current = Volatile.Read(ref target);
        uint expected;
        do
        {
            expected = current;
            current = CompareExchange(ref target, expected, Math.Min(expected, value));
        }
        while (current != expected);
        return current;
    }

    /// <summary>Keeps the smaller value.</summary>
    public static long Min(ref long target, long value)
    {
        long current = Volatile.Read(ref target);
        long expected;
        do
        {
            expected = current;
            current = CompareExchange(ref target, expected, Math.Min(expected, value));
        }
        while (current != expected);
        return current;
    }

    /// <summary>Keeps the smaller value.</summary>
    public static ulong Min(ref ulong target, ulong value)
    {
        ulong current = Volatile.Read(ref target);
        ulong expected;
        do
        {
            expected = current;
            current = CompareExchange(ref target, expected, Math.Min(expected, value));
        }
        while (current != expected);
        return current;
    }

    /// <summary>Keeps the smaller value.</summary>
    public static float Min(ref float target, float value)
    {
        float current = Volatile.Read(ref target);
        float expected;
        do
        {
            expected = current;
            current = CompareExchange(ref target, expected, Math.Min(expected, value));
        }
        while (!SameBits(current, expected));
        return current;
    }

    /// <summary>Keeps the smaller value.</summary>
    public static double Min(ref double target, double value)
    {
        double current = Volatile.Read(ref target);
        double expected;
        do
        {
            expected = current;
            current = CompareExchange(ref target, expected, Math.Min(expected, value));
        }
        while (!SameBits(current, expected));
        return current;
    }

    /// <summary>Bitwise and.</summary>
    public static int And(ref int target, int value) => Interlocked.And(ref target, value);

    /// <summary>Bitwise or.</summary>
    public static int Or(ref int target, int value) => Interlocked.Or(ref target, value);

    /// <summary>Bitwise exclusive or.</summary>
    public static int Xor(ref int target, int value)
    {
        int current = Volatile.Read(ref target);
        int expected;
        do
        {
            expected = current;
            current = CompareExchange(ref target, expected, expected ^ value);
        }
        while (current != expected);
        return current;
    }

    /// <summary>Bitwise and.</summary>
    public static uint And(ref uint target, uint value) => Interlocked.And(ref target, value);

    /// <summary>Bitwise or.</summary>
    public static uint Or(ref uint target, uint value) => Interlocked.Or(ref target, value);

    /// <summary>Bitwise exclusive or.</summary>
    public static uint Xor(ref uint target, uint value)
    {
        uint current = Volatile.Read(ref target);
        uint expected;
        do
        {
            expected = current;
            current = CompareExchange(ref target, expected, expected ^ value);
        }
        while (current != expected);
        return current;
    }

    /// <summary>Bitwise and.</summary>
    public static long And(ref long target, long value) => Interlocked.And(ref target, value);

    /// <summary>Bitwise or.</summary>
    public static long Or(ref long target, long value) => Interlocked.Or(ref target, value);

    /// <summary>Bitwise exclusive or.</summary>
    public static long Xor(ref long target, long value)
    {
        long current = Volatile.Read(ref target);
        long expected;
        do
        {
            expected = current;
            current = CompareExchange(ref target, expected, expected ^ value);
        }
        while (current != expected);
        return current;
    }

    /// <summary>Bitwise and.</summary>
    public static ulong And(ref ulong target, ulong value) => Interlocked.And(ref target, value);

    /// <summary>Bitwise or.</summary>
    public static ulong Or(ref ulong target, ulong value) => Interlocked.Or(ref target, value);

    /// <summary>Bitwise exclusive or.</summary>
    public static ulong Xor(ref ulong target, ulong value)
    {
        ulong current = Volatile.Read(ref target);
        ulong expected;
        do
        {
            expected = current;
            current = CompareExchange(ref target, expected, expected ^ value);
        }
        while (current != expected);
        return current;
    }

    /// <summary>Stores.</summary>
    public static int Exchange(ref int target, int value) => Interlocked.Exchange(ref target, value);

    /// <summary>Stores.</summary>
    public static uint Exchange(ref uint target, uint value) => Interlocked.Exchange(ref target, value);

    /// <summary>Stores.</summary>
    public static long Exchange(ref long target, long value) => Interlocked.Exchange(ref target, value);

    /// <summary>Stores.</summary>
    public static ulong Exchange(ref ulong target, ulong value) => Interlocked.Exchange(ref target, value);

    /// <summary>Stores.</summary>
    public static float Exchange(ref float target, float value) => Interlocked.Exchange(ref target, value);

    /// <summary>Stores.</summary>
    public static double Exchange(ref double target, double value) => Interlocked.Exchange(ref target, value);

    /// <summary>Stores <paramref name="value"/> where <paramref name="compare"/> is found.</summary>
    public static int CompareExchange(ref int target, int compare, int value) => Interlocked.CompareExchange(ref target, value, compare);

    /// <summary>Stores <paramref name="value"/> where <paramref name="compare"/> is found.</summary>
    public static uint CompareExchange(ref uint target, uint compare, uint value) =>
        Interlocked.CompareExchange(ref target, value, compare);

    /// <summary>Stores <paramref name="value"/> where <paramref name="compare"/> is found.</summary>
    public static long CompareExchange(ref long target, long compare, long value) =>
        Interlocked.CompareExchange(ref target, value, compare);

    /// <summary>Stores <paramref name="value"/> where <paramref name="compare"/> is found.</summary>
    public static ulong CompareExchange(ref ulong target, ulong compare, ulong value) =>
        Interlocked.CompareExchange(ref target, value, compare);

    /// <summary>Stores <paramref name="value"/> where the bits of <paramref name="compare"/> are found.</summary>
    public static float CompareExchange(ref float target, float compare, float value) =>
        BitConverter.Int32BitsToSingle(Interlocked.CompareExchange(
        ref Unsafe.As<float, int>(ref target), BitConverter.SingleToInt32Bits(value), BitConverter.SingleToInt32Bits(compare)));

    /// <summary>Stores <paramref name="value"/> where the bits of <paramref name="compare"/> are found.</summary>
    public static double CompareExchange(ref double target, double compare, double value) =>
        BitConverter.Int64BitsToDouble(Interlocked.CompareExchange(
        ref Unsafe.As<double, long>(ref target), BitConverter.DoubleToInt64Bits(value), BitConverter.DoubleToInt64Bits(compare)));

    /// <summary>Stores <paramref name="value"/> where <paramref name="compare"/> is found.</summary>
    public static Index1D CompareExchange(ref Index1D target, Index1D compare, Index1D value) =>
        Interlocked.CompareExchange(ref Unsafe.As<Index1D, int>(ref target), value.X, compare.X);

    /// <summary>Any operation as a loop around a compare-and-exchange.</summary>
    /// <param name="target">The memory.</param>
    /// <param name="value">The operand.</param>
    /// <param name="operation">Computes the new value from the current one and the operand.</param>
    /// <param name="compareExchange">The compare-and-exchange of the type.</param>
    public static T MakeAtomic<T, TOperation, TCompareExchangeOperation>(
        ref T target, T value, TOperation operation, TCompareExchangeOperation compareExchange)
        where T : unmanaged
        where TOperation : struct, IAtomicOperation<T>
        where TCompareExchangeOperation : struct, ICompareExchangeOperation<T>
    {
        T current = target;
        T expected;
        do
        {
            expected = current;
            current = compareExchange.CompareExchange(ref target, expected, operation.Operation(expected, value));
        }
        while (!compareExchange.IsSame(current, expected));
        return current;
    }

    // A loop that compared floats as numbers would never end on a NaN.
    private static bool SameBits(float left, float right) => BitConverter.SingleToInt32Bits(left) == BitConverter.SingleToInt32Bits(right);

    private static bool SameBits(double left, double right) =>
        BitConverter.DoubleToInt64Bits(left) == BitConverter.DoubleToInt64Bits(right);
}
