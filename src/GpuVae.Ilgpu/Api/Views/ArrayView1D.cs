using System.Diagnostics;

namespace ILGPU.Runtime;

/// <summary>A 1-dimensional view: element <c>i</c> lies at the sum of <c>i·stride</c> over the axes.</summary>
[DebuggerDisplay("ArrayView1D<{typeof(T).Name,nq}>{Extent}")]
public readonly struct ArrayView1D<T, TStride> : IArrayView<T>
    where T : unmanaged
    where TStride : struct, IStride1D
{
    /// <param name="baseView">The linear memory, at least <c>stride.ComputeBufferLength(extent)</c> elements.</param>
    /// <param name="extent">The number of elements along each axis.</param>
    /// <param name="stride">The distance of neighbours along each axis.</param>
    public ArrayView1D(ArrayView<T> baseView, LongIndex1D extent, TStride stride)
    {
        BaseView = baseView;
        Extent = extent;
        Stride = stride;
    }

    /// <summary>A view of nothing.</summary>
    public static ArrayView1D<T, TStride> Empty => default;

    public ArrayView<T> BaseView { get; }

    public LongIndex1D Extent { get; }

    public TStride Stride { get; }

    public Index1D IntExtent => Extent.ToIntIndex();

    public bool IsValid => BaseView.IsValid;

    public long Length => Extent.Size;

    /// <summary>The length, cut to 32 bits.</summary>
    public int IntLength => (int)Extent.Size;

    public long LengthInBytes => Extent.Size * ArrayView<T>.ElementSize;

    public ref T this[Index1D index] => ref BaseView[Stride.ComputeElementIndex(index)];

    public ref T this[LongIndex1D index] => ref BaseView[Stride.ComputeElementIndex(index)];

    public ref T this[int x] => ref BaseView[Stride.ComputeElementIndex(new Index1D(x))];

    public ref T this[long x] => ref BaseView[Stride.ComputeElementIndex(new LongIndex1D(x))];

    /// <summary>A view of nothing that keeps a stride.</summary>
    public static ArrayView1D<T, TStride> GetEmpty(TStride stride) => new(ArrayView<T>.Empty, LongIndex1D.Zero, stride);

    public int ComputeLinearIndex(Index1D index) => Stride.ComputeElementIndex(index);

    public long ComputeLinearIndex(LongIndex1D index) => Stride.ComputeElementIndex(index);

    /// <summary>The box of size <paramref name="extent"/> at <paramref name="index"/>; the stride is kept.</summary>
    public ArrayView1D<T, TStride> SubView(Index1D index, Index1D extent) => SubView(index.ToLongIndex(), extent.ToLongIndex());

    /// <inheritdoc cref="SubView(Index1D, Index1D)"/>
    public ArrayView1D<T, TStride> SubView(LongIndex1D index, LongIndex1D extent) =>
        new(BaseView.SubView(Stride.ComputeElementIndex(index), Stride.ComputeBufferLength(extent)), extent, Stride);

    /// <summary>The elements from <paramref name="index"/> to the end.</summary>
    public ArrayView1D<T, TStride> SubView(long index) => SubView(new LongIndex1D(index), new LongIndex1D(Extent.X - index));

    /// <inheritdoc cref="SubView(Index1D, Index1D)"/>
    public ArrayView1D<T, TStride> SubView(int index, int length) => SubView(new LongIndex1D(index), new LongIndex1D(length));

    /// <inheritdoc cref="SubView(Index1D, Index1D)"/>
    public ArrayView1D<T, TStride> SubView(long index, long length) => SubView(new LongIndex1D(index), new LongIndex1D(length));

    /// <summary>A view of the single element at <paramref name="index"/>.</summary>
    public VariableView<T> VariableView(Index1D index) => new(BaseView.SubView(Stride.ComputeElementIndex(index), 1));

    /// <inheritdoc cref="VariableView(Index1D)"/>
    public VariableView<T> VariableView(LongIndex1D index) => new(BaseView.SubView(Stride.ComputeElementIndex(index), 1L));

    /// <summary>The linear memory below the view, elements between its rows included.</summary>
    public ArrayView<T> AsContiguous() => BaseView;

    public ArrayView1D<T, Stride1D.General> AsGeneral() => new(BaseView, Extent, Stride.AsGeneral());

    /// <summary>The linear memory as a view whose neighbours are adjacent.</summary>
    public ArrayView1D<T, Stride1D.Dense> AsDense() => new(BaseView, Extent, default);

    public override string ToString() => $"ArrayView1D<{typeof(T).Name}>[{Extent}]";
}
