using GpuVae.Simd;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Devices;

/// <summary>What only the bundled kernel runtime has, with what stands in for it on another.</summary>
internal static class BundledRuntime
{
    public static bool HasLargeSharedMemory => false;

    public static IReadOnlyList<string> Obstacles => [];

    public static Accelerator CreateChecked(Context context) => context.CreateSimdAccelerator(new() { Checked = true });
}
