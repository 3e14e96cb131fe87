using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace GpuVae.Simd.Tests.Runtime;

/// <summary>Every way to allocate and to copy, on every accelerator.</summary>
public sealed class MemoryTests
{
    public static TheoryData<string> Accelerators => TestAccelerators.All;

    [Theory, MemberData(nameof(Accelerators))]
    public void ArraysSpansAndReferencesWithAndWithoutStream(string name)
    {
        SimdAccelerator accelerator = TestAccelerators.Open(name);
        using AcceleratorStream stream = accelerator.CreateStream();
        int[] data = [1, 2, 3, 4, 5];
        using MemoryBuffer1D<int, Stride1D.Dense> buffer = accelerator.Allocate1D<int>(5);
        Action<int[]>[] writes =
        [
            d => buffer.CopyFromCPU(d),
            d => buffer.CopyFromCPU(stream, d),
            d => buffer.View.CopyFromCPU(d),
            d => buffer.View.CopyFromCPU(stream, d),
            d => buffer.View.BaseView.CopyFromCPU(stream, new ReadOnlySpan<int>(d)),
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
            d => buffer.CopyToCPU(d),
            d => buffer.CopyToCPU(stream, d),
            d => buffer.View.CopyToCPU(d),
            d => buffer.View.BaseView.CopyToCPU(stream, d.AsSpan()),
            d => buffer.View.BaseView.CopyToCPU(ref d[0], d.Length),
            d => buffer.GetAsArray1D(stream).CopyTo(d, 0),
            d => buffer.View.BaseView.Cast<byte>().GetAsArray().CopyTo(MemoryMarshal.AsBytes(d.AsSpan())),
            d =>
            {
                var pin = GCHandle.Alloc(d, GCHandleType.Pinned);
                buffer.View.BaseView.CopyToCPUUnsafeAsync(stream, ref d[0], d.Length);
                stream.Synchronize();
                pin.Free();
            },
        ];
        foreach (Action<int[]> write in writes)
        {
            foreach (Action<int[]> read in reads)
            {
                buffer.MemSet(0xFF);
                write(data);
                int[] result = new int[5];
                read(result);
                Assert.Equal(data, result);
            }
        }
    }

