using BenchmarkDotNet.Attributes;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Benchmarks.Suites;

/// <summary>Moving bytes within the device, to it and from it, and making room for them.</summary>
public class MemorySuite : DeviceSuite
{
    private MemoryBuffer1D<float, Stride1D.Dense> source = null!, target = null!;
    private PageLockedArray1D<float> locked = null!;
    private float[] host = null!;

    /// <summary>From what a first-level cache holds to what none does.</summary>
    [Params(4 << 10, 1 << 20, 256 << 20)]
    public int Bytes { get; set; }

    [Benchmark]
    public void DeviceCopy()
    {
        source.View.CopyTo(Device.Stream, target.View);
        Device.Synchronize();
    }

    [Benchmark]
    public void Zero()
    {
        target.View.MemSetToZero(Device.Stream);
        Device.Synchronize();
    }

    [Benchmark]
    public void Upload() => target.View.CopyFromCPU(Device.Stream, host);

    [Benchmark]
    public void Download() => source.View.CopyToCPU(Device.Stream, host);

    [Benchmark]
    public void UploadPageLocked()
    {
        target.View.CopyFromPageLockedAsync(Device.Stream, locked);
        Device.Synchronize();
    }

    [Benchmark]
    public void DownloadPageLocked()
    {
        source.View.CopyToPageLockedAsync(Device.Stream, locked);
        Device.Synchronize();
    }

    [Benchmark]
    public void AllocateAndFree() => Device.Accelerator.Allocate1D<float>(host.Length).Dispose();

    protected override void Prepare()
    {
        host = new float[Bytes / sizeof(float)];
        locked = Device.Accelerator.AllocatePageLocked1D<float>(host.Length);
        source = Device.Accelerator.Allocate1D(host);
        target = Device.Accelerator.Allocate1D(host);
    }

    protected override void Release()
    {
        source.Dispose();
        target.Dispose();
        locked.Dispose();
    }
}
