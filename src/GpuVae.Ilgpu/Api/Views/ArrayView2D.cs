using System.Diagnostics;

namespace ILGPU.Runtime;

/// <summary>A 2-dimensional view: element <c>i</c> lies at the sum of <c>i·stride</c> over the axes.</summary>
[DebuggerDisplay("ArrayView2D<{typeof(T).Name,nq}>{Extent}")]
public readonly struct ArrayView2D<T, TStride> : IArrayView<T>
    where T : unmanaged
    where TStride : struct, IStride2D
{
    /// <param name="baseView">The linear memory, at least <c>stride.ComputeBufferLength(extent)</c> elements.</param>
    /// <param name="extent">The number of elements along each axis.</param>
    /// <param name="stride">The distance of neighbours along each axis.</param>
    public ArrayView2D(ArrayView<T> baseView, LongIndex2D extent, TStride stride)
    {
        BaseView = baseView;
        Extent = extent;
        Stride = stride;
    }

    /// <summary>A view of nothing.</summary>
    public static ArrayView2D<T, TStride> Empty => default;

    public ArrayView<T> BaseView { get; }

    public LongIndex2D Extent { get; }

    public TStride Stride { get; }

    public Index2D IntExtent => Extent.ToIntIndex();

    public bool IsValid => BaseView.IsValid;

    public long Length => Extent.Size;

    /// <summary>The length, cut to 32 bits.</summary>
    public int IntLength => (int)Extent.Size;

    public long LengthInBytes => Extent.Size * ArrayView<T>.ElementSize;

    public ref T this[Index2D index] => ref BaseView[Stride.ComputeElementIndex(index)];

    public ref T this[LongIndex2D index] => ref BaseView[Stride.ComputeElementIndex(index)];

    public ref T this[int x, int y] => ref BaseView[Stride.ComputeElementIndex(new Index2D(x, y))];

    public ref T this[long x, long y] => ref BaseView[Stride.ComputeElementIndex(new LongIndex2D(x, y))];

    /// <summary>A view of nothing that keeps a stride.</summary>
    public static ArrayView2D<T, TStride> GetEmpty(TStride stride) => new(ArrayView<T>.Empty, LongIndex2D.Zero, stride);

    public int ComputeLinearIndex(Index2D index) => Stride.ComputeElementIndex(index);

    public long ComputeLinearIndex(LongIndex2D index) => Stride.ComputeElementIndex(index);

    /// <summary>The box of size <paramref name="extent"/> at <paramref name="index"/>; the distance between its rows is kept.</summary>
    public ArrayView2D<T, TStride> SubView(Index2D index, Index2D extent) => SubView(index.ToLongIndex(), extent.ToLongIndex());

    /// <inheritdoc cref="SubView(Index2D, Index2D)"/>
    public ArrayView2D<T, TStride> SubView(LongIndex2D index, LongIndex2D extent) =>
        new(BaseView.SubView(Stride.ComputeElementIndex(index), Stride.ComputeBufferLength(extent)), extent, Stride);

    /// <summary>A view of the single element at <paramref name="index"/>.</summary>
    public VariableView<T> VariableView(Index2D index) => new(BaseView.SubView(Stride.ComputeElementIndex(index), 1));

    /// <inheritdoc cref="VariableView(Index2D)"/>
    public VariableView<T> VariableView(LongIndex2D index) => new(BaseView.SubView(Stride.ComputeElementIndex(index), 1L));

    /// <summary>The linear memory below the view, elements between its rows included.</summary>
    public ArrayView<T> AsContiguous() => BaseView;

    public ArrayView2D<T, Stride2D.General> AsGeneral() => new(BaseView, Extent, Stride.AsGeneral());

    public override string ToString() => $"ArrayView2D<{typeof(T).Name}>[{Extent}]";
}
