using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Simd.Tests.Runtime;

public sealed class CompileAheadTests
{
    private const int Length = 1000;

    [Theory]
    [MemberData(nameof(TestAccelerators.All), MemberType = typeof(TestAccelerators))]
    public void NothingRunsWhileLaunchesAreCompiledAheadAndEverythingAfterwards(string name)
    {
        SimdAccelerator accelerator = TestAccelerators.Open(name);
        int[] numbers = [.. Enumerable.Range(0, Length)];
        using MemoryBuffer1D<int, Stride1D.Dense> source = accelerator.Allocate1D(numbers), target = accelerator.Allocate1D<int>(Length);
        target.MemSetToZero();
        int called = 0;

        void Launch()
        {
            Interlocked.Increment(ref called);
            accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>, ArrayView<int>>(Twice)(Length, source.View, target.View);
        }

        SimdAccelerator.CompileAhead(
        [
            Launch,
            Launch,
            () => target.View.CopyFrom(source.View),
            () => target.CopyFromCPU(numbers),
            source.MemSetToZero,
        ]);
        Assert.Equal(2, called);
        Assert.Equal(new int[Length], target.GetAsArray1D());
        Assert.Equal(numbers, source.GetAsArray1D());

        Launch();
        Assert.Equal(numbers.Select(number => 2 * number), target.GetAsArray1D());
        source.MemSetToZero();
        Assert.Equal(new int[Length], source.GetAsArray1D());
    }

    [Fact]
    public void WhatFailsAheadFailsAgainWhereItCounts()
    {
        SimdAccelerator accelerator = TestAccelerators.Widest;
        void Launch() => accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>>(Refused)(Length, default);
        SimdAccelerator.CompileAhead([Launch, () => throw new InvalidOperationException("of the program")]);
        Assert.Throws<InternalCompilerException>(Launch);
    }

    [Fact]
    public void TheLaunchAfterwardsCompilesNoMore()
    {
        SimdAccelerator accelerator = TestAccelerators.Widest;
        using MemoryBuffer1D<int, Stride1D.Dense> buffer = accelerator.Allocate1D<int>(Length);
        void Launch() => accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>>(Thrice)(Length, buffer.View);
        SimdAccelerator.CompileAhead([Launch]);
        // Of this thread, on which kernels are compiled: other tests run beside this one.
        long before = GC.GetAllocatedBytesForCurrentThread();
        Launch();
        // The compiler leaves several hundred kilobytes behind for the smallest of kernels, a launcher two or three.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 50_000);
    }

    private static void Twice(Index1D index, ArrayView<int> source, ArrayView<int> target) => target[index] = 2 * source[index];

    private static void Thrice(Index1D index, ArrayView<int> target) => target[index] *= 3;

    private static void Refused(Index1D index, ArrayView<int> target) => target[index] = new object().GetHashCode();
}
