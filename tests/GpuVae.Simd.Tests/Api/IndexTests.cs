using ILGPU;

namespace GpuVae.Ilgpu.Tests.Api;

public sealed class IndexTests
{
    [Fact]
    public void OperatorsActOnEachComponent()
    {
        var a = new Index3D(7, -8, 9);
        var b = new Index3D(2, 4, 3);
        Assert.Equal(new Index3D(9, -4, 12), a + b);
        Assert.Equal(new Index3D(5, -12, 6), a - b);
        Assert.Equal(new Index3D(14, -32, 27), a * b);
        Assert.Equal(new Index3D(3, -2, 3), a / b);
        Assert.Equal(new Index3D(2, -8, 3), Index3D.Min(a, b));
        Assert.Equal(new Index3D(7, 4, 9), Index3D.Max(a, b));
        Assert.Equal(new Index3D(7, 0, 8), Index3D.Clamp(a, Index3D.Zero, new Index3D(8)));
        Assert.True(a != b);
    }

    [Fact]
    public void SizeIsTheProductAndLongSizeDoesNotWrapAround()
    {
        Assert.Equal(24, new Index3D(2, 3, 4).Size);
        Assert.Equal(1L << 40, new Index2D(1 << 20, 1 << 20).LongSize);
        Assert.Equal(1L << 40, ((IIndex)new Index2D(1 << 20, 1 << 20)).Size);
        Assert.Equal(1L << 40, new LongIndex2D(1 << 20, 1 << 20).Size);
    }

    [Theory]
    [InlineData(0, 0, true, true)]
    [InlineData(3, 4, false, true)]
    [InlineData(2, 3, true, true)]
    [InlineData(-1, 0, false, false)]
    [InlineData(0, 5, false, false)]
    public void InBoundsExcludesTheDimensionAndInclusiveIncludesIt(int x, int y, bool inBounds, bool inclusive)
    {
        var dimension = new Index2D(3, 4);
        Assert.Equal(inBounds, new Index2D(x, y).InBounds(dimension));
        Assert.Equal(inclusive, new Index2D(x, y).InBoundsInclusive(dimension));
    }

    [Fact]
    public void Conversions()
    {
        Index1D one = 5;
        int back = one;
        LongIndex1D wide = one;
        long wideBack = wide;
        Index2D two = (1, 2);
        Index3D three = (1, 2, 3);
        LongIndex3D threeWide = three;
        (int X, int Y) tuple = two;
        var (x, y, z) = three;
        Assert.Equal(5, back);
        Assert.Equal(5L, wideBack);
        Assert.Equal((1, 2), tuple);
        Assert.Equal((1, 2, 3), (x, y, z));
        Assert.Equal(three, (Index3D)threeWide);
        Assert.Equal(three, new Index3D(new Index2D(1, 2), 3));
        Assert.Equal(three, new Index3D(1, new Index2D(2, 3)));
        Assert.Equal(new Index2D(1, 2), three.XY);
        Assert.Equal(new Index2D(2, 3), three.YZ);
        Assert.Equal(7u, (uint)new Index1D(7));
        Assert.Equal(Index3D.Invalid, new Index3D(-1, -1, -1));
        Assert.True(Index2D.Zero.IsFirst);
        Assert.False(Index2D.One.IsFirst);
    }
}
