using System.Runtime.InteropServices;

namespace GpuVae.Simd.Memory;

/// <summary>
/// Unmanaged host memory for buffers: aligned to a cache line, whole cache lines, and one more behind the end so that a vector that
/// straddles the last element may be loaded. The content is not initialised.
/// </summary>
internal static unsafe class HostMemory
{
    private const nuint Line = 64;

    private const nuint HugePage = 2 << 20;

    private const int AdviseHugePages = 14;

    /// <param name="bytes">What the caller needs.</param>
    /// <param name="surplus">Bytes beside them that no message speaks of.</param>
    /// <exception cref="SimdAcceleratorException">
    /// The system has no such memory left; the message says how much was asked for and how much is free.
    /// </exception>
    public static void* Allocate(long bytes, int surplus = 0)
    {
        nuint rounded = ((nuint)bytes + (nuint)surplus + Line - 1) / Line * Line;
        try
        {
            return rounded < HugePage ? NativeMemory.AlignedAlloc(rounded + Line, Line) : AllocateHuge(rounded + Line);
        }
        catch (OutOfMemoryException exception)
        {
            // What the collector knows is from its last collection.
            GC.Collect();
            GCMemoryInfo memory = GC.GetGCMemoryInfo();
            long total = memory.TotalAvailableMemoryBytes, free = Math.Max(total - memory.MemoryLoadBytes, 0);
            throw new SimdAcceleratorException(
                $"Out of memory: {bytes:N0} bytes were asked for, about {free:N0} of {total:N0} are free. " +
                "Dispose buffers first, or work in smaller pieces.",
                exception);
        }
    }

    /// <summary>
    /// Rows of a matrix lie in pages of their own: a kernel that goes down a column needs as many entries of the address cache as there
    /// are rows. Huge pages, where the system gives them, hold hundreds of rows.
    /// </summary>
    private static void* AllocateHuge(nuint bytes)
    {
        void* memory = NativeMemory.AlignedAlloc((bytes + HugePage - 1) / HugePage * HugePage, HugePage);
        // Advice: whether the system follows it changes nothing but the speed.
        if (OperatingSystem.IsLinux())
            _ = Advise(memory, bytes, AdviseHugePages);
        return memory;
    }

    [DllImport("libc", EntryPoint = "madvise")]
    private static extern int Advise(void* address, nuint length, int advice);

    public static void Free(void* memory) => NativeMemory.AlignedFree(memory);
}
