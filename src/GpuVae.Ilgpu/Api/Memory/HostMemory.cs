using System.Runtime.InteropServices;

namespace ILGPU.Runtime;

/// <summary>
/// Unmanaged host memory for buffers: aligned to a cache line, whole cache lines, and one more behind the end so that a vector that
/// straddles the last element may be loaded. The content is not initialised.
/// </summary>
internal static unsafe class HostMemory
{
    private const nuint Line = 64;

    /// <exception cref="OutOfMemoryException">The system has no such memory left.</exception>
    public static void* Allocate(long bytes)
    {
        nuint rounded = ((nuint)bytes + Line - 1) / Line * Line;
        return NativeMemory.AlignedAlloc(rounded + Line, Line);
    }

    public static void Free(void* memory) => NativeMemory.AlignedFree(memory);
}