    [Theory, MemberData(nameof(Accelerators))]
    public void CopiesBetweenBuffersAndRanges(string name)
    {
        SimdAccelerator accelerator = TestAccelerators.Open(name);
        using MemoryBuffer1D<int, Stride1D.Dense> source = accelerator.Allocate1D(Enumerable.Range(0, 10).ToArray());
        using MemoryBuffer1D<int, Stride1D.Dense> target = accelerator.Allocate1D<int>(10);
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

    [Theory, MemberData(nameof(Accelerators))]
    public void CopiesToAndFromOtherAccelerators(string name)
    {
        SimdAccelerator accelerator = TestAccelerators.Open(name);
        CPUAccelerator cpu = TestAccelerators.Reference();
        using SimdAccelerator second = TestAccelerators.Context.CreateSimdAccelerator(new() { Workers = 1 });
        double[] data = [1, 2, 3, 4];
        using MemoryBuffer1D<double, Stride1D.Dense> here = accelerator.Allocate1D(data);
        foreach (Accelerator other in (Accelerator[])[cpu, second])
        {
            using MemoryBuffer1D<double, Stride1D.Dense> there = other.Allocate1D<double>(4);
            here.CopyTo(there);
            Assert.Equal(data, there.GetAsArray1D());
            there.View.MemSetToZero();
            there.View.CopyFrom(other.DefaultStream, here.View);
            Assert.Equal(data, there.GetAsArray1D());
            using MemoryBuffer1D<double, Stride1D.Dense> back = accelerator.Allocate1D<double>(4);
            there.View.CopyTo(other.DefaultStream, back.View);
            Assert.Equal(data, back.GetAsArray1D());
            back.View.SubView(1, 2).CopyFrom(accelerator.DefaultStream, there.View.SubView(0, 2));
            Assert.Equal([1, 1, 2, 4], back.GetAsArray1D());
        }
    }

    [Theory, MemberData(nameof(Accelerators))]
    public void MemSetSetsBytes(string name)
    {
        SimdAccelerator accelerator = TestAccelerators.Open(name);
        using MemoryBuffer1D<int, Stride1D.Dense> buffer = accelerator.Allocate1D<int>(4);
        buffer.MemSet(1);
        Assert.All(buffer.GetAsArray1D(), value => Assert.Equal(0x01010101, value));
        buffer.View.SubView(1, 2).MemSetToZero();
        Assert.Equal([0x01010101, 0, 0, 0x01010101], buffer.GetAsArray1D());
        buffer.View.BaseView.Cast<byte>().SubView(3, 2).MemSet(accelerator.DefaultStream, 2);
        Assert.Equal([0x02010101, 0x02, 0, 0x01010101], buffer.GetAsArray1D());
    }

    [Theory, MemberData(nameof(Accelerators))]
    public void PageLockedArrays(string name)
    {
        SimdAccelerator accelerator = TestAccelerators.Open(name);
        using AcceleratorStream stream = accelerator.CreateStream();
        using PageLockedArray1D<int> locked = accelerator.AllocatePageLocked1D<int>(4);
        locked.Span.Clear();
        locked[2] = 7;
        locked.Span[0] = 1;
        using MemoryBuffer1D<int, Stride1D.Dense> buffer = accelerator.Allocate1D<int>(4);
        buffer.View.CopyFromPageLockedAsync(stream, locked);
        stream.Synchronize();
        Assert.Equal([1, 0, 7, 0], buffer.GetAsArray1D());
        locked.Span.Clear();
        buffer.View.CopyToPageLockedAsync(stream, locked);
        stream.Synchronize();
        Assert.Equal([1, 0, 7, 0], locked.GetArray());
        int[] managed = GC.AllocateArray<int>(4, pinned: true);
        managed[3] = 5;
        using (PageLockScope<int> scope = accelerator.CreatePageLockFromPinned(managed))
        {
            Assert.Equal(4, scope.Length);
            Assert.Equal(Marshal.UnsafeAddrOfPinnedArrayElement(managed, 0), scope.AddrOfLockedObject);
        }
        using PageLockedArray2D<int> two = accelerator.AllocatePageLocked2D<int>(new LongIndex2D(2, 3));
        two.Span.Fill(4);
        two[1, 2] = 5;
        using MemoryBuffer2D<int, Stride2D.DenseY> matrix = accelerator.Allocate2DDenseY<int>(new LongIndex2D(2, 3));
        matrix.View.BaseView.CopyFromPageLockedAsync(stream, two);
        stream.Synchronize();
        Assert.Equal(new int[,] { { 4, 4, 4 }, { 4, 4, 5 } }, matrix.GetAsArray2D());
        using PageLockedArray3D<byte> three = accelerator.AllocatePageLocked3D<byte>(new LongIndex3D(2, 2, 2));
        Assert.Equal(8, three.Length);
    }

    [Theory, MemberData(nameof(Accelerators))]
    public void KernelsReadAndWritePageLockedMemory(string name)
    {
        SimdAccelerator accelerator = TestAccelerators.Open(name);
        using PageLockedArray1D<int> locked = accelerator.AllocatePageLocked1D<int>(4);
        locked.Span.Fill(3);
        accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>>(static (i, view) => view[i] = view[i] + i)(4, locked.ArrayView);
        accelerator.Synchronize();
        Assert.Equal([3, 4, 5, 6], locked.GetArray());
    }

    [Theory, MemberData(nameof(Accelerators))]
    public void SubViewsAndCastsShareTheMemory(string name)
    {
        SimdAccelerator accelerator = TestAccelerators.Open(name);
        using MemoryBuffer1D<int, Stride1D.Dense> buffer = accelerator.Allocate1D([0, 1, 2, 3, 4, 5, 6, 7]);
        ArrayView<int> view = buffer.View;
        Assert.Equal([3, 4], view.SubView(3, 2).GetAsArray());
        Assert.Equal([6, 7], view.SubView(6L).GetAsArray());
        ArrayView<long> wide = view.SubView(2, 5).Cast<long>();
        Assert.Equal([2L | 3L << 32, 4L | 5L << 32], wide.GetAsArray());
        Assert.Equal(32, view.Cast<byte>().Length);
        Assert.Same(accelerator, view.GetAccelerator());
        accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<short>>(static (i, shorts) => shorts[i] = (short)(100 + i))(
            2, view.SubView(2).Cast<short>());
        Assert.Equal([0, 1, 100 | 101 << 16, 3], buffer.GetAsArray1D()[..4]);
    }

    [Theory, MemberData(nameof(Accelerators))]
    public void TwoDimensionalLayoutsHoldTheSameElements(string name)
    {
        SimdAccelerator accelerator = TestAccelerators.Open(name);
        int[,] data = new int[10, 5];
        for (int i = 0; i < 50; i++)
            data[i / 5, i % 5] = i;
        var extent = new LongIndex2D(10, 5);
        using MemoryBuffer2D<int, Stride2D.DenseY> source = accelerator.Allocate2DDenseY(data);
        using MemoryBuffer2D<int, Stride2D.DenseX> x = accelerator.Allocate2DDenseX<int>(extent);
        using MemoryBuffer2D<int, Stride2D.DenseX> pitchedX = accelerator.Allocate2DPitchedX<int>(extent, 128);
        using MemoryBuffer2D<int, Stride2D.DenseY> pitchedY = accelerator.Allocate2DPitchedY<int>(extent, 128);
        Assert.Equal((32, 32), (pitchedX.View.Stride.YStride, pitchedY.View.Stride.XStride));
        Copy2D<Stride2D.DenseX>(accelerator, source.View, x.View);
        Copy2D<Stride2D.DenseX>(accelerator, source.View, pitchedX.View);
        Copy2D<Stride2D.DenseY>(accelerator, source.View, pitchedY.View);
        Assert.Equal(data, source.GetAsArray2D());
        Assert.Equal(data, x.View.AsGeneral().GetAsArray2D());
        Assert.Equal(data, pitchedX.View.AsGeneral().GetAsArray2D());
        Assert.Equal(data, pitchedY.View.AsGeneral().GetAsArray2D());
        Assert.Equal(data[7, 2], source.View.AsTransposed().AsGeneral().GetAsArray2D()[2, 7]);
        Assert.Equal(data[4, 3], pitchedX.View.SubView(new Index2D(3, 2), new Index2D(4, 3)).AsGeneral().GetAsArray2D()[1, 1]);
        Copy2D<Stride2D.General>(accelerator, source.View, x.View.AsGeneral().SubView(new(0, 0), new(10, 5)));
        Assert.Equal(data, x.View.AsGeneral().GetAsArray2D());
    }

    [Theory, MemberData(nameof(Accelerators))]
    public void ThreeDimensionalLayoutsHoldTheSameElements(string name)
    {
        SimdAccelerator accelerator = TestAccelerators.Open(name);
        int[,,] data = new int[2, 3, 4];
        for (int i = 0; i < 24; i++)
            data[i / 12, i / 4 % 3, i % 4] = i;
        var extent = new LongIndex3D(2, 3, 4);
        using MemoryBuffer1D<int, Stride1D.Dense> source = accelerator.Allocate1D(Enumerable.Range(0, 24).ToArray());
        using MemoryBuffer3D<int, Stride3D.DenseZY> zy = accelerator.Allocate3DDenseZY<int>(extent);
        using MemoryBuffer3D<int, Stride3D.DenseXY> xy = accelerator.Allocate3DDenseXY<int>(extent);
        using MemoryBuffer3D<int, Stride3D.DenseZY> pitchedZy = accelerator.Allocate3DPitchedZY<int>(extent, 64);
        using MemoryBuffer3D<int, Stride3D.DenseXY> pitchedXy = accelerator.Allocate3DPitchedXY<int>(extent, 64);
        Fill3D<Stride3D.DenseZY>(accelerator, source.View, zy.View);
        Fill3D<Stride3D.DenseXY>(accelerator, source.View, xy.View);
        Fill3D<Stride3D.DenseZY>(accelerator, source.View, pitchedZy.View);
        Fill3D<Stride3D.DenseXY>(accelerator, source.View, pitchedXy.View);
        Assert.Equal(Enumerable.Range(0, 24), zy.View.BaseView.GetAsArray());
        Assert.Equal([0, 12, 4, 16, 8, 20, 1, 13], xy.View.BaseView.GetAsArray()[..8]);
        Assert.Equal(data, zy.View.AsGeneral().GetAsArray3D());
        Assert.Equal(data, xy.View.AsGeneral().GetAsArray3D());
        Assert.Equal(data, pitchedZy.View.AsGeneral().GetAsArray3D());
        Assert.Equal(data, pitchedXy.View.AsGeneral().GetAsArray3D());
        Assert.Equal(data[1, 2, 3], zy.View.AsTransposed().AsGeneral().GetAsArray3D()[3, 2, 1]);
    }

    [Theory, MemberData(nameof(Accelerators))]
    public void OneDimensionalStrides(string name)
    {
        SimdAccelerator accelerator = TestAccelerators.Open(name);
        using MemoryBuffer1D<int, Stride1D.General> buffer = accelerator.Allocate1D<int, Stride1D.General>(5, new Stride1D.General(3));
        buffer.View.AsContiguous().MemSetToZero();
        accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView1D<int, Stride1D.General>>(static (i, view) => view[i] = 1 + i)(
            5, buffer.View);
        int[] raw = buffer.View.AsContiguous().GetAsArray();
        Assert.Equal([1, 0, 0, 2, 0, 0, 3], raw[..7]);
        using MemoryBuffer1D<int, Stride1D.Dense> single = accelerator.Allocate1D([9]);
        var infinite = new ArrayView1D<int, Stride1D.Infinite>(single.View.BaseView, 100, default);
        using MemoryBuffer1D<int, Stride1D.Dense> target = accelerator.Allocate1D<int>(100);
        accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView1D<int, Stride1D.Infinite>, ArrayView<int>>(
            static (i, from, to) => to[i] = from[i])(100, infinite, target.View);
        Assert.All(target.GetAsArray1D(), value => Assert.Equal(9, value));
    }

    [Theory, MemberData(nameof(Accelerators))]
    public void EmptyBuffersCanBeMadeAndDisposed(string name)
    {
        SimdAccelerator accelerator = TestAccelerators.Open(name);
        using MemoryBuffer1D<int, Stride1D.Dense> buffer = accelerator.Allocate1D<int>(0);
        Assert.Equal(0, buffer.Length);
        using MemoryBuffer1D<int, Stride1D.Dense> target = accelerator.Allocate1D([1]);
        accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>, ArrayView<int>>(
            static (i, empty, to) => to[i] = empty.IntLength)(1, buffer.View, target.View);
        Assert.Equal(0, target.GetAsArray1D()[0]);
    }

    private static void Copy2D<TStride>(
        Accelerator accelerator, ArrayView2D<int, Stride2D.DenseY> from, ArrayView2D<int, TStride> to) where TStride : struct, IStride2D =>
        accelerator.LoadAutoGroupedStreamKernel<Index2D, ArrayView2D<int, Stride2D.DenseY>, ArrayView2D<int, TStride>>(
            static (i, from, to) => to[i] = from[i])(to.IntExtent, from, to);

    private static void Fill3D<TStride>(Accelerator accelerator, ArrayView<int> from, ArrayView3D<int, TStride> to)
        where TStride : struct, IStride3D =>
        accelerator.LoadAutoGroupedStreamKernel<Index3D, ArrayView<int>, ArrayView3D<int, TStride>>(
            static (i, from, to) => to[i] = from[(i.X * 3 + i.Y) * 4 + i.Z])(to.IntExtent, from, to);
}
