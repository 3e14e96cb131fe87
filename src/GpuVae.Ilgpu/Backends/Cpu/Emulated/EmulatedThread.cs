using ILGPU;

namespace GpuVae.Ilgpu.Backends.Cpu.Emulated;

/// <summary>
/// The kernel thread that runs on the calling OS thread: what the statics Group, Grid, Warp, SharedMemory and LocalMemory read.
/// </summary>
internal sealed unsafe class EmulatedThread(EmulatedGroup group)
{
    [ThreadStatic]
    private static EmulatedThread? current;

    public int GroupIdxX;
    public int GroupIdxY;
    public int GroupIdxZ;

    private readonly MemoryArena local = new();
    private int sharedAllocations;

    public static EmulatedThread Current => current ?? throw new NotSupportedException(
        "Group, Grid, Warp, SharedMemory and LocalMemory exist only inside kernels; call this from a kernel that runs on an accelerator.");

    public EmulatedGroup Group { get; } = group;

    private int LinearIndex => (((GroupIdxZ * Group.GroupDim.Y) + GroupIdxY) * Group.GroupDim.X) + GroupIdxX;

    /// <summary>Makes this the kernel thread of the calling OS thread; null ends it.</summary>
    public static void Enter(EmulatedThread? thread) => current = thread;

    /// <summary>Starts the next kernel thread of an explicitly grouped launch.</summary>
    public void Begin(int x, int y, int z)
    {
        GroupIdxX = x;
        GroupIdxY = y;
        GroupIdxZ = z;
        sharedAllocations = 0;
        local.Reset();
    }

    /// <summary>Starts the next kernel thread of an implicitly grouped launch, whose groups are rows along X.</summary>
    public void BeginImplicit(int x, int y, int z)
    {
        int width = Group.GroupDim.X;
        Group.GridIdx = new(x / width, y, z);
        Begin(x % width, 0, 0);
    }

    /// <summary>The n-th allocation of every thread of the group is the same memory.</summary>
    public ArrayView<T> AllocateShared<T>(int length) where T : unmanaged
    {
        long bytes = (long)length * sizeof(T);
        int index = sharedAllocations++;
        var blocks = Group.SharedBlocks;
        if (index == blocks.Count)
            blocks.Add((Group.Shared.Allocate(bytes), bytes));
        if (blocks[index].Bytes != bytes)
        {
            throw new InvalidOperationException(
                $"The threads of a group allocate shared memory in different orders: allocation {index} has {blocks[index].Bytes} bytes " +
                $"in one thread and {bytes} in another. Call SharedMemory.Allocate where all threads come by.");
        }
        return new(null, (T*)blocks[index].Address, length);
    }

    public ArrayView<T> GetDynamicShared<T>() where T : unmanaged =>
        new(null, (T*)Group.Dynamic.Address, Group.Dynamic.Bytes / sizeof(T));

    public ArrayView<T> AllocateLocal<T>(int length) where T : unmanaged => new(null, (T*)local.Allocate((long)length * sizeof(T)), length);

    public void GroupBarrier() => Scheduler.GroupBarrier(LinearIndex);

    public int GroupBarrierPopCount(bool predicate) => Scheduler.GroupBarrierPopCount(LinearIndex, predicate);

    public T GroupBroadcast<T>(T value, int source) where T : unmanaged => Scheduler.GroupBroadcast(LinearIndex, value, source);

    public void WarpBarrier() => Scheduler.WarpBarrier(LinearIndex);

    public T Shuffle<T>(T value, int sourceLane) where T : unmanaged => Scheduler.Shuffle(LinearIndex, value, sourceLane);

    private CooperativeScheduler Scheduler => Group.Scheduler ?? throw new InvalidOperationException(
        "A kernel reached a barrier or shuffle that its code did not show beforehand; " +
        "call it directly, not through a delegate or an interface.");
}
