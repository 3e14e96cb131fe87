using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace GpuVae.Ilgpu.Tests.Api;

public sealed class CopyTests(EmulatedCpu cpu) : IClassFixture<EmulatedCpu>
{
    private readonly Accelerator accelerator = cpu.Accelerator;

    [Fact]
    public void ArraysSpansAndReferencesWithAndWithoutStream()
    {
        using var stream = accelerator.CreateStream();
        int[] data = [1, 2, 3, 4, 5];
        using var buffer = accelerator.Allocate1D<int>(5);
        Action<int[]>[] writes =
        [
            buffer.CopyFromCPU,
            d => buffer.CopyFromCPU(stream, d),
            d => buffer.View.CopyFromCPU(d),
            d => buffer.View.CopyFromCPU(stream, new ReadOnlySpan<int>(d)),
            d => buffer.View.BaseView.CopyFromCPU(d.AsSpan()),
            d => buffer.View.BaseView.CopyFromCPU(stream, ref d[0], d.Length),
            d =>
            {
                var pin = GCHandle.Alloc(d, GCHandleType.Pinned);
                buffer.View.BaseView.CopyFromCPUUnsafeAsync(stream, ref d[0], d.Length);
                stream.Synchronize();
                pin.Free();
            },
        ];
        Action<int[]>[] reads =
        [
            buffer.CopyToCPU,
            d => buffer.CopyToCPU(stream, d),
            d => buffer.View.CopyToCPU(d.AsSpan()),
            d => buffer.View.BaseView.CopyToCPU(stream, d.AsSpan()),
            d => buffer.View.BaseView.CopyToCPU(ref d[0], d.Length),
            d => buffer.GetAsArray1D(stream).CopyTo(d, 0),
            d =>
            {
                var pin = GCHandle.Alloc(d, GCHandleType.Pinned);
                buffer.View.BaseView.CopyToCPUUnsafeAsync(stream, ref d[0], d.Length);
                stream.Synchronize();
                pin.Free();
            },
        ];
        foreach (var write in writes)
        {
            foreach (var read in reads)
            {
                buffer.MemSet(0xFF);
                write(data);
                int[] result = new int[5];
                read(result);
                Assert.Equal(data, result);
            }
        }
    }

    [Fact]
    public void CopiesBetweenBuffersAndRanges()
    {
        using var source = accelerator.Allocate1D(Enumerable.Range(0, 10).ToArray());
        using var target = accelerator.Allocate1D<int>(10);
        target.MemSetToZero();
        source.View.SubView(2, 3).CopyTo(target.View.SubView(5, 3));
        Assert.Equal([0, 0, 0, 0, 0, 2, 3, 4, 0, 0], target.GetAsArray1D());
        target.View.SubView(0, 2).CopyFrom(accelerator.DefaultStream, source.View.SubView(8, 2));
        Assert.Equal([8, 9, 0, 0, 0, 2, 3, 4, 0, 0], target.GetAsArray1D());
        source.CopyTo(target);
        Assert.Equal(source.GetAsArray1D(), target.GetAsArray1D());
        source.View.SubView(0, 8).CopyTo(source.View.SubView(2, 8));
        Assert.Equal([0, 1, 0, 1, 2, 3, 4, 5, 6, 7], source.GetAsArray1D());
    }

    [Fact]
    public void CopiesBetweenAccelerators()
    {
        using var other = cpu.Context.CreateCPUAccelerator(0, CPUAcceleratorMode.Emulated);
        using var source = accelerator.Allocate1D(new double[] { 1, 2, 3 });
        using var target = other.Allocate1D<double>(3);
        source.CopyTo(target);
        Assert.Equal([1.0, 2.0, 3.0], target.GetAsArray1D());
    }

    [Fact]
    public void MemSetSetsBytes()
    {
        using var buffer = accelerator.Allocate1D<int>(4);
        buffer.MemSet(1);
        Assert.All(buffer.GetAsArray1D(), value => Assert.Equal(0x01010101, value));
        buffer.View.SubView(1, 2).MemSetToZero();
        Assert.Equal([0x01010101, 0, 0, 0x01010101], buffer.GetAsArray1D());
        buffer.MemSet(accelerator.DefaultStream, 2, 3, 2);
        Assert.Equal([0x02010101, 0x02, 0, 0x01010101], buffer.GetAsArray1D());
    }

    [Fact]
    public void PageLockedArrays()
    {
        using var locked = accelerator.AllocatePageLocked1D<int>(4);
        Assert.Equal([0, 0, 0, 0], locked.GetArray());
        locked[2] = 7;
        locked.Span[0] = 1;
        using var buffer = accelerator.Allocate1D<int>(4);
        buffer.View.CopyFromPageLockedAsync(locked);
        accelerator.Synchronize();
        Assert.Equal([1, 0, 7, 0], buffer.GetAsArray1D());
        using var copy = buffer.GetAsPageLocked1D();
        accelerator.Synchronize();
        Assert.Equal([1, 0, 7, 0], copy.GetArray());
        int[] managed = [9, 8, 7, 6];
        using (var scope = accelerator.CreatePageLockFromPinned(managed))
            buffer.View.CopyFromPageLockedAsync(accelerator.DefaultStream, scope);
        Assert.Equal(managed, buffer.GetAsArray1D());
        using var two = accelerator.AllocatePageLocked2D<int>(new LongIndex2D(2, 3));
        two[1, 2] = 5;
        Assert.Equal(new int[,] { { 0, 0, 0 }, { 0, 0, 5 } }, two.GetArray());
        Assert.Throws<IndexOutOfRangeException>(() => locked[4]);
        Assert.Throws<ArgumentOutOfRangeException>(() => accelerator.AllocatePageLocked1D<int>(-1));
    }

    [Fact]
    public void EmptyBuffersCanBeCopied()
    {
        using var buffer = accelerator.Allocate1D<int>(0);
        buffer.CopyFromCPU(Array.Empty<int>());
        Assert.Empty(buffer.GetAsArray1D());
        buffer.MemSetToZero();
        using var two = accelerator.Allocate2DDenseX<int>(new LongIndex2D(0, 5));
        Assert.Equal(0, two.Length);
        two.CopyFromCPU(new int[0, 5]);
    }

    [Fact]
    public void DataThatDoesNotFitIsRefused()
    {
        using var buffer = accelerator.Allocate1D<int>(3);
        Assert.Contains("3 elements", Assert.Throws<ArgumentOutOfRangeException>(() => buffer.CopyFromCPU(new int[4])).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.CopyToCPU(new int[4]));
        using var larger = accelerator.Allocate1D<int>(4);
        Assert.Throws<ArgumentOutOfRangeException>(() => larger.CopyTo(buffer));
        using var two = accelerator.Allocate2DDenseX<int>(new LongIndex2D(2, 3));
        Assert.Contains("(3, 2)", Assert.Throws<ArgumentException>(() => two.CopyFromCPU(new int[3, 2])).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => accelerator.Allocate1D<int>(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.View.SubView(2, 5).CopyFromCPU(new int[5]));
        Assert.Throws<InvalidOperationException>(() => new ArrayView1D<int, Stride1D.Dense>(default, 0, default).BaseView.GetAccelerator());
    }
}
