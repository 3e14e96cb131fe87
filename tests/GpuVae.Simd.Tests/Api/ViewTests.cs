using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Ilgpu.Tests.Api;

public sealed class ViewTests(EmulatedCpu cpu) : IClassFixture<EmulatedCpu>
{
    private readonly Accelerator accelerator = cpu.Accelerator;

    [Fact]
    public void StridesGiveTheSumOfIndexTimesStride()
    {
        Assert.Equal(2 + (3 * 10), new Stride2D.DenseX(10).ComputeElementIndex(new Index2D(2, 3)));
        Assert.Equal((2 * 10) + 3, new Stride2D.DenseY(10).ComputeElementIndex(new Index2D(2, 3)));
        Assert.Equal((2 * 5) + (3 * 7), new Stride2D.General(new Index2D(5, 7)).ComputeElementIndex(new Index2D(2, 3)));
        Assert.Equal(1 + (2 * 4) + (3 * 20), new Stride3D.DenseXY(4, 20).ComputeElementIndex(new Index3D(1, 2, 3)));
        Assert.Equal((1 * 20) + (2 * 4) + 3, new Stride3D.DenseZY(20, 4).ComputeElementIndex(new Index3D(1, 2, 3)));
        Assert.Equal(0, default(Stride2D.Infinite).ComputeElementIndex(new Index2D(9, 9)));
        Assert.Equal(3L << 32, new Stride2D.DenseX(1 << 30).ComputeElementIndex(new LongIndex2D(0, 12)));
    }

    [Fact]
    public void BufferLengthIsTheLastIndexPlusOneAndZeroForEmptyExtents()
    {
        Assert.Equal((4 * 10) + 7 + 1, new Stride2D.DenseX(10).ComputeBufferLength(new LongIndex2D(8, 5)));
        Assert.Equal(0, new Stride2D.DenseX(10).ComputeBufferLength(new LongIndex2D(8, 0)));
        Assert.Equal(13, new Stride1D.General(3).ComputeBufferLength(new LongIndex1D(5)));
    }

    [Fact]
    public void SubViewsAndCastsShareTheMemory()
    {
        using var buffer = accelerator.Allocate1D(new int[] { 0, 1, 2, 3, 4, 5, 6, 7 });
        ArrayView<int> view = buffer.View;
        Assert.Equal([3, 4], view.SubView(3, 2).GetAsArray());
        Assert.Equal([6, 7], view.SubView(6L).GetAsArray());
        var wide = view.SubView(1, 5).Cast<long>();
        Assert.Equal(2, wide.Length);
        Assert.Equal([1L | (2L << 32), 3L | (4L << 32)], wide.GetAsArray());
        Assert.Equal(32, view.Cast<byte>().Length);
        Assert.Equal(5, view.SubView(5, 1).VariableView(0).BaseView.GetAsArray()[0]);
        Assert.Equal(4, ArrayView<int>.ElementSize);
        Assert.Same(accelerator, view.GetAccelerator());
        Assert.False(ArrayView<int>.Empty.IsValid);
        Assert.True(ArrayView<int>.Empty.HasNoData());
    }

    [Fact]
    public void TransposedViewsExchangeTheAxes()
    {
        int[,] data = { { 1, 2, 3 }, { 4, 5, 6 } };
        using var buffer = accelerator.Allocate2DDenseY(data);
        var transposed = buffer.View.AsTransposed();
        Assert.Equal(new LongIndex2D(3, 2), transposed.Extent);
        Assert.Equal(new int[,] { { 1, 4 }, { 2, 5 }, { 3, 6 } }, transposed.GetAsArray2D());
        Assert.Equal(data, transposed.AsTransposed().GetAsArray2D());
    }

    [Fact]
    public void BoxesOfAMultidimensionalViewKeepItsStride()
    {
        int[,] data = new int[6, 7];
        for (int i = 0; i < data.Length; i++)
            data[i / 7, i % 7] = i;
        using var x = accelerator.Allocate2DDenseX(data);
        using var y = accelerator.Allocate2DDenseY(data);
        int[,] expected = { { 16, 17 }, { 23, 24 }, { 30, 31 } };
        Assert.Equal(expected, x.View.SubView(new Index2D(2, 2), new Index2D(3, 2)).GetAsArray2D());
        Assert.Equal(expected, y.View.SubView(new Index2D(2, 2), new Index2D(3, 2)).GetAsArray2D());
    }

