namespace ILGPU.Runtime;

/// <summary>A buffer together with the view that gives it its shape.</summary>
public abstract class MemoryBuffer<TView> : MemoryBuffer where TView : struct, IArrayView
{
    private readonly MemoryBuffer memory;

    private protected MemoryBuffer(MemoryBuffer memory, TView view) : base(memory.Accelerator, memory.Length, memory.ElementSize)
    {
        this.memory = memory;
        View = view;
        NativePtr = memory.NativePtr;
    }

    /// <summary>The view of the whole buffer.</summary>
    public TView View { get; }

    internal override nint ViewBase => memory.ViewBase;

    public static implicit operator TView(MemoryBuffer<TView> buffer)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        return buffer.View;
    }

    internal override void Upload(AcceleratorStream stream, long offset, nint host, long bytes) =>
        memory.Upload(stream, offset, host, bytes);

    internal override void Download(AcceleratorStream stream, long offset, nint host, long bytes) =>
        memory.Download(stream, offset, host, bytes);

    internal override void CopyToBuffer(AcceleratorStream stream, long offset, MemoryBuffer target, long targetOffset, long bytes) =>
        memory.CopyToBuffer(stream, offset, target, targetOffset, bytes);

    internal override void FillBytes(AcceleratorStream stream, byte value, long offset, long bytes) =>
        memory.FillBytes(stream, value, offset, bytes);

    private protected override void DisposeAcceleratorObject() => memory.Dispose();
}
