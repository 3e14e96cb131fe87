using GpuVae.Ilgpu.Compiler;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace GpuVae.Ilgpu.Tests.Simd;

public sealed class SimdLaunchTests : IDisposable
{
    private readonly Context context = Context.Create(builder => builder.CPU());
    private readonly CPUAccelerator accelerator;

    public SimdLaunchTests() => accelerator = context.CreateCPUAccelerator(0, CPUAcceleratorMode.Auto);

    public void Dispose() => context.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(100_003)]
    public void A_division_by_zero_names_the_kernel_and_the_accelerator_lives_on(int length)
    {
        using var x = accelerator.Allocate1D<int>(length);
        using var y = accelerator.Allocate1D<int>(length);
        x.MemSetToZero();
        var kernel = accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>, ArrayView<int>>(SimdKernels.DivideByAll);
        var exception = Assert.Throws<AcceleratorException>(() => kernel(length, x.View, y.View));
        Assert.Contains(nameof(SimdKernels.DivideByAll), exception.Message);
        Assert.IsType<DivideByZeroException>(exception.InnerException);
        x.MemSet(1);
        kernel(length, x.View, y.View);
        Assert.All(y.GetAsArray1D(), v => Assert.Equal(100 / 0x01010101, v));
    }

    [Fact]
    public void A_barrier_that_part_of_the_group_skips_is_refused()
    {
        using var x = accelerator.Allocate1D(new int[64]);
        var kernel = accelerator.LoadStreamKernel<ArrayView<int>, ArrayView<int>>(SimdKernels.BarrierInBranch);
        var exception = Assert.ThrowsAny<Exception>(() => kernel((1, 64), x.View, x.View));
        Assert.Contains("barrier", (exception.InnerException ?? exception).Message);
        Assert.True(exception is KernelCompilationException || exception.InnerException is KernelCompilationException);
    }

    [Fact]
    public void Launches_allocate_nothing_on_the_managed_heap()
    {
        using var x = accelerator.Allocate1D<float>(50_000);
        using var y = accelerator.Allocate1D<float>(50_000);
        var kernel = accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>, float>(SimdKernels.Axpy);
        kernel(50_000, x.View, y.View, 2);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            kernel(50_000, x.View, y.View, 2);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public async Task Launches_from_several_threads_take_turns()
    {
        using var y = accelerator.Allocate1D(new float[30_000]);
        using var x = accelerator.Allocate1D(Enumerable.Repeat(1f, 30_000).ToArray());
        var kernel = accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>, float>(SimdKernels.Axpy);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (int i = 0; i < 50; i++)
                kernel(30_000, x.View, y.View, 1);
        })));
        Assert.All(y.GetAsArray1D(), v => Assert.Equal(200f, v));
    }
}
