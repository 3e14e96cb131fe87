using BenchmarkDotNet.Attributes;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Benchmarks.Suites;

/// <summary>Moving bytes within the device, to it and from it, and making room for them.</summary>
public class MemorySuite : DeviceSuite
{
    private ArrayView<float> source, target;
    private PageLockedArray1D<float> locked = null!;
    private float[] host = null!;

    /// <summary>From what a first-level cache holds to what none does.</summary>
    [Params(4 << 10, 1 << 20, 256 << 20)]
    public int Bytes { get; set; }

    [Benchmark]
    public void DeviceCopy()
    {
        source.CopyTo(Device.Stream, target);
        Device.Synchronize();
    }

    [Benchmark]
    public void Zero()
    {
        target.MemSetToZero(Device.Stream);
        Device.Synchronize();
    }

    [Benchmark]
    public void Upload() => target.CopyFromCPU(Device.Stream, host);

    [Benchmark]
    public void Download() => source.CopyToCPU(Device.Stream, host);

    [Benchmark]
    public void UploadPageLocked()
    {
        target.CopyFromPageLockedAsync(Device.Stream, locked);
        Device.Synchronize();
    }

    [Benchmark]
    public void DownloadPageLocked()
    {
        source.CopyToPageLockedAsync(Device.Stream, locked);
        Device.Synchronize();
    }

    [Benchmark]
    public void AllocateAndFree() => Device.Accelerator.Allocate1D<float>(host.Length).Dispose();

    protected override void Prepare()
    {
        host = new float[Bytes / sizeof(float)];
        locked = Memory.Own(Device.Accelerator.AllocatePageLocked1D<float>(host.Length));
        source = Memory.Zeros(host.Length);
        target = Memory.Zeros(host.Length);
    }
}
