namespace ILGPU.Runtime;

/// <summary>Makes an accelerator current for this thread until it is disposed.</summary>
public readonly struct ScopedAcceleratorBinding : IDisposable
{
    private readonly Accelerator? previous;

    internal ScopedAcceleratorBinding(Accelerator accelerator)
    {
        previous = Accelerator.Current;
        accelerator.Bind();
    }

    public void Dispose() => Accelerator.Restore(previous);
}
