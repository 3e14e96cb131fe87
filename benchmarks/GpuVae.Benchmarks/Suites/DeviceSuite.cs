using BenchmarkDotNet.Attributes;
using GpuVae.Devices;

namespace GpuVae.Benchmarks.Suites;

/// <summary>What every suite shares: one open device, which is a parameter of the benchmark.</summary>
public abstract class DeviceSuite
{
    /// <summary>The devices that suites run on; null is all that are present. Set from <c>--device</c>.</summary>
    public static string[]? Wanted { get; set; }

    public static IEnumerable<string> DeviceNames => Wanted ?? [.. ComputeDevice.List().Select(d => d.Name)];

    [ParamsSource(nameof(DeviceNames))]
    public string DeviceName { get; set; } = "cpu";

    protected ComputeDevice Device { get; private set; } = null!;

    /// <summary>Disposed of before the device is.</summary>
    private protected Scratch Memory { get; private set; } = null!;

    [GlobalSetup]
    public void Open()
    {
        Device = ComputeDevice.Open(DeviceName);
        Memory = new Scratch(Device.Accelerator);
        Prepare();
        Device.Synchronize();
    }

    [GlobalCleanup]
    public void Close()
    {
        Memory.Dispose();
        Device.Dispose();
    }

    protected abstract void Prepare();
}
