using System.Reflection;
using GpuVae.Simd.Frontend;
using GpuVae.Simd.Launch;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Simd;

/// <summary>A kernel that is loaded on a SIMD accelerator.</summary>
public sealed class SimdKernel : Kernel
{
    private readonly KernelExecutor executor;

    internal SimdKernel(SimdAccelerator accelerator, SimdCompiledKernel compiledKernel, MethodInfo launcher, KernelExecutor executor)
        : base(accelerator, compiledKernel, launcher)
    {
        this.executor = executor;
        Name = KernelMethod.NameOf(compiledKernel.Entry.Method);
    }

    /// <summary>The class and method, or what a <c>KernelName</c> attribute says.</summary>
    public string Name { get; }

    /// <summary>The method that emitted launchers call.</summary>
    internal static MethodInfo LauncherOf(KernelEntry entry) => typeof(SimdKernel).GetMethod(
        entry.IsImplicitlyGrouped ? nameof(LaunchExtent) : nameof(LaunchGrouped), BindingFlags.Instance | BindingFlags.NonPublic)!;

    /// <summary>Starts an explicitly grouped kernel; emitted launchers call this.</summary>
    internal unsafe void LaunchGrouped(AcceleratorStream stream, KernelConfig config, ulong* slots, int slotCount)
    {
        CheckLaunch(stream);
        Index3D grid = config.GridDim;
        Index3D group = config.GroupDim;
        long shared = (long)config.SharedMemoryConfig.NumElements * config.SharedMemoryConfig.ElementSize;
        if (!IsPositive(grid) || !IsPositive(group) || !Fits(grid, Accelerator.MaxGridSize) || !Fits(group, Accelerator.MaxGroupSize)
            || (long)group.X * group.Y * group.Z > Accelerator.MaxNumThreadsPerGroup || shared > Accelerator.MaxSharedMemoryPerGroup)
            ThrowShape(grid, group, shared);
        executor.Launch(new LaunchShape(grid, group, default, (int)shared), new ReadOnlySpan<ulong>(slots, slotCount));
    }

    /// <summary>Starts an implicitly grouped kernel; emitted launchers call this.</summary>
    internal unsafe void LaunchExtent(AcceleratorStream stream, Index3D extent, int groupSize, ulong* slots, int slotCount)
    {
        CheckLaunch(stream);
        if (!IsPositive(extent))
            ThrowExtent(extent);
        executor.Launch(
            new LaunchShape(default, groupSize == 0 ? default : new Index3D(groupSize, 1, 1), extent, 0),
            new ReadOnlySpan<ulong>(slots, slotCount));
    }

    /// <inheritdoc/>
    protected override void DisposeAcceleratorObject(bool disposing)
    {
    }

    private static bool IsPositive(Index3D size) => size.X > 0 && size.Y > 0 && size.Z > 0;

    private static bool Fits(Index3D size, Index3D limit) => size.X <= limit.X && size.Y <= limit.Y && size.Z <= limit.Z;

    private void CheckLaunch(AcceleratorStream stream)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        ObjectDisposedException.ThrowIf(Accelerator.IsDisposed, Accelerator);
        ArgumentNullException.ThrowIfNull(stream);
        ObjectDisposedException.ThrowIf(stream.IsDisposed, stream);
        if (stream.Accelerator != Accelerator)
        {
            throw new ArgumentException(
                $"The stream belongs to {stream.Accelerator.Name}, but kernel '{Name}' is loaded on {Accelerator.Name}; " +
                "use a stream of that accelerator.",
                nameof(stream));
        }
    }

    private void ThrowShape(Index3D grid, Index3D group, long shared)
    {
        string reason = !IsPositive(grid) || !IsPositive(group) ? "the grid and the group need at least 1 along each axis."
            : !Fits(group, Accelerator.MaxGroupSize) ? $"a group is at most {Accelerator.MaxGroupSize}."
            : (long)group.X * group.Y * group.Z > Accelerator.MaxNumThreadsPerGroup
            ? $"a group has at most {Accelerator.MaxNumThreadsPerGroup} threads."
            : !Fits(grid, Accelerator.MaxGridSize) ? $"a grid is at most {Accelerator.MaxGridSize} groups."
            : $"a group has at most {Accelerator.MaxSharedMemoryPerGroup} bytes of shared memory.";
        throw new ArgumentOutOfRangeException(
            "config",
            $"Kernel '{Name}' cannot be launched on {Accelerator.Name} with a grid of {grid}, groups of {group} and {shared} bytes of " +
            $"dynamic shared memory: {reason}");
    }

    private void ThrowExtent(Index3D extent) => throw new ArgumentOutOfRangeException(
        nameof(extent),
        $"Kernel '{Name}' cannot be launched with the extent {extent}: it needs at least 1 along each axis; " +
        "skip the launch when there is nothing to do.");
}
