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

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(2, true)]
    [InlineData(5, true)]
    public void Workers_can_be_limited_and_pinned(int workers, bool pinned)
    {
        var device = CPUDevice.Default.WithWorkers(workers, pinned);
        Assert.Equal((workers, pinned, CPUDevice.Default.WarpSize), (device.NumMultiprocessors, device.PinsWorkers, device.WarpSize));
        using var other = device.CreateAccelerator(context, CPUAcceleratorMode.Auto);
        using var x = other.Allocate1D(new int[100_003]);
        using var y = other.Allocate1D<int>(100_003);
        x.MemSet(1);
        other.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>, ArrayView<int>>(SimdKernels.DivideByAll)(100_003, x.View, y.View);
        Assert.All(y.GetAsArray1D(), v => Assert.Equal(100 / 0x01010101, v));
        if (OperatingSystem.IsLinux() && Environment.ProcessorCount > 1)
        {
            // A worker pins itself when it starts, and a joined one's system thread is listed a little longer: the number settles.
            int expected = pinned ? workers - 1 : 0;
            SpinWait.SpinUntil(() => PinnedWorkers() == expected, TimeSpan.FromSeconds(60));
            Assert.Equal(expected, PinnedWorkers());
        }
    }

    [Fact]
    public void The_environment_limits_and_pins_the_workers_of_the_default_device()
    {
        Assert.Equal(Environment.ProcessorCount, CPUDevice.Configured(null, "").NumMultiprocessors);
        var device = CPUDevice.Configured("3", "1");
        Assert.Equal((3, true), (device.NumMultiprocessors, device.PinsWorkers));
        Assert.Contains("'0'", Assert.Throws<InvalidOperationException>(() => CPUDevice.Configured("0", null)).Message);
        Assert.Contains("'yes'", Assert.Throws<InvalidOperationException>(() => CPUDevice.Configured(null, "yes")).Message);
    }

    [Fact]
    public void Launches_allocate_nothing_on_the_managed_heap()
    {
        using var x = accelerator.Allocate1D<float>(50_000);
        using var y = accelerator.Allocate1D<float>(50_000);
        var kernel = accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>, float>(SimdKernels.Axpy);
        kernel(50_000, x.View, y.View, 2);
        Assert.Equal(0, Allocations.Of(() =>
        {
            for (int i = 0; i < 100; i++)
                kernel(50_000, x.View, y.View, 2);
        }));
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

    /// <summary>Workers that may run on one processor only; no other test pins any.</summary>
    private static int PinnedWorkers() => !OperatingSystem.IsLinux() ? 0 : Directory.GetDirectories("/proc/self/task").Count(task =>
    {
        try
        {
            return File.ReadAllText(Path.Combine(task, "comm")).StartsWith("kernel worker", StringComparison.Ordinal)
                && File.ReadLines(Path.Combine(task, "status")).Any(line =>
                    line.StartsWith("Cpus_allowed_list:", StringComparison.Ordinal) && line.Split(':')[1].Trim().All(char.IsAsciiDigit));
        }
        catch (IOException)
        {
            // The thread has ended meanwhile.
            return false;
        }
    });
}
