namespace ILGPU.Runtime;

/// <summary>
/// A sequence of launches and copies that the device replays as one. Made by <see cref="AcceleratorStream.Capture"/>; a feature of the
/// bundled
/// runtime, behind <see cref="Accelerator.SupportsGraphs"/>.
/// </summary>
public abstract class AcceleratorGraph : AcceleratorObject
{
    private protected AcceleratorGraph(Accelerator accelerator) : base(accelerator)
    {
    }

    /// <summary>Replays everything that was captured, with the same arguments; the buffers must still exist.</summary>
    /// <param name="stream">A stream of the graph's accelerator.</param>
    public void Launch(AcceleratorStream stream)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        ArgumentNullException.ThrowIfNull(stream);
        ObjectDisposedException.ThrowIf(stream.IsDisposed, stream);
        if (stream.Accelerator != Accelerator)
            throw new ArgumentException($"The stream belongs to {stream.Accelerator}, but the graph to {Accelerator}.", nameof(stream));
        LaunchInternal(stream);
    }

    private protected abstract void LaunchInternal(AcceleratorStream stream);
}
