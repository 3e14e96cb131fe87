using GpuVae.Simd.Tests.Emit;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Simd.Tests.Runtime;

/// <summary>The threads that run groups, and what reaches the launching thread from them.</summary>
public sealed class WorkerTests
{
    private readonly SimdAccelerator accelerator = TestAccelerators.Widest;

    [Theory]
    [InlineData(1)]
    [InlineData(100_003)]
    public void ADivisionByZeroNamesTheKernelAndTheAcceleratorLivesOn(int length)
    {
        using MemoryBuffer1D<int, Stride1D.Dense> x = accelerator.Allocate1D<int>(length);
        using MemoryBuffer1D<int, Stride1D.Dense> y = accelerator.Allocate1D<int>(length);
        x.MemSetToZero();
        Action<Index1D, ArrayView<int>, ArrayView<int>> kernel =
            accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>, ArrayView<int>>(MechanismKernels.DivideByAll);
        SimdAcceleratorException exception = Assert.Throws<SimdAcceleratorException>(() => kernel(length, x.View, y.View));
        Assert.Contains(nameof(MechanismKernels.DivideByAll), exception.Message);
        Assert.IsType<DivideByZeroException>(exception.InnerException);
        x.MemSet(1);
        kernel(length, x.View, y.View);
        Assert.All(y.GetAsArray1D(), v => Assert.Equal(100 / 0x01010101, v));
    }

    [Fact]
    public void ABarrierThatPartOfTheGroupSkipsDoesNotHang()
    {
        using MemoryBuffer1D<int, Stride1D.Dense> x = accelerator.Allocate1D(Enumerable.Range(0, 64).Select(i => i % 3).ToArray());
        using MemoryBuffer1D<int, Stride1D.Dense> y = accelerator.Allocate1D<int>(64);
        y.MemSetToZero();
        accelerator.LoadStreamKernel<ArrayView<int>, ArrayView<int>>(MechanismKernels.BarrierInBranch)((1, 64), x.View, y.View);
        Assert.All(y.GetAsArray1D(), value => Assert.Equal(1, value));
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(2, true)]
    [InlineData(5, true)]
    public void WorkersCanBeLimitedAndPinned(int workers, bool pinned)
    {
        using SimdAccelerator other = TestAccelerators.Context.CreateSimdAccelerator(new() { Workers = workers, PinWorkers = pinned });
        Assert.Equal(workers, other.NumMultiprocessors);
        using MemoryBuffer1D<int, Stride1D.Dense> x = other.Allocate1D(new int[100_003]);
        using MemoryBuffer1D<int, Stride1D.Dense> y = other.Allocate1D<int>(100_003);
        x.MemSet(1);
        other.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>, ArrayView<int>>(MechanismKernels.DivideByAll)(100_003, x.View, y.View);
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
    public void LaunchesAllocateNothingOnTheManagedHeap()
    {
        using MemoryBuffer1D<float, Stride1D.Dense> x = accelerator.Allocate1D<float>(50_000);
        using MemoryBuffer1D<float, Stride1D.Dense> y = accelerator.Allocate1D<float>(50_000);
        Action<Index1D, ArrayView<float>, ArrayView<float>, float> kernel =
            accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>, float>(MechanismKernels.Axpy);
        kernel(50_000, x.View, y.View, 2);
        Assert.Equal(0, Allocations.Of(() =>
        {
            for (int i = 0; i < 100; i++)
                kernel(50_000, x.View, y.View, 2);
        }));
    }

    [Fact]
    public async Task LaunchesFromSeveralThreadsTakeTurns()
    {
        using MemoryBuffer1D<float, Stride1D.Dense> y = accelerator.Allocate1D(new float[30_000]);
        using MemoryBuffer1D<float, Stride1D.Dense> x = accelerator.Allocate1D(Enumerable.Repeat(1f, 30_000).ToArray());
        Action<Index1D, ArrayView<float>, ArrayView<float>, float> kernel =
            accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>, float>(MechanismKernels.Axpy);
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
            return File.ReadAllText(Path.Combine(task, "comm")).StartsWith("SIMD worker", StringComparison.Ordinal)
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
