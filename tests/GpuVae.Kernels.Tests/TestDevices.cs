using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
#if BUNDLED_RUNTIME
using GpuVae.Ilgpu.Tests.Cuda;
using ILGPU.Runtime.CPU;
#endif

namespace GpuVae.Kernels.Tests;

/// <summary>Every device of this machine that the table of ops runs on, by name. Opened when first used and kept.</summary>
internal static class TestDevices
{
    private static readonly Lock gate = new();
    private static readonly Dictionary<string, Func<Accelerator>> factories = Find();
    private static readonly Dictionary<string, Accelerator> open = [];

    public static IReadOnlyList<string> Names { get; } = [.. factories.Keys];

    public static Accelerator Open(string name)
    {
        lock (gate)
        {
            if (!open.TryGetValue(name, out Accelerator? accelerator))
                open[name] = accelerator = factories[name]();
            return accelerator;
        }
    }

    /// <summary>Whether a device runs kernels one thread after the other.</summary>
    public static bool IsSlow(string name) =>
        name.StartsWith("CPU emulated", StringComparison.Ordinal) || name is "CPU checked" or "PTX interpreted";

    private static Dictionary<string, Func<Accelerator>> Find()
    {
        var found = new Dictionary<string, Func<Accelerator>>();
#if BUNDLED_RUNTIME
        found["CPU emulated"] = () => OpenCpu(new CPUDevice(16, 64, 1), CPUAcceleratorMode.Emulated);
        // What ILGPU's own CPU accelerator offers by default: warps of 4, groups of 16.
        found["CPU emulated, groups of 16"] = () => OpenCpu(new CPUDevice(4, 4, 1), CPUAcceleratorMode.Emulated);
        found["CPU checked"] = () => OpenCpu(new CPUDevice(16, 64, 1), CPUAcceleratorMode.Checked);
        foreach (int bits in new[] { 512, 256, 128, 0 })
        {
            if (bits <= CPUDevice.Default.VectorBits)
            {
                int lanes = Math.Max(bits / 32, 1);
                found[bits == 0 ? "CPU scalar" : $"CPU SIMD {bits}"] =
                    () => OpenCpu(new CPUDevice(lanes, 1024 / lanes, Environment.ProcessorCount, bits), CPUAcceleratorMode.Parallel);
            }
        }
#endif
#if BUNDLED_RUNTIME
        found["PTX interpreted"] = () => new PtxDevice(80, 8).CreateAccelerator(Context.Create(builder => builder.EnableAlgorithms()));
#endif
        Context context = Context.Create(builder => builder.AllAccelerators().EnableAlgorithms());
        foreach (Device device in context.Devices.Where(IsNew))
            found[$"{device.AcceleratorType} {device.Name}"] = () => device.CreateAccelerator(context);
        return found;
    }

#if BUNDLED_RUNTIME
    // The CPU is listed above, at every vector width.
    private static bool IsNew(Device device) => device.AcceleratorType != AcceleratorType.CPU;

    private static Accelerator OpenCpu(CPUDevice device, CPUAcceleratorMode mode) =>
        Context.Create(builder => builder.CPU(device).EnableAlgorithms()).CreateCPUAccelerator(0, mode);
#else
    private static bool IsNew(Device device) => true;
#endif
}
