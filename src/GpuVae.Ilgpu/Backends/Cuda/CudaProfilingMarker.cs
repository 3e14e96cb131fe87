using GpuVae.Ilgpu.Backends.Cuda;

namespace ILGPU.Runtime.Cuda;

/// <summary>An event in a stream.</summary>
public sealed unsafe class CudaProfilingMarker : ProfilingMarker
{
    private readonly CudaAccelerator accelerator;
    private readonly nint marker;

    internal CudaProfilingMarker(CudaAccelerator accelerator, nint marker) : base(accelerator)
    {
        this.accelerator = accelerator;
        this.marker = marker;
    }

    public override void Synchronize()
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        accelerator.Enter();
        accelerator.Api.Check(accelerator.Api.EventSynchronize(marker), "cuEventSynchronize");
    }

    /// <exception cref="ArgumentException">The other marker was not made by a CUDA accelerator.</exception>
    public override TimeSpan MeasureFrom(ProfilingMarker marker)
    {
        if (marker is not CudaProfilingMarker start)
            throw new ArgumentException("Only two markers of the same kind of accelerator can be compared.", nameof(marker));
        start.Synchronize();
        Synchronize();
        float milliseconds;
        accelerator.Api.Check(accelerator.Api.EventElapsedTime(&milliseconds, start.marker, this.marker), "cuEventElapsedTime");
        return TimeSpan.FromMilliseconds(milliseconds);
    }

    private protected override void DisposeAcceleratorObject()
    {
        if (accelerator.Api.ContextSetCurrent(accelerator.ContextPtr) == CudaApi.Success)
            _ = accelerator.Api.EventDestroy(marker);
    }
}