    [Fact]
    public void WritingABoxLeavesItsSurroundingsAlone()
    {
        using var buffer = accelerator.Allocate2DDenseX<int>(new LongIndex2D(4, 4));
        buffer.MemSetToZero();
        buffer.View.SubView(new Index2D(1, 1), new Index2D(2, 2)).CopyFromCPU(new int[,] { { 1, 2 }, { 3, 4 } });
        Assert.Equal(new int[,] { { 0, 0, 0, 0 }, { 0, 1, 2, 0 }, { 0, 3, 4, 0 }, { 0, 0, 0, 0 } }, buffer.GetAsArray2D());
    }

    [Theory]
    [InlineData(16)]
    [InlineData(64)]
    [InlineData(512)]
    public unsafe void AlignToSplitsAtTheFirstAlignedElement(int alignment)
    {
        using var buffer = accelerator.Allocate1D<float>(1000);
        var (prefix, main) = buffer.View.BaseView.SubView(1, 999).AlignTo(alignment);
        Assert.Equal(999, prefix.Length + main.Length);
        Assert.Equal(0, main.LoadEffectiveAddressAsPtr() % alignment);
        Assert.True(prefix.LengthInBytes < alignment);
    }

    [Fact]
    public void AViewShorterThanTheAlignmentIsAllPrefix()
    {
        using var buffer = accelerator.Allocate1D<float>(8);
        var (prefix, main) = buffer.View.BaseView.SubView(1, 2).AlignTo64();
        Assert.Equal(2, prefix.Length);
        Assert.Equal(0, main.Length);
    }

    [Fact]
    public void PitchedRowsStartAtMultiplesOfTheAlignment()
    {
        using var x = accelerator.Allocate2DPitchedX<float>(new LongIndex2D(10, 5), 128);
        using var y = accelerator.Allocate2DPitchedY<float>(new LongIndex2D(10, 5), 128);
        Assert.Equal(32, x.View.Stride.YStride);
        Assert.Equal(32, y.View.Stride.XStride);
        var data = new float[10, 5];
        for (int i = 0; i < 50; i++)
            data[i / 5, i % 5] = i;
        x.CopyFromCPU(data);
        y.CopyFromCPU(data);
        Assert.Equal(data, x.GetAsArray2D());
        Assert.Equal(data, y.GetAsArray2D());
        Assert.Throws<ArgumentException>(() => accelerator.Allocate2DPitchedX<float>(new LongIndex2D(10, 5), 24));
        Assert.Throws<ArgumentException>(() => accelerator.Allocate2DPitchedX<double>(new LongIndex2D(10, 5), 4));
    }

    [Fact]
    public void ThreeDimensionalLayouts()
    {
        var data = new int[2, 3, 4];
        for (int i = 0; i < 24; i++)
            data[i / 12, i / 4 % 3, i % 4] = i;
        using var zy = accelerator.Allocate3DDenseZY(data);
        using var xy = accelerator.Allocate3DDenseXY(data);
        using var pitchedZy = accelerator.Allocate3DPitchedZY<int>(new LongIndex3D(2, 3, 4), 64);
        using var pitchedXy = accelerator.Allocate3DPitchedXY<int>(new LongIndex3D(2, 3, 4), 64);
        pitchedZy.CopyFromCPU(data);
        pitchedXy.CopyFromCPU(data);
        Assert.Equal(Enumerable.Range(0, 24), zy.GetAsArray());
        Assert.Equal([0, 12, 4, 16, 8, 20, 1, 13], xy.GetAsArray()[..8]);
        Assert.Equal(data, zy.GetAsArray3D());
        Assert.Equal(data, xy.GetAsArray3D());
        Assert.Equal(data, pitchedZy.GetAsArray3D());
        Assert.Equal(data, pitchedXy.GetAsArray3D());
        Assert.Equal(data[1, 2, 3], zy.View.AsTransposed().GetAsArray3D()[3, 2, 1]);
    }
}
