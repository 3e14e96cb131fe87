using System.Runtime.InteropServices;

namespace GpuVae.Ilgpu.Backends.Cpu.Emulated;

/// <summary>Memory that is handed out piece by piece and taken back all at once; its chunks are kept for the next round.</summary>
internal sealed unsafe class MemoryArena
{
    private const int Alignment = 64;
    private const long ChunkBytes = 64 << 10;

    private readonly List<(nint Address, long Bytes)> chunks = [];
    private int chunk;
    private long used;

    ~MemoryArena()
    {
        foreach (var (address, _) in chunks)
            NativeMemory.AlignedFree((void*)address);
    }

    public void Reset() => (chunk, used) = (0, 0);

    /// <summary>Memory of at least this size; its content is not defined.</summary>
    public nint Allocate(long bytes)
    {
        bytes = (Math.Max(bytes, 1) + Alignment - 1) / Alignment * Alignment;
        while (chunk < chunks.Count && used + bytes > chunks[chunk].Bytes)
        {
            chunk++;
            used = 0;
        }
        if (chunk == chunks.Count)
        {
            long size = Math.Max(bytes, ChunkBytes);
            chunks.Add(((nint)NativeMemory.AlignedAlloc((nuint)size, Alignment), size));
        }
        nint address = chunks[chunk].Address + (nint)used;
        used += bytes;
        return address;
    }
}
