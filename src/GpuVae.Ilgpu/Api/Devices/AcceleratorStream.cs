namespace ILGPU.Runtime;

/// <summary>An ordered queue of operations on an accelerator.</summary>
public abstract class AcceleratorStream : AcceleratorObject
{
    private protected AcceleratorStream(Accelerator accelerator) : base(accelerator)
    {
    }

    /// <summary>Waits until everything enqueued so far is done.</summary>
    public abstract void Synchronize();

    /// <summary>Waits on another thread.</summary>
    public Task SynchronizeAsync() => Task.Run(Synchronize);

    /// <summary>Marks a point in the queue whose time can be read.</summary>
    /// <exception cref="NotSupportedException">The context was built without <see cref="Context.Builder.Profiling"/>.</exception>
    public ProfilingMarker AddProfilingMarker()
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        if (!Accelerator.Context.Properties.EnableProfiling)
            throw new NotSupportedException(
                "Profiling markers are off. Build the context with Profiling(): Context.Create(b => b.Default().Profiling()).");
        return AddProfilingMarkerInternal();
    }

    public ScopedAcceleratorBinding BindScoped() => Accelerator.BindScoped();

    /// <summary>
    /// Records what <paramref name="enqueue"/> puts on this stream, without running it. It must not allocate, free, synchronize or use another
    /// stream.
    /// </summary>
    /// <returns>The recording, or null where <see cref="Accelerator.SupportsGraphs"/> is false; then nothing was called.</returns>
    /// <exception cref="InvalidOperationException">This is the default stream of a CUDA accelerator.</exception>
    public AcceleratorGraph? Capture(Action enqueue)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        ArgumentNullException.ThrowIfNull(enqueue);
        return Accelerator.SupportsGraphs ? CaptureInternal(enqueue) : null;
    }

    private protected virtual AcceleratorGraph CaptureInternal(Action enqueue) => throw new NotSupportedException("This accelerator has no graphs.");

    private protected abstract ProfilingMarker AddProfilingMarkerInternal();
}
