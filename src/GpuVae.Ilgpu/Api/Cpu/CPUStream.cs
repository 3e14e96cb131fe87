using System.Diagnostics;

namespace ILGPU.Runtime.CPU;

/// <summary>A stream whose operations are done when they return.</summary>
public sealed class CPUStream : AcceleratorStream
{
    internal CPUStream(Accelerator accelerator) : base(accelerator)
    {
    }

    public override void Synchronize() => ObjectDisposedException.ThrowIf(IsDisposed, this);

    private protected override ProfilingMarker AddProfilingMarkerInternal() =>
        new CPUProfilingMarker(Accelerator, Stopwatch.GetTimestamp());

    private protected override void DisposeAcceleratorObject()
    {
    }
}
