namespace ILGPU;

/// <summary>The strides of 1-dimensional views.</summary>
public static class Stride1D
{
    /// <summary>Neighbours are adjacent.</summary>
    public readonly struct Dense : IStride1D
    {
        public int XStride => 1;

        public Index1D StrideExtent => new(XStride);

        public int ComputeElementIndex(Index1D index) => index.X;

        public long ComputeElementIndex(LongIndex1D index) => index.X;

        public long ComputeBufferLength(LongIndex1D extent) =>
            extent.Size == 0 ? 0 : ComputeElementIndex(extent - LongIndex1D.One) + 1;

        public Stride1D.General AsGeneral() => new(StrideExtent);
    }

    /// <summary>Neighbours are a number of elements apart that is known at run time only.</summary>
    public readonly struct General : IStride1D
    {
        public General(Index1D stride)
        {
            StrideExtent = stride;
        }

        public Index1D StrideExtent { get; }

        public int XStride => StrideExtent.X;

        public int ComputeElementIndex(Index1D index) => index.X * XStride;

        public long ComputeElementIndex(LongIndex1D index) => index.X * XStride;

        public long ComputeBufferLength(LongIndex1D extent) =>
            extent.Size == 0 ? 0 : ComputeElementIndex(extent - LongIndex1D.One) + 1;

        public Stride1D.General AsGeneral() => new(StrideExtent);
    }

    /// <summary>Every index maps to the same element.</summary>
    public readonly struct Infinite : IStride1D
    {
        public int XStride => 0;

        public Index1D StrideExtent => new(XStride);

        public int ComputeElementIndex(Index1D index) => 0;

        public long ComputeElementIndex(LongIndex1D index) => 0;

        public long ComputeBufferLength(LongIndex1D extent) =>
            extent.Size == 0 ? 0 : ComputeElementIndex(extent - LongIndex1D.One) + 1;

        public Stride1D.General AsGeneral() => new(StrideExtent);
    }
}
