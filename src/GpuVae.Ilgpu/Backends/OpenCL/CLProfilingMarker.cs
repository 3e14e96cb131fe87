using GpuVae.Ilgpu.Backends.OpenCL;

namespace ILGPU.Runtime.OpenCL;

/// <summary>An event in a command queue.</summary>
public sealed unsafe class CLProfilingMarker : ProfilingMarker
{
    private readonly CLAccelerator accelerator;
    private readonly nint marker;

    internal CLProfilingMarker(CLAccelerator accelerator, nint marker) : base(accelerator)
    {
        this.accelerator = accelerator;
        this.marker = marker;
    }

    public override void Synchronize()
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        nint awaited = marker;
        accelerator.Check(accelerator.Api.WaitForEvents(1, &awaited), "clWaitForEvents");
    }

    /// <exception cref="ArgumentException">The other marker was not made by an OpenCL accelerator.</exception>
    public override TimeSpan MeasureFrom(ProfilingMarker marker)
    {
        if (marker is not CLProfilingMarker start)
            throw new ArgumentException("Only two markers of the same kind of accelerator can be compared.", nameof(marker));
        start.Synchronize();
        Synchronize();
        return TimeSpan.FromMicroseconds((Nanoseconds() - (double)start.Nanoseconds()) / 1000);
    }

    private ulong Nanoseconds()
    {
        ulong time;
        accelerator.Check(
            accelerator.Api.GetEventProfilingInfo(marker, OpenCLApi.ProfilingCommandEnd, sizeof(ulong), &time, null),
                "clGetEventProfilingInfo");
        return time;
    }

    private protected override void DisposeAcceleratorObject() => accelerator.Api.ReleaseEvent(marker);
}
