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

    [GlobalSetup]
    public void Open()
    {
        Device = ComputeDevice.Open(DeviceName);
        Prepare();
        Device.Synchronize();
    }

    [GlobalCleanup]
    public void Close()
    {
        Release();
        Device.Dispose();
    }

    protected abstract void Prepare();

    protected abstract void Release();
}
