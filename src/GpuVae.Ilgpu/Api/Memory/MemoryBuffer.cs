namespace ILGPU.Runtime;

/// <summary>A block of memory of an accelerator.</summary>
public abstract class MemoryBuffer : AcceleratorObject
{
    private protected MemoryBuffer(Accelerator accelerator, long length, int elementSize) : base(accelerator)
    {
        Length = length;
        ElementSize = elementSize;
    }

    /// <summary>Number of elements.</summary>
    public long Length { get; }

    /// <summary>Bytes per element.</summary>
    public int ElementSize { get; }

    public long LengthInBytes => Length * ElementSize;

    /// <summary>The driver's handle: an address, or an OpenCL memory object.</summary>
    public IntPtr NativePtr { get; private protected set; }

    /// <summary>What the pointers of views start from: the address, or 0 where a view is an offset into a memory object.</summary>
    internal virtual nint ViewBase => NativePtr;

    /// <summary>Sets bytes; the stream decides when.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range leaves the buffer.</exception>
    public void MemSet(AcceleratorStream stream, byte value, long offsetInBytes, long lengthInBytes)
    {
        CheckAccess(stream, offsetInBytes, lengthInBytes);
        if (lengthInBytes > 0)
            FillBytes(stream, value, offsetInBytes, lengthInBytes);
    }

    /// <summary>Copies bytes to another buffer of this or another accelerator.</summary>
    /// <param name="stream">A stream of the accelerator that owns this buffer.</param>
    /// <param name="sourceOffset">The first byte to copy.</param>
    /// <param name="target">The target, as long as the range to copy.</param>
    public void CopyTo(AcceleratorStream stream, long sourceOffset, in ArrayView<byte> target) =>
        CopyExtensions.CopyOnDevice(AsRawArrayView(sourceOffset, target.Length), target, stream);

    /// <summary>Copies bytes from another buffer of this or another accelerator.</summary>
    /// <param name="stream">A stream of the accelerator that owns this buffer.</param>
    /// <param name="source">The bytes to copy.</param>
    /// <param name="targetOffset">Where they go.</param>
    public void CopyFrom(AcceleratorStream stream, in ArrayView<byte> source, long targetOffset) =>
        CopyExtensions.CopyOnDevice(source, AsRawArrayView(targetOffset, source.Length), stream);

    /// <summary>All bytes.</summary>
    public ArrayView<byte> AsRawArrayView() => AsRawArrayView(0, LengthInBytes);

    /// <summary>The bytes from <paramref name="offsetInBytes"/> to the end.</summary>
    public ArrayView<byte> AsRawArrayView(long offsetInBytes) => AsRawArrayView(offsetInBytes, LengthInBytes - offsetInBytes);

    /// <exception cref="ArgumentOutOfRangeException">The range leaves the buffer.</exception>
    public unsafe ArrayView<byte> AsRawArrayView(long offsetInBytes, long lengthInBytes)
    {
        CheckRange(offsetInBytes, lengthInBytes);
        return new(this, (byte*)ViewBase + offsetInBytes, lengthInBytes);
    }

    /// <summary>A range of elements.</summary>
    /// <exception cref="ArgumentException"><typeparamref name="T"/> has another size than the elements.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The range leaves the buffer.</exception>
    public unsafe ArrayView<T> AsArrayView<T>(long offset, long length) where T : unmanaged
    {
        if (sizeof(T) != ElementSize)
            throw new ArgumentException(
                $"{typeof(T).Name} has {sizeof(T)} bytes, but the buffer's elements have {ElementSize}; use AsRawArrayView().Cast<T>().");
        CheckRange(offset * ElementSize, length * ElementSize);
        return new(this, (T*)((byte*)ViewBase + (offset * ElementSize)), length);
    }

    /// <summary>Copies host memory to the range; the host memory must stay as it is until the stream has come so far.</summary>
    internal abstract void Upload(AcceleratorStream stream, long offset, nint host, long bytes);

    /// <summary>Copies the range to host memory; it is there when the stream has come so far.</summary>
    internal abstract void Download(AcceleratorStream stream, long offset, nint host, long bytes);

    /// <summary>Copies to a buffer of the same accelerator.</summary>
    internal abstract void CopyToBuffer(AcceleratorStream stream, long offset, MemoryBuffer target, long targetOffset, long bytes);

    internal abstract void FillBytes(AcceleratorStream stream, byte value, long offset, long bytes);

    internal void CheckAccess(AcceleratorStream stream, long offset, long bytes)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        ArgumentNullException.ThrowIfNull(stream);
        ObjectDisposedException.ThrowIf(stream.IsDisposed, stream);
        if (stream.Accelerator != Accelerator)
            throw new ArgumentException($"The stream belongs to {stream.Accelerator}, but the buffer to {Accelerator}.", nameof(stream));
        CheckRange(offset, bytes);
    }

    private void CheckRange(long offset, long bytes)
    {
        if (offset < 0 || bytes < 0 || bytes > LengthInBytes - offset)
        {
            throw new ArgumentOutOfRangeException(
                nameof(offset), $"The range of {bytes} bytes at byte {offset} leaves the buffer of {LengthInBytes} bytes.");
        }
    }
}
