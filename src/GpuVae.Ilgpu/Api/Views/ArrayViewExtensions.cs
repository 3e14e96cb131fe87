using System.Diagnostics;

namespace ILGPU.Runtime;

/// <summary>Reshaping, casts and alignment of views. All but the host-only members may be used in kernels.</summary>
public static unsafe class ArrayViewExtensions
{
    /// <summary>The view with X and Y exchanged; no element moves.</summary>
    public static ArrayView2D<T, Stride2D.DenseY> AsTransposed<T>(this ArrayView2D<T, Stride2D.DenseX> view) where T : unmanaged =>
        new(view.BaseView, new LongIndex2D(view.Extent.Y, view.Extent.X), new Stride2D.DenseY(view.Stride.YStride));

    /// <inheritdoc cref="AsTransposed{T}(ArrayView2D{T, Stride2D.DenseX})"/>
    public static ArrayView2D<T, Stride2D.DenseX> AsTransposed<T>(this ArrayView2D<T, Stride2D.DenseY> view) where T : unmanaged =>
        new(view.BaseView, new LongIndex2D(view.Extent.Y, view.Extent.X), new Stride2D.DenseX(view.Stride.XStride));

    /// <inheritdoc cref="AsTransposed{T}(ArrayView2D{T, Stride2D.DenseX})"/>
    public static ArrayView2D<T, Stride2D.General> AsTransposed<T>(this ArrayView2D<T, Stride2D.General> view) where T : unmanaged =>
        new(
            view.BaseView,
            new LongIndex2D(view.Extent.Y, view.Extent.X),
            new Stride2D.General(new Index2D(view.Stride.YStride, view.Stride.XStride)));

    /// <summary>The view with X and Z exchanged; no element moves.</summary>
    public static ArrayView3D<T, Stride3D.DenseZY> AsTransposed<T>(this ArrayView3D<T, Stride3D.DenseXY> view) where T : unmanaged =>
        new(
            view.BaseView,
            new LongIndex3D(view.Extent.Z, view.Extent.Y, view.Extent.X),
            new Stride3D.DenseZY(view.Stride.ZStride, view.Stride.YStride));

    /// <inheritdoc cref="AsTransposed{T}(ArrayView3D{T, Stride3D.DenseXY})"/>
    public static ArrayView3D<T, Stride3D.DenseXY> AsTransposed<T>(this ArrayView3D<T, Stride3D.DenseZY> view) where T : unmanaged =>
        new(
            view.BaseView,
            new LongIndex3D(view.Extent.Z, view.Extent.Y, view.Extent.X),
            new Stride3D.DenseXY(view.Stride.YStride, view.Stride.XStride));

    /// <summary>The same bytes as elements of another type.</summary>
    public static ArrayView1D<TOther, Stride1D.Dense> Cast<T, TOther>(this ArrayView1D<T, Stride1D.Dense> view)
        where T : unmanaged
        where TOther : unmanaged =>
        view.BaseView.Cast<TOther>();

    public static ArrayView1D<T, Stride1D.Dense> AsDense<T>(this ArrayView<T> view) where T : unmanaged => view;

    public static ArrayView1D<T, Stride1D.General> AsGeneral<T>(this ArrayView<T> view) where T : unmanaged =>
        new(view, view.Extent, new Stride1D.General(1));

    /// <summary>
    /// Splits the view into the elements before the first address that is a multiple of <paramref name="alignmentInBytes"/> and the rest.
    /// </summary>
    /// <param name="view">The view.</param>
    /// <param name="alignmentInBytes">A power of two that is a multiple of the element size.</param>
    public static (ArrayView<T> Prefix, ArrayView<T> Main) AlignTo<T>(this ArrayView<T> view, int alignmentInBytes) where T : unmanaged
    {
        long misaligned = (long)view.pointer & (alignmentInBytes - 1);
        long elements = misaligned == 0 ? 0 : (alignmentInBytes - misaligned) / sizeof(T);
        elements = elements < view.length ? elements : view.length;
        return (view.SubView(0L, elements), PromiseAligned(view.SubView(elements), alignmentInBytes));
    }

