using System.Runtime.CompilerServices;
using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Emit;

/// <summary>Scalar loops over the lanes in a worker's lane buffers. A mask is one int per lane, or null where all lanes run.</summary>
internal static unsafe class LaneOperations
{
    /// <summary>In place of a size: the lanes hold masks, memory a byte of 0 or 1.</summary>
    public const int BoolMask = -1;

    /// <summary>Lanes that do not run are skipped: their operands may be anything, a zero divisor for one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Map<TA, TR>(delegate*<TA, TR> function, byte* a, byte* result, int* mask, int lanes)
        where TA : unmanaged
        where TR : unmanaged
    {
        for (int i = 0; i < lanes; i++)
        {
            if (mask == null || mask[i] != 0)
                ((TR*)result)[i] = function(((TA*)a)[i]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Map2<TA, TB, TR>(delegate*<TA, TB, TR> function, byte* a, byte* b, byte* result, int* mask, int lanes)
        where TA : unmanaged
        where TB : unmanaged
        where TR : unmanaged
    {
        for (int i = 0; i < lanes; i++)
        {
            if (mask == null || mask[i] != 0)
                ((TR*)result)[i] = function(((TA*)a)[i], ((TB*)b)[i]);
        }
    }

    /// <summary>Reads elements of that many bytes at each lane's address, zero-extended to the lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Gather(long* addresses, byte* result, int* mask, int lanes, int bytes)
    {
        for (int i = 0; i < lanes; i++)
        {
            bool runs = mask == null || mask[i] != 0;
            switch (bytes)
            {
                case 1:
                    ((int*)result)[i] = runs ? *(byte*)addresses[i] : 0;
                    break;
                case 2:
                    ((int*)result)[i] = runs ? Unsafe.ReadUnaligned<ushort>((void*)addresses[i]) : 0;
                    break;
                case 4:
                    ((int*)result)[i] = runs ? Unsafe.ReadUnaligned<int>((void*)addresses[i]) : 0;
                    break;
                default:
                    ((long*)result)[i] = runs ? Unsafe.ReadUnaligned<long>((void*)addresses[i]) : 0;
                    break;
            }
        }
    }

    /// <summary>Lanes write in their order, so where addresses meet the last lane wins.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scatter(long* addresses, byte* values, int* mask, int lanes, int bytes)
    {
        for (int i = 0; i < lanes; i++)
        {
            if (mask != null && mask[i] == 0)
                continue;
            switch (bytes)
            {
                case BoolMask:
                    *(byte*)addresses[i] = (byte)-((int*)values)[i];
                    break;
                case 1:
                    *(byte*)addresses[i] = (byte)((int*)values)[i];
                    break;
                case 2:
                    Unsafe.WriteUnaligned((void*)addresses[i], (ushort)((int*)values)[i]);
                    break;
                case 4:
                    Unsafe.WriteUnaligned((void*)addresses[i], ((int*)values)[i]);
                    break;
                default:
                    Unsafe.WriteUnaligned((void*)addresses[i], ((long*)values)[i]);
                    break;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Shuffle<T>(int kind, byte* values, int* lane, byte* result, int width, int lanes) where T : unmanaged
    {
        for (int i = 0; i < lanes; i++)
            ((T*)result)[i] = ((T*)values)[SourceLane((ShuffleKind)kind, i, lane[i], width, lanes)];
    }

    /// <summary>Which lane a shuffle reads; a lane whose source would lie outside its segment reads itself.</summary>
    public static int SourceLane(ShuffleKind kind, int lane, int operand, int width, int lanes)
    {
        if (width <= 0 || width > lanes)
            width = lanes;
        int first = lane & ~(width - 1);
        int within = lane - first;
        int source = kind switch
        {
            ShuffleKind.Down => within + operand,
            ShuffleKind.Up => within - operand,
            ShuffleKind.Xor => within ^ operand,
            _ => operand & (width - 1),
        };
        return source >= 0 && source < width ? first + source : lane;
    }

    public static void CheckDivisor(bool isZero)
    {
        if (isZero)
            throw new DivideByZeroException();
    }

    public static void FailAssertion(string message) => throw new InvalidOperationException($"assertion failed in a kernel: {message}");
}
