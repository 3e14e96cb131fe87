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
    public void Shapes_beyond_the_device_are_refused_before_the_launch()
    {
        using var buffer = accelerator.Allocate1D<int>(10);
        var extent = accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>>(Fill);
        var grouped = accelerator.LoadStreamKernel<ArrayView<int>>(Store);
        Assert.Contains("at least 1", Assert.Throws<ArgumentOutOfRangeException>(() => extent(-1, buffer.View)).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => grouped(new(new Index3D(1, -1, 1), new Index3D(1)), buffer.View));
        var tooLarge = Assert.Throws<ArgumentOutOfRangeException>(() => grouped((1, 1025), buffer.View));
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
    public void Static_and_dynamic_shared_memory_together_have_to_fit()
    {
        using var buffer = accelerator.Allocate1D<int>(1);
        var kernel = accelerator.LoadStreamKernel<ArrayView<int>>(UsesBoth);
        int rest = accelerator.MaxSharedMemoryPerGroup - 4 * 1024;
        kernel((1, 1, SharedMemoryConfig.RequestDynamic<byte>(rest)), buffer.View);
        Assert.Throws<ArgumentOutOfRangeException>(
            () => kernel((1, 1, SharedMemoryConfig.RequestDynamic<byte>(rest + 1)), buffer.View));
        var exception = Assert.Throws<InternalCompilerException>(() => accelerator.LoadStreamKernel<ArrayView<int>>(UsesTooMuch));
        Assert.Contains("bytes of static shared memory", exception.Message);
    }

    [Fact]
    public void Views_of_other_accelerators_are_refused()
    {
        using var other = TestAccelerators.Context.CreateSimdAccelerator(new() { Workers = 1 });
        using var buffer = other.Allocate1D<int>(4);
        var kernel = accelerator.LoadKernel<ArrayView<int>>(Store);
        var exception = Assert.Throws<ArgumentException>(() => kernel(accelerator.DefaultStream, (1, 1), buffer.View));
        Assert.Contains("EnablePeerAccess", exception.Message);
        using var stream = other.CreateStream();
        using var own = accelerator.Allocate1D<int>(4);
        Assert.Throws<ArgumentException>(() => kernel(stream, (1, 1), own.View));
    }

    [Fact]
    public void Disposed_things_say_so()
    {
        var context = Context.Create(_ => { });
        var other = context.CreateSimdAccelerator();
        var kernel = other.LoadKernel<ArrayView<int>>(Store);
        var stream = other.CreateStream();
        var buffer = other.Allocate1D<int>(4);
        ArrayView<int> view = buffer.View;
        Assert.Throws<ArgumentException>(() => kernel(accelerator.DefaultStream, (1, 1), view));
        Assert.Throws<ArgumentNullException>(() => kernel(null!, (1, 1), view));
        buffer.Dispose();
        buffer.Dispose();
        Assert.Throws<ObjectDisposedException>(() => kernel(stream, (1, 1), view));
        Assert.Throws<ObjectDisposedException>(() => view.CopyToCPU(new int[4]));
        Assert.Throws<ObjectDisposedException>(() => view.CopyFromCPU(new int[4]));
        Assert.Throws<ObjectDisposedException>(() => view.MemSetToZero());
        using var living = other.Allocate1D<int>(4);
        Assert.Throws<ObjectDisposedException>(() => living.View.BaseView.CopyTo(view));
        Assert.Throws<ObjectDisposedException>(() => living.View.BaseView.CopyFrom(view));
        stream.Dispose();
        Assert.Throws<ObjectDisposedException>(() => kernel(stream, (1, 1), living.View));
        Assert.Throws<ObjectDisposedException>(() => living.MemSetToZero(stream));
        Assert.Throws<ObjectDisposedException>(stream.Synchronize);
        var child = other.Allocate1D<int>(4);
        var defaultStream = other.DefaultStream;
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
    public void Disposal_in_any_order(string order)
    {
        var context = Context.Create(builder => builder.Simd());
        var device = context.Devices[0];
        var other = device.CreateAccelerator(context);
        var stream = other.CreateStream();
        var buffer = other.Allocate1D([1, 2, 3]);
        var launcher = other.LoadAutoGroupedKernel<Index1D, ArrayView<int>>(Fill);
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
        foreach (var thing in things.Values)
            thing.Dispose();
        Assert.True(buffer.IsDisposed);
    }

    [Fact]
    public void Garbage_of_forgotten_things_is_collected_quietly()
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
            var other = context.CreateSimdAccelerator(new() { Workers = 2 });
            var buffer = other.Allocate1D<int>(100_000);
            other.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>>(Fill)(100_000, buffer.View);
            other.CreateStream();
        }
    }

    [Fact]
    public void Out_of_memory_says_what_was_asked_and_is_free()
    {
        long bytes = 8L << 44;
        var exception = Assert.Throws<SimdAcceleratorException>(() => accelerator.Allocate1D<double>(bytes / 8));
        // Groups of digits are separated as the culture has it.
        Assert.Matches($@"{Regex.Escape($"{bytes:N0}")} bytes were asked for, about [^a-z]*\d of [^a-z]*\d are free", exception.Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => accelerator.Allocate1D<double>(long.MaxValue));
        Assert.Throws<ArgumentOutOfRangeException>(() => accelerator.Allocate1D<double>(-1));
        using var buffer = accelerator.Allocate1D([4f]);
        Assert.Equal(4f, buffer.GetAsArray1D()[0]);
    }

    [Fact]
    public void What_is_no_kernel_is_refused_at_load_time()
    {
        int captured = 5;
        Assert.Throws<NotSupportedException>(() => accelerator.LoadStreamKernel<ArrayView<int>>(view => view[0] = captured));
        var exception = Assert.Throws<InternalCompilerException>(() => accelerator.LoadStreamKernel<ArrayView<int>>(Throws));
        Assert.Contains("BadInputTests.Throws", exception.Message);
        Assert.Matches(@"BadInputTests\.cs:\d+", exception.Message);
        Assert.Throws<NotSupportedException>(
            () => accelerator.LoadAutoGroupedStreamKernel<LongIndex1D, ArrayView<int>>((i, view) => view[i] = 1));
    }

    private static void Fill(Index1D i, ArrayView<int> view) => view[i] = i;

    private static void Store(ArrayView<int> view) => view[0] = 1;

    private static void UsesBoth(ArrayView<int> view)
    {
        var known = SharedMemory.Allocate<int>(1024);
        var dynamic = SharedMemory.GetDynamic<byte>();
        known[0] = dynamic.IntLength;
        Group.Barrier();
        view[0] = known[0];
    }

    private static void UsesTooMuch(ArrayView<int> view)
    {
        var known = SharedMemory.Allocate<int>(1 << 20);
        known[Group.IdxX] = view[0];
        Group.Barrier();
        view[0] = known[0];
    }

    private static void Throws(ArrayView<int> view) => throw new InvalidOperationException(nameof(view));
}
