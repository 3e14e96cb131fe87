using ILGPU;
using ILGPU.Runtime;
#if BUNDLED_RUNTIME
using ILGPU.Runtime.CPU;
#endif

namespace GpuVae.Devices;

/// <summary>The checked mode, which only the bundled kernel runtime has.</summary>
internal static class CheckedMode
{
    /// <exception cref="BadInputException">This build stands on another kernel runtime.</exception>
#if BUNDLED_RUNTIME
    public static Accelerator CreateAccelerator(Context context) => context.CreateCPUAccelerator(0, CPUAcceleratorMode.Checked);
#else
    public static Accelerator CreateAccelerator(Context context) => throw new BadInputException(
        "Checked mode needs the kernel runtime that comes with GpuVae; build without -p:KernelRuntime.");
#endif
}
