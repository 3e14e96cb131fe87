namespace ILGPU.Runtime;

/// <summary>The three slots of a view: the buffer's handle, the address, the length.</summary>
internal static unsafe class ViewSlots
{
    /// <exception cref="ObjectDisposedException">The view's buffer was disposed.</exception>
    public static void Write<T>(ref ArrayView<T> view, ulong* slots) where T : unmanaged
    {
        var buffer = view.buffer;
        if (buffer is { IsDisposed: true })
            ThrowDisposed(buffer);
        slots[0] = buffer is null ? 0 : (ulong)buffer.NativePtr;
        slots[1] = (ulong)view.pointer;
        slots[2] = (ulong)view.length;
    }

    private static void ThrowDisposed(MemoryBuffer buffer) => throw new ObjectDisposedException(
        buffer.GetType().Name, $"A kernel was launched with a view of a buffer of {buffer.LengthInBytes} bytes that has been disposed.");
}
