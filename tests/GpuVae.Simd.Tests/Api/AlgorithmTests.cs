using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Algorithms.ScanReduceOperations;
using ILGPU.Algorithms.Sequencers;
using ILGPU.Algorithms.Transformers;
using ILGPU.Runtime;

namespace GpuVae.Ilgpu.Tests.Api;

public sealed class AlgorithmTests(EmulatedCpu cpu) : IClassFixture<EmulatedCpu>
{
    private readonly Accelerator accelerator = cpu.Accelerator;

    [Theory]
    [InlineData(1)]
    [InlineData(255)]
    [InlineData(5000)]
    public void SequencesTransformsAndReductions(int length)
    {
        using var source = accelerator.Allocate1D<int>(length);
        using var target = accelerator.Allocate1D<long>(length);
        accelerator.Initialize(source.View.BaseView, -7);
        Assert.All(source.GetAsArray1D(), value => Assert.Equal(-7, value));
        accelerator.CreateInitializer<int>()(accelerator.DefaultStream, source.View, 5);
        Assert.All(source.GetAsArray1D(), value => Assert.Equal(5, value));
        accelerator.Sequence(accelerator.DefaultStream, source.View.BaseView, default(Odd));
        accelerator.Transform(accelerator.DefaultStream, source.View.BaseView, target.View.BaseView, default(Square));
        Assert.Equal(Enumerable.Range(0, length).Select(i => (long)((2 * i) + 1) * ((2 * i) + 1)), target.GetAsArray1D());
        Assert.Equal((long)length * length, accelerator.Reduce<int, AddInt32>(accelerator.DefaultStream, source.View));
        Assert.Equal((2 * length) - 1, accelerator.Reduce<int, MaxInt32>(accelerator.DefaultStream, source.View));
    }

    [Fact]
    public void GridStrideLoopsVisitEachElementOnce()
    {
        using var buffer = accelerator.Allocate1D<int>(10_000);
        buffer.MemSetToZero();
        accelerator.LaunchGridStride(buffer.View.Extent, new Count(buffer.View));
        accelerator.LoadGridStrideKernel<Count>()(accelerator.DefaultStream, buffer.View.Extent, new(buffer.View));
        Assert.All(buffer.GetAsArray1D(), value => Assert.Equal(2, value));
        var (grid, group) = accelerator.ComputeGridStrideLoopExtent(buffer.View.Extent, out int iterations);
        Assert.True((long)grid.X * group.X * iterations >= 10_000);
        Assert.Throws<ArgumentOutOfRangeException>(() => accelerator.ComputeGridStrideLoopExtent(0));
    }

    [Fact]
    public void NothingToDoIsNoErrorButNothingToReduceIs()
    {
        accelerator.Initialize(ArrayView<int>.Empty, 1);
        Assert.Throws<ArgumentException>(() => accelerator.Reduce<int, AddInt32>(accelerator.DefaultStream, ArrayView<int>.Empty));
    }

    private readonly struct Odd : ISequencer<int>
    {
        public int ComputeSequenceElement(LongIndex1D sequenceIndex) => (2 * (int)sequenceIndex.X) + 1;
    }

    private readonly struct Square : ITransformer<int, long>
    {
        public long Transform(int value) => (long)value * value;
    }

    private readonly struct Count(ArrayView<int> counts) : IGridStrideKernelBody
    {
        public void Execute(LongIndex1D linearIndex) => Atomic.Add(ref counts[linearIndex], 1);

        public void Finish()
        {
        }
    }
}
