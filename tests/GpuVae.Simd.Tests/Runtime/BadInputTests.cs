using System.Text.RegularExpressions;
using ILGPU;
using ILGPU.Runtime;
using Group = ILGPU.Group;

namespace GpuVae.Simd.Tests.Runtime;

/// <summary>What cannot be done ends in an exception that says why, never in the end of the process.</summary>
public sealed class BadInputTests
{
    private readonly SimdAccelerator accelerator = TestAccelerators.Widest;

    [Fact]
    public void ShapesBeyondTheDeviceAreRefusedBeforeTheLaunch()
    {
        using MemoryBuffer1D<int, Stride1D.Dense> buffer = accelerator.Allocate1D<int>(10);
        Action<Index1D, ArrayView<int>> extent = accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>>(Fill);
        Action<KernelConfig, ArrayView<int>> grouped = accelerator.LoadStreamKernel<ArrayView<int>>(Store);
        Assert.Contains("at least 1", Assert.Throws<ArgumentOutOfRangeException>(() => extent(-1, buffer.View)).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => grouped(new(new Index3D(1, -1, 1), new Index3D(1)), buffer.View));
        ArgumentOutOfRangeException tooLarge = Assert.Throws<ArgumentOutOfRangeException>(() => grouped((1, 1025), buffer.View));
        Assert.Contains("1024", tooLarge.Message);
        Assert.Contains("BadInputTests.Store", tooLarge.Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => grouped(new(new Index3D(1), new Index3D(64, 64, 1)), buffer.View));
        var shared = SharedMemoryConfig.RequestDynamic<byte>(accelerator.MaxSharedMemoryPerGroup + 1);
        Assert.Contains(
            "bytes of shared memory", Assert.Throws<ArgumentOutOfRangeException>(() => grouped((1, 1, shared), buffer.View)).Message);
        Assert.ThrowsAny<Exception>(() => accelerator.LoadImplicitlyGroupedStreamKernel<Index1D, ArrayView<int>>(Fill, 2048));
        grouped((1, 1), buffer.View);
        Assert.Equal(1, buffer.GetAsArray1D()[0]);
    }

    [Fact]
    public void StaticAndDynamicSharedMemoryTogetherHaveToFit()
    {
        using MemoryBuffer1D<int, Stride1D.Dense> buffer = accelerator.Allocate1D<int>(1);
        Action<KernelConfig, ArrayView<int>> kernel = accelerator.LoadStreamKernel<ArrayView<int>>(UsesBoth);
        int rest = accelerator.MaxSharedMemoryPerGroup - 4 * 1024;
        kernel((1, 1, SharedMemoryConfig.RequestDynamic<byte>(rest)), buffer.View);
        Assert.Throws<ArgumentOutOfRangeException>(
            () => kernel((1, 1, SharedMemoryConfig.RequestDynamic<byte>(rest + 1)), buffer.View));
        InternalCompilerException exception =
            Assert.Throws<InternalCompilerException>(() => accelerator.LoadStreamKernel<ArrayView<int>>(UsesTooMuch));
        Assert.Contains("bytes of static shared memory", exception.Message);
    }

    [Fact]
    public void ViewsOfOtherAcceleratorsAreRefused()
    {
        using SimdAccelerator other = TestAccelerators.Context.CreateSimdAccelerator(new() { Workers = 1 });
        using MemoryBuffer1D<int, Stride1D.Dense> buffer = other.Allocate1D<int>(4);
        Action<AcceleratorStream, KernelConfig, ArrayView<int>> kernel = accelerator.LoadKernel<ArrayView<int>>(Store);
        ArgumentException exception = Assert.Throws<ArgumentException>(() => kernel(accelerator.DefaultStream, (1, 1), buffer.View));
        Assert.Contains("EnablePeerAccess", exception.Message);
        using AcceleratorStream stream = other.CreateStream();
        using MemoryBuffer1D<int, Stride1D.Dense> own = accelerator.Allocate1D<int>(4);
        Assert.Throws<ArgumentException>(() => kernel(stream, (1, 1), own.View));
    }

    [Fact]
    public void DisposedThingsSaySo()
    {
        var context = Context.Create(_ => { });
        SimdAccelerator other = context.CreateSimdAccelerator();
        Action<AcceleratorStream, KernelConfig, ArrayView<int>> kernel = other.LoadKernel<ArrayView<int>>(Store);
        AcceleratorStream stream = other.CreateStream();
        MemoryBuffer1D<int, Stride1D.Dense> buffer = other.Allocate1D<int>(4);
        ArrayView<int> view = buffer.View;
        Assert.Throws<ArgumentException>(() => kernel(accelerator.DefaultStream, (1, 1), view));
        Assert.Throws<ArgumentNullException>(() => kernel(null!, (1, 1), view));
        buffer.Dispose();
        buffer.Dispose();
        Assert.Throws<ObjectDisposedException>(() => kernel(stream, (1, 1), view));
        Assert.Throws<ObjectDisposedException>(() => view.CopyToCPU(new int[4]));
        Assert.Throws<ObjectDisposedException>(() => view.CopyFromCPU(new int[4]));
        Assert.Throws<ObjectDisposedException>(() => view.MemSetToZero());
        using MemoryBuffer1D<int, Stride1D.Dense> living = other.Allocate1D<int>(4);
        Assert.Throws<ObjectDisposedException>(() => living.View.BaseView.CopyTo(view));
        Assert.Throws<ObjectDisposedException>(() => living.View.BaseView.CopyFrom(view));
        stream.Dispose();
        Assert.Throws<ObjectDisposedException>(() => kernel(stream, (1, 1), living.View));
        Assert.Throws<ObjectDisposedException>(() => living.MemSetToZero(stream));
        Assert.Throws<ObjectDisposedException>(stream.Synchronize);
        MemoryBuffer1D<int, Stride1D.Dense> child = other.Allocate1D<int>(4);
        AcceleratorStream defaultStream = other.DefaultStream;
        other.Dispose();
        other.Dispose();
        Assert.True(child.IsDisposed);
        Assert.True(defaultStream.IsDisposed);
        Assert.Throws<ObjectDisposedException>(() => other.Allocate1D<int>(1));
        Assert.Throws<ObjectDisposedException>(() => other.LoadKernel<ArrayView<int>>(UsesBoth));
        Assert.Throws<ObjectDisposedException>(() => other.CreateStream());
        Assert.Throws<ObjectDisposedException>(() => kernel(defaultStream, (1, 1), default));
        context.Dispose();
    }

