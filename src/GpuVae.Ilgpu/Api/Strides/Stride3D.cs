namespace ILGPU;

/// <summary>The strides of 3-dimensional views.</summary>
public static class Stride3D
{
    /// <summary>Neighbours along X are adjacent, then rows along Y, then planes along Z.</summary>
    public readonly struct DenseXY : IStride3D
    {
        public DenseXY(int yStride, int zStride)
        {
            YStride = yStride;
            ZStride = zStride;
        }

        public int XStride => 1;

        public int YStride { get; }

        public int ZStride { get; }

        public Index3D StrideExtent => new(XStride, YStride, ZStride);

        public int ComputeElementIndex(Index3D index) => index.X + (index.Y * YStride) + (index.Z * ZStride);

        public long ComputeElementIndex(LongIndex3D index) => index.X + (index.Y * (long)YStride) + (index.Z * (long)ZStride);

        public long ComputeBufferLength(LongIndex3D extent) =>
            extent.Size == 0 ? 0 : ComputeElementIndex(extent - LongIndex3D.One) + 1;

        public Stride3D.General AsGeneral() => new(StrideExtent);
    }

    /// <summary>Neighbours along Z are adjacent, then rows along Y, then planes along X, as in a C# <c>T[x, y, z]</c>.</summary>
    public readonly struct DenseZY : IStride3D
    {
        public DenseZY(int xStride, int yStride)
        {
            XStride = xStride;
            YStride = yStride;
        }

        public int XStride { get; }

        public int YStride { get; }

        public int ZStride => 1;

        public Index3D StrideExtent => new(XStride, YStride, ZStride);

        public int ComputeElementIndex(Index3D index) => (index.X * XStride) + (index.Y * YStride) + index.Z;

        public long ComputeElementIndex(LongIndex3D index) => (index.X * (long)XStride) + (index.Y * (long)YStride) + index.Z;

        public long ComputeBufferLength(LongIndex3D extent) =>
            extent.Size == 0 ? 0 : ComputeElementIndex(extent - LongIndex3D.One) + 1;

        public Stride3D.General AsGeneral() => new(StrideExtent);
    }

    /// <summary>Any stride on all axes.</summary>
    public readonly struct General : IStride3D
    {
        public General(Index3D stride)
        {
            StrideExtent = stride;
        }

        public Index3D StrideExtent { get; }

        public int XStride => StrideExtent.X;

        public int YStride => StrideExtent.Y;

        public int ZStride => StrideExtent.Z;

        public int ComputeElementIndex(Index3D index) => (index.X * XStride) + (index.Y * YStride) + (index.Z * ZStride);

        public long ComputeElementIndex(LongIndex3D index) =>
            (index.X * (long)XStride) + (index.Y * (long)YStride) + (index.Z * (long)ZStride);

        public long ComputeBufferLength(LongIndex3D extent) =>
            extent.Size == 0 ? 0 : ComputeElementIndex(extent - LongIndex3D.One) + 1;

        public Stride3D.General AsGeneral() => new(StrideExtent);
    }

    /// <summary>Every index maps to the same element.</summary>
    public readonly struct Infinite : IStride3D
    {
        public int XStride => 0;

        public int YStride => 0;

        public int ZStride => 0;

        public Index3D StrideExtent => new(XStride, YStride, ZStride);

        public int ComputeElementIndex(Index3D index) => 0;

        public long ComputeElementIndex(LongIndex3D index) => 0;

        public long ComputeBufferLength(LongIndex3D extent) =>
            extent.Size == 0 ? 0 : ComputeElementIndex(extent - LongIndex3D.One) + 1;

        public Stride3D.General AsGeneral() => new(StrideExtent);
    }
}
