using ILGPU.Algorithms.ScanReduceOperations;

namespace ILGPU.Algorithms;

/// <summary>
/// Reductions and scans over the threads of a group, all of which must take part. Warps combine by shuffles; the warps' results are
/// combined in the order of the warps, so results do not vary from run to run.
/// </summary>
public static class GroupExtensions
{
    /// <summary>Warps whose results are in shared memory at once; groups of more warps take several rounds.</summary>
    private const int WarpsPerRound = 64;

    /// <summary>All values combined; the result is in the first thread.</summary>
    public static T Reduce<T, TReduction>(T value)
        where T : unmanaged
        where TReduction : struct, IScanReduceOperation<T> =>
        AllReduce<T, TReduction>(value);

    /// <summary>All values combined; the result is in all threads.</summary>
    public static T AllReduce<T, TReduction>(T value)
        where T : unmanaged
        where TReduction : struct, IScanReduceOperation<T>
    {
        T warpResult = WarpExtensions.Reduce<T, TReduction>(value);
        return CombineWarps<T, TReduction>(warpResult, Warp.LaneIdx == 0, int.MaxValue);
    }

    /// <summary>The values of the threads below combined; the identity in the first thread.</summary>
    public static T ExclusiveScan<T, TScan>(T value)
        where T : unmanaged
        where TScan : struct, IScanReduceOperation<T>
    {
        TScan scan = default;
        T inclusive = WarpExtensions.InclusiveScan<T, TScan>(value);
        T below = Warp.ShuffleUp(inclusive, 1);
        T warpsBelow = CombineWarps<T, TScan>(inclusive, IsLastOfWarp, Warp.WarpIdx);
        return scan.Apply(warpsBelow, Warp.LaneIdx == 0 ? scan.Identity : below);
    }

    /// <summary>The values of the threads up to this one combined.</summary>
    public static T InclusiveScan<T, TScan>(T value)
        where T : unmanaged
        where TScan : struct, IScanReduceOperation<T>
    {
        TScan scan = default;
        T inclusive = WarpExtensions.InclusiveScan<T, TScan>(value);
        T warpsBelow = CombineWarps<T, TScan>(inclusive, IsLastOfWarp, Warp.WarpIdx);
        return scan.Apply(warpsBelow, inclusive);
    }

    /// <inheritdoc cref="ExclusiveScan{T, TScan}(T)"/>
    /// <param name="value">The value of the calling thread.</param>
    /// <param name="boundaries">The results of the first and of the last thread.</param>
    public static T ExclusiveScanWithBoundaries<T, TScan>(T value, out ScanBoundaries<T> boundaries)
        where T : unmanaged
        where TScan : struct, IScanReduceOperation<T>
    {
        T result = ExclusiveScan<T, TScan>(value);
        boundaries = new(Group.Broadcast(result, 0), Group.Broadcast(result, Group.Dimension.Size - 1));
        return result;
    }

    /// <inheritdoc cref="InclusiveScan{T, TScan}(T)"/>
    /// <param name="value">The value of the calling thread.</param>
    /// <param name="boundaries">The results of the first and of the last thread.</param>
    public static T InclusiveScanWithBoundaries<T, TScan>(T value, out ScanBoundaries<T> boundaries)
        where T : unmanaged
        where TScan : struct, IScanReduceOperation<T>
    {
        T result = InclusiveScan<T, TScan>(value);
        boundaries = new(Group.Broadcast(result, 0), Group.Broadcast(result, Group.Dimension.Size - 1));
        return result;
    }

    private static bool IsLastOfWarp => Warp.IsLastLane | Group.IsLastThread;

    /// <summary>The results of the warps before <paramref name="end"/> combined; one thread of each warp holds the warp's result.</summary>
    private static T CombineWarps<T, TOperation>(T warpResult, bool holdsResult, int end)
        where T : unmanaged
        where TOperation : struct, IScanReduceOperation<T>
    {
        TOperation operation = default;
        var results = SharedMemory.Allocate<T>(WarpsPerRound);
        int warp = Warp.WarpIdx;
        int warps = (Group.Dimension.Size + Warp.WarpSize - 1) / Warp.WarpSize;
        T combined = operation.Identity;
        for (int first = 0; first < warps; first += WarpsPerRound)
        {
            int inRound = Math.Min(WarpsPerRound, warps - first);
            if (holdsResult & warp >= first & warp < first + inRound)
                results[warp - first] = warpResult;
            Group.Barrier();
            for (int i = 0; i < inRound; i++)
            {
                if (first + i < end)
                    combined = operation.Apply(combined, results[i]);
            }
            // The next round, or the next call, writes to the same memory.
            Group.Barrier();
        }
        return combined;
    }
}