    [Theory]
    [InlineData("buffer stream kernel accelerator context")]
    [InlineData("accelerator buffer kernel stream context")]
    [InlineData("context accelerator stream kernel buffer")]
    [InlineData("kernel context buffer accelerator stream")]
    [InlineData("stream accelerator context kernel buffer")]
    public void DisposalInAnyOrder(string order)
    {
        var context = Context.Create(builder => builder.Simd());
        Device device = context.Devices[0];
        Accelerator other = device.CreateAccelerator(context);
        AcceleratorStream stream = other.CreateStream();
        MemoryBuffer1D<int, Stride1D.Dense> buffer = other.Allocate1D([1, 2, 3]);
        Action<AcceleratorStream, Index1D, ArrayView<int>> launcher = other.LoadAutoGroupedKernel<Index1D, ArrayView<int>>(Fill);
        launcher(stream, 3, buffer.View);
        var things = new Dictionary<string, IDisposable>
        {
            ["buffer"] = buffer,
            ["stream"] = stream,
            ["kernel"] = launcher.GetKernel(),
            ["accelerator"] = other,
            ["context"] = context,
        };
        foreach (string thing in order.Split(' '))
            things[thing].Dispose();
        foreach (IDisposable thing in things.Values)
            thing.Dispose();
        Assert.True(buffer.IsDisposed);
    }

    [Fact]
    public void GarbageOfForgottenThingsIsCollectedQuietly()
    {
        for (int i = 0; i < 3; i++)
        {
            Forget();
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        static void Forget()
        {
            var context = Context.Create(_ => { });
            SimdAccelerator other = context.CreateSimdAccelerator(new() { Workers = 2 });
            MemoryBuffer1D<int, Stride1D.Dense> buffer = other.Allocate1D<int>(100_000);
            other.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>>(Fill)(100_000, buffer.View);
            other.CreateStream();
        }
    }

    [Fact]
    public void OutOfMemorySaysWhatWasAskedAndIsFree()
    {
        long bytes = 8L << 44;
        SimdAcceleratorException exception = Assert.Throws<SimdAcceleratorException>(() => accelerator.Allocate1D<double>(bytes / 8));
        // Groups of digits are separated as the culture has it.
        Assert.Matches($@"{Regex.Escape($"{bytes:N0}")} bytes were asked for, about [^a-z]*\d of [^a-z]*\d are free", exception.Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => accelerator.Allocate1D<double>(long.MaxValue));
        Assert.Throws<ArgumentOutOfRangeException>(() => accelerator.Allocate1D<double>(-1));
        using MemoryBuffer1D<float, Stride1D.Dense> buffer = accelerator.Allocate1D([4f]);
        Assert.Equal(4f, buffer.GetAsArray1D()[0]);
    }

    [Fact]
    public void WhatIsNoKernelIsRefusedAtLoadTime()
    {
        int captured = 5;
        Assert.Throws<NotSupportedException>(() => accelerator.LoadStreamKernel<ArrayView<int>>(view => view[0] = captured));
        InternalCompilerException exception =
            Assert.Throws<InternalCompilerException>(() => accelerator.LoadStreamKernel<ArrayView<int>>(Throws));
        Assert.Contains("BadInputTests.Throws", exception.Message);
        Assert.Matches(@"BadInputTests\.cs:\d+", exception.Message);
        Assert.Throws<NotSupportedException>(
            () => accelerator.LoadAutoGroupedStreamKernel<LongIndex1D, ArrayView<int>>((i, view) => view[i] = 1));
    }

    private static void Fill(Index1D i, ArrayView<int> view) => view[i] = i;

    private static void Store(ArrayView<int> view) => view[0] = 1;

    private static void UsesBoth(ArrayView<int> view)
    {
        ArrayView<int> known = SharedMemory.Allocate<int>(1024);
        ArrayView<byte> dynamic = SharedMemory.GetDynamic<byte>();
        known[0] = dynamic.IntLength;
        Group.Barrier();
        view[0] = known[0];
    }

    private static void UsesTooMuch(ArrayView<int> view)
    {
        ArrayView<int> known = SharedMemory.Allocate<int>(1 << 20);
        known[Group.IdxX] = view[0];
        Group.Barrier();
        view[0] = known[0];
    }

    private static void Throws(ArrayView<int> view) => throw new InvalidOperationException(nameof(view));
}
