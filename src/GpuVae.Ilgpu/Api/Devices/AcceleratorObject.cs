namespace ILGPU.Runtime;

/// <summary>Something that belongs to an accelerator and is disposed with it.</summary>
public abstract class AcceleratorObject : IDisposable
{
    private int isDisposed;

    private protected AcceleratorObject(Accelerator accelerator)
    {
        ArgumentNullException.ThrowIfNull(accelerator);
        Accelerator = accelerator;
        accelerator.AddChild(this);
    }

    public Accelerator Accelerator { get; }

    public bool IsDisposed => Volatile.Read(ref isDisposed) != 0;

    /// <summary>Frees the object; a second call does nothing.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref isDisposed, 1) != 0)
            return;
        Accelerator.RemoveChild(this);
        DisposeAcceleratorObject();
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees what the object holds; called once.</summary>
    private protected abstract void DisposeAcceleratorObject();
}
