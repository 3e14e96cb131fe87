namespace GpuVae.TestSupport;

/// <summary>Managed memory that an action takes each time it runs.</summary>
public static class Allocations
{
    /// <summary>
    /// The bytes that the calling thread allocates in <paramref name="action"/>: the least of three runs, because the runtime itself may
    /// allocate in one of them, when its cache of casts grows for instance.
    /// </summary>
    public static long Of(Action action)
    {
        long least = long.MaxValue;
        for (int run = 0; run < 3 && least > 0; run++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            action();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        return least;
    }
}
