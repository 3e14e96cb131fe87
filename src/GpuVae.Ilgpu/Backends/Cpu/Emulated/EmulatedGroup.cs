using ILGPU;

namespace GpuVae.Ilgpu.Backends.Cpu.Emulated;

/// <summary>The group that is running: its shape and place, its shared memory, and who waits at which barrier.</summary>
internal sealed class EmulatedGroup
{
    public Index3D GridDim;
    public Index3D GridIdx;
    public Index3D GroupDim;
    public int WarpSize;

    public MemoryArena Shared { get; } = new();

    /// <summary>The blocks of shared memory of the running group, in the order in which its threads allocate them.</summary>
    public List<(nint Address, long Bytes)> SharedBlocks { get; } = [];

    public (nint Address, int Bytes) Dynamic { get; private set; }

    /// <summary>Runs the threads in turn; null where the kernel has no barriers and its threads simply follow one another.</summary>
    public CooperativeScheduler? Scheduler { get; set; }

    /// <summary>Forgets the memory of the group before.</summary>
    public void Begin(int dynamicSharedBytes)
    {
        Shared.Reset();
        SharedBlocks.Clear();
        Dynamic = (dynamicSharedBytes == 0 ? 0 : Shared.Allocate(dynamicSharedBytes), dynamicSharedBytes);
    }
}
