using ILGPU.Algorithms.ScanReduceOperations;

namespace ILGPU.Algorithms;

/// <summary>
/// Reductions and scans over the threads of a warp, all of which must take part; the last warp of a group may be a part of one.
/// </summary>
public static class WarpExtensions
{
    // Threads of this warp: the group's last warp may have fewer than lanes.
    private static int NumThreads => Math.Min(Warp.WarpSize, Group.Dimension.Size - (Warp.WarpIdx * Warp.WarpSize));

    /// <summary>All values combined; the result is in the first lane.</summary>
    public static T Reduce<T, TReduction>(T value)
        where T : unmanaged
        where TReduction : struct, IScanReduceOperation<T>
    {
        TReduction reduction = default;
        int lane = Warp.LaneIdx;
        int threads = NumThreads;
        for (int delta = Warp.WarpSize / 2; delta > 0; delta /= 2)
        {
            T other = Warp.ShuffleDown(value, delta);
            if (lane + delta < threads)
                value = reduction.Apply(value, other);
        }
        return value;
    }

    /// <summary>All values combined; the result is in all lanes.</summary>
    public static T AllReduce<T, TReduction>(T value)
        where T : unmanaged
        where TReduction : struct, IScanReduceOperation<T> =>
        Warp.Broadcast(Reduce<T, TReduction>(value), 0);

    /// <summary>The values of the lanes below combined; the identity in the first lane.</summary>
    public static T ExclusiveScan<T, TScan>(T value)
        where T : unmanaged
        where TScan : struct, IScanReduceOperation<T>
    {
        TScan scan = default;
        T below = Warp.ShuffleUp(InclusiveScan<T, TScan>(value), 1);
        return Warp.LaneIdx == 0 ? scan.Identity : below;
    }

    /// <summary>The values of the lanes up to this one combined.</summary>
    public static T InclusiveScan<T, TScan>(T value)
        where T : unmanaged
        where TScan : struct, IScanReduceOperation<T>
    {
        TScan scan = default;
        int lane = Warp.LaneIdx;
        for (int delta = 1; delta < Warp.WarpSize; delta *= 2)
        {
            T other = Warp.ShuffleUp(value, delta);
            if (lane >= delta)
                value = scan.Apply(other, value);
        }
        return value;
    }
}
