using System.Diagnostics;

namespace ILGPU.Runtime;

/// <summary>A 3-dimensional view: element <c>i</c> lies at the sum of <c>i·stride</c> over the axes.</summary>
[DebuggerDisplay("ArrayView3D<{typeof(T).Name,nq}>{Extent}")]
public readonly struct ArrayView3D<T, TStride> : IArrayView<T>
    where T : unmanaged
    where TStride : struct, IStride3D
{
    /// <param name="baseView">The linear memory, at least <c>stride.ComputeBufferLength(extent)</c> elements.</param>
    /// <param name="extent">The number of elements along each axis.</param>
    /// <param name="stride">The distance of neighbours along each axis.</param>
    public ArrayView3D(ArrayView<T> baseView, LongIndex3D extent, TStride stride)
    {
        BaseView = baseView;
        Extent = extent;
        Stride = stride;
    }

    /// <summary>A view of nothing.</summary>
    public static ArrayView3D<T, TStride> Empty => default;

    public ArrayView<T> BaseView { get; }

    public LongIndex3D Extent { get; }

    public TStride Stride { get; }

    public Index3D IntExtent => Extent.ToIntIndex();

    public bool IsValid => BaseView.IsValid;

    public long Length => Extent.Size;

    /// <summary>The length, cut to 32 bits.</summary>
    public int IntLength => (int)Extent.Size;

    public long LengthInBytes => Extent.Size * ArrayView<T>.ElementSize;

    public ref T this[Index3D index] => ref BaseView[Stride.ComputeElementIndex(index)];

    public ref T this[LongIndex3D index] => ref BaseView[Stride.ComputeElementIndex(index)];

    public ref T this[int x, int y, int z] => ref BaseView[Stride.ComputeElementIndex(new Index3D(x, y, z))];

    public ref T this[long x, long y, long z] => ref BaseView[Stride.ComputeElementIndex(new LongIndex3D(x, y, z))];

    /// <summary>A view of nothing that keeps a stride.</summary>
    public static ArrayView3D<T, TStride> GetEmpty(TStride stride) => new(ArrayView<T>.Empty, LongIndex3D.Zero, stride);

    public int ComputeLinearIndex(Index3D index) => Stride.ComputeElementIndex(index);

    public long ComputeLinearIndex(LongIndex3D index) => Stride.ComputeElementIndex(index);

    /// <summary>The box of size <paramref name="extent"/> at <paramref name="index"/>; the distance between its rows is kept.</summary>
    public ArrayView3D<T, TStride> SubView(Index3D index, Index3D extent) => SubView(index.ToLongIndex(), extent.ToLongIndex());

    /// <inheritdoc cref="SubView(Index3D, Index3D)"/>
    public ArrayView3D<T, TStride> SubView(LongIndex3D index, LongIndex3D extent) =>
        new(BaseView.SubView(Stride.ComputeElementIndex(index), Stride.ComputeBufferLength(extent)), extent, Stride);

    /// <summary>A view of the single element at <paramref name="index"/>.</summary>
    public VariableView<T> VariableView(Index3D index) => new(BaseView.SubView(Stride.ComputeElementIndex(index), 1));

    /// <inheritdoc cref="VariableView(Index3D)"/>
    public VariableView<T> VariableView(LongIndex3D index) => new(BaseView.SubView(Stride.ComputeElementIndex(index), 1L));

    /// <summary>The linear memory below the view, elements between its rows included.</summary>
    public ArrayView<T> AsContiguous() => BaseView;

    public ArrayView3D<T, Stride3D.General> AsGeneral() => new(BaseView, Extent, Stride.AsGeneral());

    public override string ToString() => $"ArrayView3D<{typeof(T).Name}>[{Extent}]";
}