    public static (ArrayView<T> Prefix, ArrayView<T> Main) AlignTo16<T>(this ArrayView<T> view) where T : unmanaged => view.AlignTo(16);

    public static (ArrayView<T> Prefix, ArrayView<T> Main) AlignTo32<T>(this ArrayView<T> view) where T : unmanaged => view.AlignTo(32);

    public static (ArrayView<T> Prefix, ArrayView<T> Main) AlignTo64<T>(this ArrayView<T> view) where T : unmanaged => view.AlignTo(64);

    public static (ArrayView<T> Prefix, ArrayView<T> Main) AlignTo128<T>(this ArrayView<T> view) where T : unmanaged => view.AlignTo(128);

    public static (ArrayView<T> Prefix, ArrayView<T> Main) AlignTo256<T>(this ArrayView<T> view) where T : unmanaged => view.AlignTo(256);

    public static (ArrayView<T> Prefix, ArrayView<T> Main) AlignTo512<T>(this ArrayView<T> view) where T : unmanaged => view.AlignTo(512);

    /// <summary>
    /// The view itself, with the promise that its first element lies at a multiple of <paramref name="alignmentInBytes"/>, which lets
    /// compilers use wide loads and stores.
    /// </summary>
    public static ArrayView<T> AsAligned<T>(this ArrayView<T> view, int alignmentInBytes) where T : unmanaged
    {
        Debug.Assert(((long)view.pointer & (alignmentInBytes - 1)) == 0, "the view is not aligned as AsAligned promises");
        return PromiseAligned(view, alignmentInBytes);
    }

    /// <summary>The view; compilers note that its elements, if it has any, begin at such an address.</summary>
    internal static ArrayView<T> PromiseAligned<T>(ArrayView<T> view, int alignmentInBytes) where T : unmanaged
    {
        _ = alignmentInBytes;
        return view;
    }

    /// <inheritdoc cref="AsAligned{T}(ArrayView{T}, int)"/>
    public static ArrayView<T> AsAligned16<T>(this ArrayView<T> view) where T : unmanaged => view.AsAligned(16);

    /// <inheritdoc cref="AsAligned{T}(ArrayView{T}, int)"/>
    public static ArrayView<T> AsAligned32<T>(this ArrayView<T> view) where T : unmanaged => view.AsAligned(32);

    /// <inheritdoc cref="AsAligned{T}(ArrayView{T}, int)"/>
    public static ArrayView<T> AsAligned64<T>(this ArrayView<T> view) where T : unmanaged => view.AsAligned(64);

    /// <inheritdoc cref="AsAligned{T}(ArrayView{T}, int)"/>
    public static ArrayView<T> AsAligned128<T>(this ArrayView<T> view) where T : unmanaged => view.AsAligned(128);

    /// <inheritdoc cref="AsAligned{T}(ArrayView{T}, int)"/>
    public static ArrayView<T> AsAligned256<T>(this ArrayView<T> view) where T : unmanaged => view.AsAligned(256);

    /// <inheritdoc cref="AsAligned{T}(ArrayView{T}, int)"/>
    public static ArrayView<T> AsAligned512<T>(this ArrayView<T> view) where T : unmanaged => view.AsAligned(512);

    /// <summary>The address of the first element in the accelerator's address space.</summary>
    [NotInsideKernel]
    public static IntPtr LoadEffectiveAddressAsPtr<T>(this ArrayView<T> view) where T : unmanaged => (IntPtr)view.pointer;

    /// <summary>The accelerator that owns the view's memory.</summary>
    /// <exception cref="InvalidOperationException">The view is empty or belongs to no buffer.</exception>
    [NotInsideKernel]
    public static Accelerator GetAccelerator<T>(this ArrayView<T> view) where T : unmanaged => view.buffer?.Accelerator
        ?? throw new InvalidOperationException("This view belongs to no buffer. Take the view from a buffer of the accelerator.");

    public static bool HasData<TView>(this TView view) where TView : struct, IArrayView => view.Length > 0;

    public static bool HasNoData<TView>(this TView view) where TView : struct, IArrayView => view.Length < 1;
}
