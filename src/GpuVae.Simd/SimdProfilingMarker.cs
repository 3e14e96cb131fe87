using System.Diagnostics;
using ILGPU.Runtime;

namespace GpuVae.Simd;

/// <summary>A time stamp of the host's clock.</summary>
internal sealed class SimdProfilingMarker(Accelerator accelerator, long timestamp) : ProfilingMarker(accelerator)
{
    private readonly long timestamp = timestamp;

    public override void Synchronize() => ObjectDisposedException.ThrowIf(IsDisposed, this);

    /// <exception cref="ArgumentException">The other marker was not made by a SIMD accelerator.</exception>
    public override TimeSpan MeasureFrom(ProfilingMarker marker) => marker is SimdProfilingMarker start
        ? Stopwatch.GetElapsedTime(start.timestamp, timestamp)
        : throw new ArgumentException("Only two markers of SIMD accelerators can be compared.", nameof(marker));

    protected override void DisposeAcceleratorObject(bool disposing)
    {
    }
}
