using GpuVae.Ilgpu.Backends.Cpu.Emulated;

namespace ILGPU;

/// <summary>
/// The warp of the calling thread: threads of a group, consecutive by linear index, that run in lockstep; for kernels only. All threads
/// of a warp must take part in a shuffle. A source lane outside the segment, or without a thread, gives the calling lane's own value.
/// </summary>
public static class Warp
{
    /// <summary>The number of lanes.</summary>
    public static int WarpSize => EmulatedThread.Current.Group.WarpSize;

    /// <summary>The thread's index in its warp.</summary>
    public static int LaneIdx => Group.LinearIndex % WarpSize;

    /// <summary>The warp's index in its group.</summary>
    public static int WarpIdx => Group.LinearIndex / WarpSize;

    public static bool IsFirstLane => LaneIdx == 0;

    public static bool IsLastLane => LaneIdx == WarpSize - 1;

    /// <summary>The warp of a thread with this linear index.</summary>
    public static int ComputeWarpIdx(Index1D groupThreadIdx) => groupThreadIdx.X / WarpSize;

    /// <summary>The lane of a thread with this linear index.</summary>
    public static int ComputeWarpThreadIdx(Index1D groupThreadIdx) => groupThreadIdx.X % WarpSize;

    /// <summary>Waits until all threads of the warp are here.</summary>
    public static void Barrier() => EmulatedThread.Current.WarpBarrier();

    /// <summary>The value of lane <paramref name="sourceLane"/>.</summary>
    public static T Shuffle<T>(T variable, int sourceLane) where T : unmanaged => Shuffle(variable, sourceLane, WarpSize);

    /// <summary>
    /// The value of lane <paramref name="sourceLane"/> of the segment of <paramref name="width"/> lanes that the thread is in.
    /// </summary>
    /// <param name="variable">The value of the calling thread.</param>
    /// <param name="sourceLane">The lane in the segment, taken modulo <paramref name="width"/>.</param>
    /// <param name="width">A power of two up to the warp's size.</param>
    public static T Shuffle<T>(T variable, int sourceLane, int width) where T : unmanaged
    {
        int lane = LaneIdx;
        return EmulatedThread.Current.Shuffle(variable, lane - (lane % width) + (sourceLane & (width - 1)));
    }

    /// <summary>The value of the lane <paramref name="delta"/> above.</summary>
    public static T ShuffleDown<T>(T variable, int delta) where T : unmanaged => ShuffleDown(variable, delta, WarpSize);

    /// <summary>The value of the lane <paramref name="delta"/> above, within segments of <paramref name="width"/> lanes.</summary>
    public static T ShuffleDown<T>(T variable, int delta, int width) where T : unmanaged
    {
        int lane = LaneIdx;
        return EmulatedThread.Current.Shuffle(variable, (lane % width) + delta < width ? lane + delta : lane);
    }

    /// <summary>The value of the lane <paramref name="delta"/> below.</summary>
    public static T ShuffleUp<T>(T variable, int delta) where T : unmanaged => ShuffleUp(variable, delta, WarpSize);

    /// <summary>The value of the lane <paramref name="delta"/> below, within segments of <paramref name="width"/> lanes.</summary>
    public static T ShuffleUp<T>(T variable, int delta, int width) where T : unmanaged
    {
        int lane = LaneIdx;
        return EmulatedThread.Current.Shuffle(variable, lane % width >= delta ? lane - delta : lane);
    }

    /// <summary>The value of the lane whose index differs in the bits of <paramref name="mask"/>.</summary>
    public static T ShuffleXor<T>(T variable, int mask) where T : unmanaged => ShuffleXor(variable, mask, WarpSize);

    /// <summary>
    /// The value of the lane whose index differs in the bits of <paramref name="mask"/>, within segments of <paramref name="width"/>
    /// lanes.
    /// </summary>
    public static T ShuffleXor<T>(T variable, int mask, int width) where T : unmanaged
    {
        int lane = LaneIdx;
        return EmulatedThread.Current.Shuffle(variable, mask < width ? lane ^ mask : lane);
    }

    /// <summary>The value of lane <paramref name="laneIndex"/>, the same for all lanes of the warp.</summary>
    public static T Broadcast<T>(T value, int laneIndex) where T : unmanaged => Shuffle(value, laneIndex);
}
