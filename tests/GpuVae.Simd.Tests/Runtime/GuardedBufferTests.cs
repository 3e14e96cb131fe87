using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Simd.Tests.Runtime;

/// <summary>What SimdOptions.GuardBuffers finds.</summary>
public sealed class GuardedBufferTests
{
    private readonly SimdAccelerator accelerator = TestAccelerators.Widest;

    [Theory]
    [InlineData(0, 100, null)]
    [InlineData(0, 103, "up to 12 bytes behind a buffer of 100 elements of 4 bytes")]
    [InlineData(-2, 100, "from 8 bytes before a buffer of 100 elements of 4 bytes")]
    public void WritesBeyondABufferAreReportedWhenItIsDisposed(int first, int end, string? report)
    {
        MemoryBuffer1D<float, Stride1D.Dense> buffer = accelerator.Allocate1D<float>(100);
        Action<Index1D, ArrayView<float>, int> kernel = accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, int>(
            static (i, view, start) => view[i + start] = i);
        kernel(end - first, buffer.View, first);
        if (report is null)
            buffer.Dispose();
        else
            Assert.Contains(report, Assert.Throws<SimdAcceleratorException>(buffer.Dispose).Message);
        Assert.True(buffer.IsDisposed);
    }

    [Fact]
    public void ReadsBeyondABufferGiveNaN()
    {
        using MemoryBuffer1D<float, Stride1D.Dense> source = accelerator.Allocate1D(new float[100]);
        using MemoryBuffer1D<float, Stride1D.Dense> target = accelerator.Allocate1D<float>(3);
        accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>>(
            static (i, from, to) => to[i] = from[99 * i.X - 98])(3, source.View, target.View);
        Assert.Equal([float.NaN, 0, float.NaN], target.GetAsArray1D());
    }
}
