using ILGPU;
using ILGPU.Runtime;
#if BUNDLED_RUNTIME
using ILGPU.Runtime.CPU;
#endif

namespace GpuVae.Devices;

/// <summary>What only the bundled kernel runtime has, with what stands in for it on another.</summary>
internal static class BundledRuntime
{
#if BUNDLED_RUNTIME
    /// <summary>Whether groups may have more shared memory than the 48 KiB that need no leave: tensor cores want a little more.</summary>
    public static bool HasLargeSharedMemory => true;

    public static IReadOnlyList<string> Obstacles => DeviceObstacles.Find();

    public static Accelerator CreateChecked(Context context) => context.CreateCPUAccelerator(0, CPUAcceleratorMode.Checked);
#else
    public static bool HasLargeSharedMemory => false;

    public static IReadOnlyList<string> Obstacles => [];

    /// <exception cref="BadInputException">This build stands on another kernel runtime.</exception>
    public static Accelerator CreateChecked(Context context) => throw new BadInputException(
        "Checked mode needs the kernel runtime that comes with GpuVae; build without -p:KernelRuntime.");
#endif
}
