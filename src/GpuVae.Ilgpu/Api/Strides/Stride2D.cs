namespace ILGPU;

/// <summary>The strides of 2-dimensional views.</summary>
public static class Stride2D
{
    /// <summary>Neighbours along X are adjacent; rows along X are <see cref="YStride"/> elements apart.</summary>
    public readonly struct DenseX : IStride2D
    {
        public DenseX(int yStride)
        {
            YStride = yStride;
        }

        public int XStride => 1;

        public int YStride { get; }

        public Index2D StrideExtent => new(XStride, YStride);

        public int ComputeElementIndex(Index2D index) => index.X + (index.Y * YStride);

        public long ComputeElementIndex(LongIndex2D index) => index.X + (index.Y * (long)YStride);

        public long ComputeBufferLength(LongIndex2D extent) =>
            extent.Size == 0 ? 0 : ComputeElementIndex(extent - LongIndex2D.One) + 1;

        public Stride2D.General AsGeneral() => new(StrideExtent);
    }

    /// <summary>Neighbours along Y are adjacent, as in a C# <c>T[x, y]</c>; rows are <see cref="XStride"/> elements apart.</summary>
    public readonly struct DenseY : IStride2D
    {
        public DenseY(int xStride)
        {
            XStride = xStride;
        }

        public int XStride { get; }

        public int YStride => 1;

        public Index2D StrideExtent => new(XStride, YStride);

        public int ComputeElementIndex(Index2D index) => (index.X * XStride) + index.Y;

        public long ComputeElementIndex(LongIndex2D index) => (index.X * (long)XStride) + index.Y;

        public long ComputeBufferLength(LongIndex2D extent) =>
            extent.Size == 0 ? 0 : ComputeElementIndex(extent - LongIndex2D.One) + 1;

        public Stride2D.General AsGeneral() => new(StrideExtent);
    }

    /// <summary>Any stride on both axes.</summary>
    public readonly struct General : IStride2D
    {
        public General(Index2D stride)
        {
            StrideExtent = stride;
        }

        public Index2D StrideExtent { get; }

        public int XStride => StrideExtent.X;

        public int YStride => StrideExtent.Y;

        public int ComputeElementIndex(Index2D index) => (index.X * XStride) + (index.Y * YStride);

        public long ComputeElementIndex(LongIndex2D index) => (index.X * (long)XStride) + (index.Y * (long)YStride);

        public long ComputeBufferLength(LongIndex2D extent) =>
            extent.Size == 0 ? 0 : ComputeElementIndex(extent - LongIndex2D.One) + 1;

        public Stride2D.General AsGeneral() => new(StrideExtent);
    }

    /// <summary>Every index maps to the same element.</summary>
    public readonly struct Infinite : IStride2D
    {
        public int XStride => 0;

        public int YStride => 0;

        public Index2D StrideExtent => new(XStride, YStride);

        public int ComputeElementIndex(Index2D index) => 0;

        public long ComputeElementIndex(LongIndex2D index) => 0;

        public long ComputeBufferLength(LongIndex2D extent) =>
            extent.Size == 0 ? 0 : ComputeElementIndex(extent - LongIndex2D.One) + 1;

        public Stride2D.General AsGeneral() => new(StrideExtent);
    }
}
