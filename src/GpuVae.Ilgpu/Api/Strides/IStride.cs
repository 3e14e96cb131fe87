namespace ILGPU;

/// <summary>Maps a multi-dimensional index to an element of linear memory: the sum of index·stride over the axes.</summary>
public interface IStride
{
}

/// <inheritdoc cref="IStride"/>
public interface IStride<TIndex, TLongIndex> : IStride
    where TIndex : struct, IIntIndex<TIndex, TLongIndex>
    where TLongIndex : struct, ILongIndex<TLongIndex, TIndex>
{
    /// <summary>The distance in elements between neighbours on each axis.</summary>
    TIndex StrideExtent { get; }

    int ComputeElementIndex(TIndex index);

    long ComputeElementIndex(TLongIndex index);

    /// <summary>Elements that a buffer of this extent needs: the index of its last element + 1, or 0 if the extent is empty.</summary>
    long ComputeBufferLength(TLongIndex extent);
}

public interface IStride1D : IStride<Index1D, LongIndex1D>
{
    int XStride { get; }

    Stride1D.General AsGeneral();
}

public interface IStride2D : IStride<Index2D, LongIndex2D>
{
    int XStride { get; }

    int YStride { get; }

    Stride2D.General AsGeneral();
}

public interface IStride3D : IStride<Index3D, LongIndex3D>
{
    int XStride { get; }

    int YStride { get; }

    int ZStride { get; }

    Stride3D.General AsGeneral();
}
