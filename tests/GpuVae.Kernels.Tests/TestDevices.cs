using System.Reflection;
using System.Runtime.InteropServices;
using GpuVae.Simd;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace GpuVae.Kernels.Tests;

/// <summary>Every device of this machine that the table of ops runs on, by name. Opened when first used and kept.</summary>
internal static class TestDevices
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<string, Func<Accelerator>> Factories = Find();
    private static readonly Dictionary<string, Accelerator> Opened = [];

    public static IReadOnlyList<string> Names { get; } = [.. Factories.Keys];

    public static Accelerator Open(string name)
    {
        lock (Gate)
        {
            if (!Opened.TryGetValue(name, out Accelerator? accelerator))
                Opened[name] = accelerator = Factories[name]();
            return accelerator;
        }
    }

    /// <summary>Whether a device runs kernels one thread after the other.</summary>
    public static bool IsSlow(string name) => name.StartsWith("ILGPU CPU", StringComparison.Ordinal) || name == "SIMD checked";

    private static Dictionary<string, Func<Accelerator>> Find()
    {
        var found = new Dictionary<string, Func<Accelerator>>();
        foreach (int bits in new[] { 512, 256, 128, 0 })
        {
            if (bits <= new SimdDevice().VectorBits)
                found[bits == 0 ? "SIMD scalar" : $"SIMD {bits}"] = () => OpenSimd(new() { VectorBits = bits, GuardBuffers = true });
        }
        found["SIMD checked"] = () => OpenSimd(new() { Checked = true });
        // Groups smaller than any kernel wishes for, groups of few warps, and warps as wide as this machine's vectors.
        foreach ((int lanes, int warps) in new[] { (4, 4), (32, 8), (16, 64) })
            found[$"ILGPU CPU {lanes}×{warps}"] = () => OpenCpu(new CPUDevice(lanes, warps, 1));
        NativeLibrary.SetDllImportResolver(typeof(Context).Assembly, LoadDriver);
        // OpenCL devices by what they can do: ILGPU's own choice goes by the version of C that they claim.
        var context = Context.Create(
            builder => builder.Cuda().OpenCL(device => device.Capabilities.GenericAddressSpace).EnableAlgorithms());
        foreach (Device device in context.Devices.Where(device => device.AcceleratorType != AcceleratorType.CPU))
            found[$"{device.AcceleratorType} {device.Name}"] = () => device.CreateAccelerator(context);
        return found;
    }

    // ILGPU asks for names that come with the development packages; the drivers themselves lie under libOpenCL.so.1 and libcuda.so.1.
    private static nint LoadDriver(string name, Assembly assembly, DllImportSearchPath? path) =>
        NativeLibrary.TryLoad(name, assembly, path, out nint library) || NativeLibrary.TryLoad($"lib{name}.so.1", out library)
            ? library
            : 0;

    private static SimdAccelerator OpenSimd(SimdOptions options) =>
        Context.Create(builder => builder.EnableAlgorithms()).CreateSimdAccelerator(options);

    private static Accelerator OpenCpu(CPUDevice device)
    {
        var context = Context.Create(builder => builder.CPU(device).EnableAlgorithms());
        return device.CreateAccelerator(context);
    }
}
