using GpuVae.Devices;

namespace GpuVae.Tests;

/// <summary>The CPU, opened once for all tests of a class.</summary>
public sealed class CpuDevice : IDisposable
{
    public ComputeDevice Device { get; } = ComputeDevice.Open("cpu");

    public void Dispose() => Device.Dispose();
}
