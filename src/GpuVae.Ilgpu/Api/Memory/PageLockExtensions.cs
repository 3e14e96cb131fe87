using System.Runtime.InteropServices;

namespace ILGPU.Runtime;

/// <summary>Page-locked host memory.</summary>
public static class PageLockExtensions
{
    /// <summary>Allocates page-locked memory, zeroed.</summary>
    public static PageLockedArray1D<T> AllocatePageLocked1D<T>(this Accelerator accelerator, LongIndex1D extent) where T : unmanaged =>
        new(accelerator, extent, uninitialized: false);

    public static PageLockedArray1D<T> AllocatePageLocked1D<T>(this Accelerator accelerator, LongIndex1D extent, bool uninitialized)
        where T : unmanaged =>
        new(accelerator, extent, uninitialized);

    /// <summary>Allocates page-locked memory, zeroed.</summary>
    public static PageLockedArray2D<T> AllocatePageLocked2D<T>(this Accelerator accelerator, LongIndex2D extent) where T : unmanaged =>
        new(accelerator, extent, uninitialized: false);

    public static PageLockedArray2D<T> AllocatePageLocked2D<T>(this Accelerator accelerator, LongIndex2D extent, bool uninitialized)
        where T : unmanaged =>
        new(accelerator, extent, uninitialized);

    /// <summary>Allocates page-locked memory, zeroed.</summary>
    public static PageLockedArray3D<T> AllocatePageLocked3D<T>(this Accelerator accelerator, LongIndex3D extent) where T : unmanaged =>
        new(accelerator, extent, uninitialized: false);

    public static PageLockedArray3D<T> AllocatePageLocked3D<T>(this Accelerator accelerator, LongIndex3D extent, bool uninitialized)
        where T : unmanaged =>
        new(accelerator, extent, uninitialized);

    /// <summary>Page-locks memory that the caller keeps pinned.</summary>
    public static PageLockScope<T> CreatePageLockFromPinned<T>(
        this Accelerator accelerator, IntPtr pinned, long numElements) where T : unmanaged =>
        new(accelerator, pinned, numElements, default);

    /// <summary>Pins and page-locks an array until the scope is disposed.</summary>
    public static PageLockScope<T> CreatePageLockFromPinned<T>(this Accelerator accelerator, T[] pinned) where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(pinned);
        var pin = GCHandle.Alloc(pinned, GCHandleType.Pinned);
        return new(accelerator, pin.AddrOfPinnedObject(), pinned.LongLength, pin);
    }

    /// <summary>The elements of a view in new page-locked memory; it is filled when the stream has come so far.</summary>
    public static PageLockedArray1D<T> GetAsPageLocked1D<T>(this ArrayView<T> view, AcceleratorStream stream) where T : unmanaged
    {
        var result = new PageLockedArray1D<T>(view.GetAccelerator(), view.Extent, uninitialized: true);
        view.CopyToPageLockedAsync(stream, result);
        return result;
    }

    /// <inheritdoc cref="GetAsPageLocked1D{T}(ArrayView{T}, AcceleratorStream)"/>
    public static PageLockedArray1D<T> GetAsPageLocked1D<T>(this ArrayView<T> view) where T : unmanaged =>
        view.GetAsPageLocked1D(view.GetAccelerator().DefaultStream);

    /// <inheritdoc cref="GetAsPageLocked1D{T}(ArrayView{T}, AcceleratorStream)"/>
    public static PageLockedArray1D<T> GetAsPageLocked1D<T>(this MemoryBuffer1D<T, Stride1D.Dense> buffer, AcceleratorStream stream)
        where T : unmanaged =>
        buffer.View.BaseView.GetAsPageLocked1D(stream);

    /// <inheritdoc cref="GetAsPageLocked1D{T}(ArrayView{T}, AcceleratorStream)"/>
    public static PageLockedArray1D<T> GetAsPageLocked1D<T>(this MemoryBuffer1D<T, Stride1D.Dense> buffer) where T : unmanaged =>
        buffer.View.BaseView.GetAsPageLocked1D();
}
