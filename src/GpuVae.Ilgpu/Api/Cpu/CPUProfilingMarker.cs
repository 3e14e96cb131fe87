using System.Diagnostics;

namespace ILGPU.Runtime.CPU;

/// <summary>A time stamp of the host's clock.</summary>
public sealed class CPUProfilingMarker : ProfilingMarker
{
    private readonly long timestamp;

    internal CPUProfilingMarker(Accelerator accelerator, long timestamp) : base(accelerator) => this.timestamp = timestamp;

    public override void Synchronize() => ObjectDisposedException.ThrowIf(IsDisposed, this);

    /// <exception cref="ArgumentException">The other marker was not made by a CPU accelerator.</exception>
    public override TimeSpan MeasureFrom(ProfilingMarker marker) => marker is CPUProfilingMarker start
        ? Stopwatch.GetElapsedTime(start.timestamp, timestamp)
        : throw new ArgumentException("Only two markers of the same kind of accelerator can be compared.", nameof(marker));

    private protected override void DisposeAcceleratorObject()
    {
    }
}
