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

    private protected abstract ProfilingMarker AddProfilingMarkerInternal();
}
