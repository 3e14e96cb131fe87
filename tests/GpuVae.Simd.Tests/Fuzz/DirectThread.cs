using ILGPU;

namespace GpuVae.Simd.Tests.Fuzz;

/// <summary>
/// A thread of a group as a thread of .NET, which runs the IL of a kernel as it is. Emitted code calls the public methods.
/// </summary>
public static class DirectThread
{
    /// <summary>As much as one thread of each group asks for.</summary>
    private const int DynamicElements = 64;

    [ThreadStatic]
    private static DirectGroup? group;

    [ThreadStatic]
    private static int linearIndex;

    [ThreadStatic]
    private static int allocations;

    public static int GroupIdxX => linearIndex % Current.Dimension.X;

    public static int GroupIdxY => linearIndex / Current.Dimension.X % Current.Dimension.Y;

    public static int GroupIdxZ => linearIndex / Current.Dimension.X / Current.Dimension.Y;

    public static int GroupDimX => Current.Dimension.X;

    public static int GroupDimY => Current.Dimension.Y;

    public static int GroupDimZ => Current.Dimension.Z;

    public static int GridIdxX => Current.Index;

    public static int WarpLaneIdx => linearIndex % Current.WarpSize;

    public static int WarpWarpSize => Current.WarpSize;

    private static DirectGroup Current => group!;

    /// <summary>Runs the kernel as the given thread.</summary>
    internal static void Run(DirectGroup current, int thread, Action kernel)
    {
        group = current;
        linearIndex = thread;
        allocations = 0;
        kernel();
    }

    public static DirectView<T> AllocateLocal<T>(int length) => new(new T[length]);

    public static DirectView<T> AllocateShared<T>(int length) => new(Current.Shared<T>(allocations++, length));

    public static DirectView<T> DynamicShared<T>() => new(Current.Shared<T>(allocations++, DynamicElements));

    public static void Barrier() => Current.Barrier.SignalAndWait();

    public static T Shuffle<T>(T value, int lane) => Read(value, lane);

    public static T ShuffleXor<T>(T value, int mask) => Read(value, WarpLaneIdx ^ mask);

    public static T ShuffleUp<T>(T value, int delta) => Read(value, WarpLaneIdx - delta);

    public static T ShuffleDown<T>(T value, int delta) => Read(value, WarpLaneIdx + delta);

    public static int BarrierPopCount(bool predicate)
    {
        object[] shown = Show(predicate);
        int count = shown.Count(value => (bool)value);
        Barrier();
        return count;
    }

    public static bool BarrierAnd(bool predicate) => BarrierPopCount(predicate) == Current.Size;

    public static bool BarrierOr(bool predicate) => BarrierPopCount(predicate) > 0;

    public static int AtomicAdd(ref int target, int value) => Interlocked.Add(ref target, value) - value;

    public static int AtomicExchange(ref int target, int value) => Interlocked.Exchange(ref target, value);

    public static int AtomicMin(ref int target, int value) => Update(ref target, value, Math.Min);

    public static int AtomicMax(ref int target, int value) => Update(ref target, value, Math.Max);

    public static int AtomicAnd(ref int target, int value) => Interlocked.And(ref target, value);

    public static int AtomicOr(ref int target, int value) => Interlocked.Or(ref target, value);

    public static int AtomicXor(ref int target, int value) => Update(ref target, value, static (x, y) => x ^ y);

    public static float Exp(float x) => MathF.Exp(x);

    public static float Log(float x) => MathF.Log(x);

    public static float Sqrt(float x) => MathF.Sqrt(x);

    public static float Tanh(float x) => MathF.Tanh(x);

    public static float Sin(float x) => MathF.Sin(x);

    public static float Cos(float x) => MathF.Cos(x);

    public static float Rsqrt(float x) => 1 / MathF.Sqrt(x);

    /// <summary>Rounded to nearest even, like on a GPU.</summary>
    public static ILGPU.Half ToHalf(float value) => Interop.IntAsFloat(BitConverter.HalfToUInt16Bits((System.Half)value));

    public static float FromHalf(ILGPU.Half value) => (float)BitConverter.UInt16BitsToHalf(Interop.FloatAsInt(value));

    public static ILGPU.Half HalfAdd(ILGPU.Half x, ILGPU.Half y) => ToHalf(FromHalf(x) + FromHalf(y));

    public static ILGPU.Half HalfSubtract(ILGPU.Half x, ILGPU.Half y) => ToHalf(FromHalf(x) - FromHalf(y));

    public static ILGPU.Half HalfMultiply(ILGPU.Half x, ILGPU.Half y) => ToHalf(FromHalf(x) * FromHalf(y));

    public static ILGPU.Half HalfDivide(ILGPU.Half x, ILGPU.Half y) => ToHalf(FromHalf(x) / FromHalf(y));

    /// <summary>What a lane of the own warp shows, or the own value where there is no such lane.</summary>
    private static T Read<T>(T value, int lane)
    {
        object[] shown = Show(value!);
        T? result = lane >= 0 && lane < Current.WarpSize ? (T)shown[linearIndex - WarpLaneIdx + lane] : value;
        Barrier();
        return result;
    }

    private static object[] Show(object value)
    {
        Current.Shown[linearIndex] = value;
        Barrier();
        return Current.Shown;
    }

    private static int Update(ref int target, int value, Func<int, int, int> operation)
    {
        int old = target;
        while (true)
        {
            int seen = Interlocked.CompareExchange(ref target, operation(old, value), old);
            if (seen == old)
                return old;
            old = seen;
        }
    }
}
