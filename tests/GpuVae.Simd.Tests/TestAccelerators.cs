using ILGPU;
using ILGPU.Runtime.CPU;

namespace GpuVae.Simd.Tests;

/// <summary>Every way in which this machine runs kernels, by name, and ILGPU's own CPU accelerator to compare with. Opened once.</summary>
internal static class TestAccelerators
{
    /// <summary>Threads of a group that every one of them runs; ILGPU's starts a thread of the system for each.</summary>
    public const int GroupSize = 64;

    private static readonly Dictionary<string, SimdOptions> Options = Find();
    private static readonly Dictionary<string, SimdAccelerator> Opened = [];
    private static readonly Dictionary<int, CPUAccelerator> References = [];

    /// <summary>Where all accelerators live but those that a test disposes.</summary>
    public static Context Context { get; } = Context.Create(builder => builder.EnableAlgorithms().Profiling());

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Options.Keys];

    /// <summary>The widths of this machine's vectors, and scalar code.</summary>
    public static TheoryData<string> Widths => [.. Options.Keys.Where(name => name != "checked")];

    /// <summary>The widths, and the interpreter of the checked mode.</summary>
    public static TheoryData<string> All => [.. Options.Keys];

    /// <summary>The widest vectors of this machine.</summary>
    public static SimdAccelerator Widest => Open(Options.Keys.First());

    public static SimdAccelerator Checked => Open("checked");

    public static SimdAccelerator Open(string name)
    {
        if (!Opened.TryGetValue(name, out SimdAccelerator? accelerator))
            Opened[name] = accelerator = Context.CreateSimdAccelerator(Options[name]);
        return accelerator;
    }

    /// <summary>ILGPU's own CPU accelerator with the given warp; it knows no warps of one lane, so those have two.</summary>
    public static CPUAccelerator Reference(int warpSize = 4)
    {
        int lanes = Math.Max(2, warpSize);
        if (!References.TryGetValue(lanes, out CPUAccelerator? accelerator))
        {
            var device = new CPUDevice(lanes, GroupSize / lanes, 1);
            References[lanes] = accelerator = device.CreateCPUAccelerator(Context);
        }
        return accelerator;
    }

    private static Dictionary<string, SimdOptions> Find()
    {
        var found = new Dictionary<string, SimdOptions>();
        foreach (int bits in new[] { 512, 256, 128, 0 })
        {
            if (bits <= new SimdDevice().VectorBits)
                found[bits == 0 ? "scalar" : $"{bits} bits"] = new() { VectorBits = bits, GuardBuffers = true };
        }
        found["checked"] = new() { Checked = true };
        return found;
    }
}
