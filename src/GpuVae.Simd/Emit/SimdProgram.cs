using System.Diagnostics;

namespace GpuVae.Simd.Emit;

/// <summary>A kernel compiled for one group shape, with the tables whose addresses stand in the code.</summary>
internal sealed record SimdProgram(
    string Name, GroupShape Group, SimdBody Body, ScratchLayout Scratch, ViewOverlap Overlap, bool HasLoops,
    IReadOnlyList<byte[]> Tables)
{
    /// <summary>What waking workers and waiting for them costs, with room to spare.</summary>
    private static readonly double SpreadTicks = 40e-6 * Stopwatch.Frequency;

    // The first launches also compile code and fill caches.
    private const int Trials = 3;

    private int trials;
    private double ticksPerThread = double.PositiveInfinity;

    public int ScratchBytes(int dynamicSharedBytes) => Scratch.DynamicSharedOffset + dynamicSharedBytes;

    /// <summary>Earlier launches on one worker tell that one of so many threads is long enough to wake the others for.</summary>
    public bool IsLong(long threads) => trials >= Trials && ticksPerThread * threads > SpreadTicks;

    /// <summary>Notes how long a launch took on one worker. The least counts: others may only have been interrupted.</summary>
    public void Note(long ticks, long threads)
    {
        ticksPerThread = Math.Min(ticksPerThread, (double)ticks / threads);
        trials = Math.Min(trials + 1, Trials);
    }
}
