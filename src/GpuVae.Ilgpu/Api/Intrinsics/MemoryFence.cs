namespace ILGPU;

/// <summary>Orders the memory accesses of the calling thread; for kernels only.</summary>
public static class MemoryFence
{
    /// <summary>As seen by the threads of the group.</summary>
    public static void GroupLevel() => Interlocked.MemoryBarrier();

    /// <summary>As seen by all threads of the device.</summary>
    public static void DeviceLevel() => Interlocked.MemoryBarrier();

    /// <summary>As seen by the whole system.</summary>
    public static void SystemLevel() => Interlocked.MemoryBarrier();
}
