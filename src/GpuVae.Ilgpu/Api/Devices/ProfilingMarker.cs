namespace ILGPU.Runtime;

/// <summary>A point in a stream; the difference of two is the time between them on the accelerator.</summary>
public abstract class ProfilingMarker : AcceleratorObject
{
    private protected ProfilingMarker(Accelerator accelerator) : base(accelerator)
    {
    }

    /// <summary>Waits until the stream has reached the marker.</summary>
    public abstract void Synchronize();

    /// <summary>The time from <paramref name="marker"/> to this one.</summary>
    public abstract TimeSpan MeasureFrom(ProfilingMarker marker);

    public static TimeSpan operator -(ProfilingMarker end, ProfilingMarker start)
    {
        ArgumentNullException.ThrowIfNull(end);
        return end.MeasureFrom(start);
    }
}
