using System.Diagnostics;
using ILGPU.Runtime;

namespace GpuVae.Simd;

/// <summary>A stream whose operations are done when they return.</summary>
public sealed class SimdStream : AcceleratorStream
{
    internal SimdStream(SimdAccelerator accelerator) : base(accelerator)
    {
    }

    /// <inheritdoc/>
    /// <exception cref="ObjectDisposedException">The stream was disposed.</exception>
    public override void Synchronize() => ObjectDisposedException.ThrowIf(IsDisposed, this);

    /// <inheritdoc/>
    protected override ProfilingMarker AddProfilingMarkerInternal()
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        return new SimdProfilingMarker(Accelerator, Stopwatch.GetTimestamp());
    }

    /// <inheritdoc/>
    protected override void DisposeAcceleratorObject(bool disposing)
    {
    }
}
