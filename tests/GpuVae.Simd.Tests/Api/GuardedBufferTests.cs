using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Ilgpu.Tests.Api;

/// <summary>All tests run with guarded buffers: see the switch in the project file.</summary>
public sealed class GuardedBufferTests(CompiledCpu cpu) : IClassFixture<CompiledCpu>
{
    [Theory]
    [InlineData(0, 100, null)]
    [InlineData(0, 103, "up to 12 bytes behind a buffer of 100 elements of 4 bytes")]
    [InlineData(-2, 100, "from 8 bytes before a buffer of 100 elements of 4 bytes")]
    public void WritesBeyondABufferAreReportedWhenItIsDisposed(int first, int end, string? report)
    {
        var buffer = cpu.Accelerator.Allocate1D<float>(100);
        var kernel = cpu.Accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, int>(static (i, view, start) => view[i + start] = i);
        kernel(end - first, buffer.View, first);
        if (report is null)
            buffer.Dispose();
        else
            Assert.Contains(report, Assert.Throws<AcceleratorException>(buffer.Dispose).Message);
        Assert.True(buffer.IsDisposed);
    }

    [Fact]
    public void ReadsBeyondABufferGiveNaN()
    {
        using var source = cpu.Accelerator.Allocate1D(new float[100]);
        using var target = cpu.Accelerator.Allocate1D<float>(3);
        cpu.Accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>>(
            static (i, from, to) => to[i] = from[99 * i.X - 98])(3, source.View, target.View);
        Assert.Equal([float.NaN, 0, float.NaN], target.GetAsArray1D());
    }
}
