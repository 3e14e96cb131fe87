using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ILGPU.Runtime;

/// <summary>
/// Copies between host and device and between buffers, and fills. Without a stream they use the accelerator's default stream. Copies
/// from and to managed memory wait until they are done; the others only enqueue.
/// </summary>
/// <remarks>
/// Errors: <see cref="ArgumentOutOfRangeException"/> if the data has more elements than the view, <see cref="ArgumentException"/> if a
/// multi-dimensional array has another shape than the view, <see cref="ObjectDisposedException"/> after the buffer was disposed.
/// </remarks>
public static unsafe partial class CopyExtensions
{
    /// <summary>Copies within an accelerator, between two of them, and from or to page-locked memory.</summary>
    internal static void CopyOnDevice<T>(ArrayView<T> source, ArrayView<T> target, AcceleratorStream? stream) where T : unmanaged
    {
        if (source.length > target.length)
        {
            throw new ArgumentOutOfRangeException(
                nameof(target),
                $"The target has {target.length} elements, but {source.length} are to be copied; take a SubView of the source.");
        }
        if (source.length == 0)
            return;
        var (from, fromOffset) = Locate(source);
        var (to, toOffset) = Locate(target);
        long bytes = source.LengthInBytes;
        if (from.Accelerator == to.Accelerator)
        {
            stream ??= from.Accelerator.DefaultStream;
            from.CheckAccess(stream, fromOffset, bytes);
            to.CheckAccess(stream, toOffset, bytes);
            if (to is HostMemoryBuffer host && from is not HostMemoryBuffer)
                from.Download(stream, fromOffset, host.NativePtr + (nint)toOffset, bytes);
            else
                from.CopyToBuffer(stream, fromOffset, to, toOffset, bytes);
            return;
        }
        var fromStream = stream?.Accelerator == from.Accelerator ? stream : from.Accelerator.DefaultStream;
        var toStream = stream?.Accelerator == to.Accelerator ? stream : to.Accelerator.DefaultStream;
        from.CheckAccess(fromStream, fromOffset, bytes);
        to.CheckAccess(toStream, toOffset, bytes);
        void* staging = HostMemory.Allocate(bytes);
        try
        {
            from.Download(fromStream, fromOffset, (nint)staging, bytes);
            fromStream.Synchronize();
            to.Upload(toStream, toOffset, (nint)staging, bytes);
            toStream.Synchronize();
        }
        finally
        {
            HostMemory.Free(staging);
        }
    }

    private static (MemoryBuffer Buffer, long Offset) Locate<T>(ArrayView<T> view) where T : unmanaged
    {
        if (view.buffer is null)
            throw new InvalidOperationException("This view belongs to no buffer. Take the view from a buffer of the accelerator.");
        return (view.buffer, (nint)view.pointer - view.buffer.ViewBase);
    }

    private static void Upload<T>(ArrayView<T> view, AcceleratorStream? stream, T[] data) where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(data);
        Upload(view, stream, new ReadOnlySpan<T>(data));
    }

    private static void Upload<T>(ArrayView<T> view, AcceleratorStream? stream, ReadOnlySpan<T> data) where T : unmanaged =>
        Upload(view, stream, ref MemoryMarshal.GetReference(data), data.Length);

    private static void Upload<T>(ArrayView<T> view, AcceleratorStream? stream, ref T data, long length) where T : unmanaged
    {
        if (Check(view, length, ref stream) == 0)
            return;
        var (buffer, offset) = Locate(view);
        fixed (T* host = &data)
        {
            buffer.Upload(stream, offset, (nint)host, length * sizeof(T));
            stream.Synchronize();
        }
    }

    private static void UploadAsync<T>(ArrayView<T> view, AcceleratorStream stream, ref T data, long length) where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (Check(view, length, ref stream!) == 0)
            return;
        var (buffer, offset) = Locate(view);
        buffer.Upload(stream, offset, (nint)Unsafe.AsPointer(ref data), length * sizeof(T));
    }

    private static void Download<T>(ArrayView<T> view, AcceleratorStream? stream, T[] data) where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(data);
        Download(view, stream, new Span<T>(data));
    }

    private static void Download<T>(ArrayView<T> view, AcceleratorStream? stream, Span<T> data) where T : unmanaged =>
        Download(view, stream, ref MemoryMarshal.GetReference(data), data.Length);

    private static void Download<T>(ArrayView<T> view, AcceleratorStream? stream, ref T data, long length) where T : unmanaged
    {
        if (Check(view, length, ref stream) == 0)
            return;
        var (buffer, offset) = Locate(view);
        fixed (T* host = &data)
        {
            buffer.Download(stream, offset, (nint)host, length * sizeof(T));
            stream.Synchronize();
        }
    }

    private static void DownloadAsync<T>(ArrayView<T> view, AcceleratorStream stream, ref T data, long length) where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (Check(view, length, ref stream!) == 0)
            return;
        var (buffer, offset) = Locate(view);
        buffer.Download(stream, offset, (nint)Unsafe.AsPointer(ref data), length * sizeof(T));
    }

    private static T[] ToArray<T>(ArrayView<T> view, AcceleratorStream? stream) where T : unmanaged
    {
        if (view.length == 0)
            return [];
        var result = GC.AllocateUninitializedArray<T>(checked((int)view.length));
        Download(view, stream, result);
        return result;
    }

    private static void Fill<T>(ArrayView<T> view, AcceleratorStream? stream, byte value) where T : unmanaged
    {
        if (Check(view, view.length, ref stream) == 0)
            return;
        var (buffer, offset) = Locate(view);
        buffer.FillBytes(stream, value, offset, view.LengthInBytes);
    }

    /// <summary>Checks an access to the first elements of a view and picks the stream; returns the length.</summary>
    private static long Check<T>(
        ArrayView<T> view, long length, [System.Diagnostics.CodeAnalysis.NotNull] ref AcceleratorStream? stream) where T : unmanaged
    {
        if (length < 0 || length > view.length)
        {
            throw new ArgumentOutOfRangeException(
                nameof(length),
                length,
                $"The view has {view.length} elements, but {length} are to be copied; take a part of the host memory.");
        }
        if (length == 0)
        {
            stream ??= null!;
            return 0;
        }
        var (buffer, offset) = Locate(view);
        stream ??= buffer.Accelerator.DefaultStream;
        buffer.CheckAccess(stream, offset, length * sizeof(T));
        return length;
    }
}
