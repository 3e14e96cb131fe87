using GpuVae.Ilgpu.Compiler;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace GpuVae.Ilgpu.Backends.Cpu.Emulated;

/// <summary>
/// A kernel that runs as the .NET method it is. Without barriers its threads are a loop, and the groups are spread over the workers; with
/// barriers every thread of a group is an OS thread, and groups follow one another.
/// </summary>
internal sealed unsafe class EmulatedKernel : Kernel, IEmulatedJob
{
    /// <summary>Threads along X that one work item of an implicitly grouped launch covers.</summary>
    private const int ChunkWidth = 4096;

    /// <summary>Launches with fewer threads do not wake the workers.</summary>
    private const int SpreadThreshold = 4096;

    private readonly KernelFeatures features;
    private readonly KernelRunner run;
    private readonly EmulatorPool.EmulatedThreadStart runThread;
    private readonly EmulatorPool pool;

    // The launch that is running; written under the pool's lock.
    private LaunchShape shape;
    private ulong* arguments;
    private int chunksX;

    public EmulatedKernel(CPUAccelerator accelerator, KernelEntry entry, KernelSpecialization specialization)
        : base(accelerator, entry, specialization)
    {
        pool = accelerator.Emulator;
        features = KernelScanner.Scan(entry.Method);
        if (entry.IsImplicitlyGrouped && features.NeedsScheduler)
        {
            Dispose();
            throw new KernelCompilationException(
                $"Kernel '{Name}' is implicitly grouped, so it must not use barriers, shuffles or broadcasts. Drop the index parameter, " +
                "load it with LoadStreamKernel or LoadKernel, and launch it with a KernelConfig.");
        }
        run = KernelRunnerEmitter.Emit(entry, features.NeedsThread || !entry.IsImplicitlyGrouped);
        runThread = RunThread;
    }

    internal override void Launch(AcceleratorStream stream, in LaunchShape shape, ReadOnlySpan<ulong> slots)
    {
        lock (pool.Sync)
        {
            fixed (ulong* pointer = slots)
            {
                arguments = pointer;
                this.shape = shape;
                try
                {
                    if (IsImplicitlyGrouped)
                        RunExtent();
                    else if (features.NeedsScheduler)
                        RunCooperatively();
                    else
                        pool.Run(this, shape.Grid.LongSize, shape.Grid.LongSize * shape.Group.LongSize >= SpreadThreshold);
                }
                catch (Exception exception)
                {
                    throw new AcceleratorException($"Kernel '{Name}' failed: {exception.Message}", exception);
                }
            }
        }
    }

    /// <summary>One group of an explicitly grouped launch, or one piece of a row of an implicitly grouped one.</summary>
    public void Execute(EmulatedThread thread, long item)
    {
        var group = thread.Group;
        group.WarpSize = Accelerator.WarpSize;
        group.GroupDim = shape.Group;
        group.GridDim = shape.Grid;
        group.Begin(shape.DynamicSharedBytes);
        if (IsImplicitlyGrouped)
        {
            int x = (int)(item % chunksX) * ChunkWidth;
            long row = item / chunksX;
            int end = (int)Math.Min((long)x + ChunkWidth, shape.Extent.X);
            run(thread, arguments, x, end, (int)(row % shape.Extent.Y), (int)(row / shape.Extent.Y));
            return;
        }
        group.GridIdx = GroupAt(item);
        for (int z = 0; z < shape.Group.Z; z++)
        {
            for (int y = 0; y < shape.Group.Y; y++)
                run(thread, arguments, 0, shape.Group.X, y, z);
        }
    }

    private protected override void DisposeAcceleratorObject()
    {
    }

    private void RunExtent()
    {
        var extent = shape.Extent;
        int width = shape.Group.X == 0 ? Accelerator.WarpSize : shape.Group.X;
        shape = shape with
        {
            Group = new(width, 1, 1),
            Grid = new((int)(((long)extent.X + width - 1) / width), extent.Y, extent.Z),
        };
        chunksX = (int)(((long)extent.X + ChunkWidth - 1) / ChunkWidth);
        pool.Run(this, (long)chunksX * extent.Y * extent.Z, extent.LongSize >= SpreadThreshold);
    }

    private void RunCooperatively()
    {
        var group = pool.GetCooperativeGroup();
        group.WarpSize = Accelerator.WarpSize;
        group.GroupDim = shape.Group;
        group.GridDim = shape.Grid;
        for (long i = 0; i < shape.Grid.LongSize; i++)
        {
            group.GridIdx = GroupAt(i);
            group.Begin(shape.DynamicSharedBytes);
            pool.RunGroup(shape.Group.Size, runThread);
        }
    }

    private void RunThread(EmulatedThread thread, int linearIndex)
    {
        int x = linearIndex % shape.Group.X;
        int row = linearIndex / shape.Group.X;
        run(thread, arguments, x, x + 1, row % shape.Group.Y, row / shape.Group.Y);
    }

    private Index3D GroupAt(long linearIndex)
    {
        long row = linearIndex / shape.Grid.X;
        return new((int)(linearIndex % shape.Grid.X), (int)(row % shape.Grid.Y), (int)(row / shape.Grid.Y));
    }
}
