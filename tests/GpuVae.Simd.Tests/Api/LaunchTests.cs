using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using GpuVae.Ilgpu.Compiler;
using ILGPU;
using ILGPU.Backends.EntryPoints;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using Half = ILGPU.Half;

namespace GpuVae.Ilgpu.Tests.Api;

public sealed class LaunchTests(EmulatedCpu cpu) : IClassFixture<EmulatedCpu>
{
    private readonly Accelerator accelerator = cpu.Accelerator;

    private enum Kind : short
    {
        First = 3,
        Second = -5,
    }

    [Theory]
    [InlineData(1)]
    [InlineData(17)]
    [InlineData(4096)]
    [InlineData(100_003)]
    public void OneDimensionalExtentsCoverEachElementOnce(int length)
    {
        using var buffer = accelerator.Allocate1D<int>(length);
        buffer.MemSetToZero();
        var kernel = accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>, int>(AddIndex);
        kernel(length, buffer.View, 3);
        kernel(length, buffer.View, 4);
        Assert.Equal(Enumerable.Range(0, length).Select(i => (2 * i) + 7), buffer.GetAsArray1D());
    }

    [Fact]
    public void TwoAndThreeDimensionalExtentsWithTails()
    {
        using var two = accelerator.Allocate2DDenseX<int>(new LongIndex2D(13, 7));
        accelerator.LoadAutoGroupedStreamKernel<Index2D, ArrayView2D<int, Stride2D.DenseX>>(Fill2D)(two.IntExtent, two.View);
        var values = two.GetAsArray2D();
        for (int i = 0; i < 91; i++)
            Assert.Equal((100 * (i / 7)) + (i % 7), values[i / 7, i % 7]);
        using var three = accelerator.Allocate3DDenseZY<int>(new LongIndex3D(5, 3, 9));
        accelerator.LoadImplicitlyGroupedStreamKernel<Index3D, ArrayView3D<int, Stride3D.DenseZY>>(Fill3D, 32)(three.IntExtent, three.View);
        var cube = three.GetAsArray3D();
        for (int i = 0; i < 135; i++)
            Assert.Equal((10000 * (i / 27)) + (100 * (i / 9 % 3)) + (i % 9), cube[i / 27, i / 9 % 3, i % 9]);
    }

    [Fact]
    public void StructsEnumsAndEveryScalarArriveUnchanged()
    {
        using var buffer = accelerator.Allocate1D<double>(16);
        using var bytes = accelerator.Allocate1D(new byte[] { 42, 43 });
        var kernel = accelerator.LoadStreamKernel<ArrayView<double>, Packed, Kind, sbyte, ushort, Half, Index2D>(StoreAll);
        var inner = new Nested { Wide = -(1L << 40), Value = 1.5f };
        var packed = new Packed { Small = 200, View = bytes.View.SubView(1, 1), Inner = inner, Fraction = Math.PI };
        kernel((1, 1), buffer.View, packed, Kind.Second, -7, 65535, (Half)0.333f, new Index2D(11, -12));
        Assert.Equal(
            [200, 43, 1, -(1L << 40), 1.5, Math.PI, -5, -7, 65535, (double)(Half)0.333f, 11, -12],
            buffer.GetAsArray1D()[..12]);
    }

    [Fact]
    public void SpecializedValuesReachTheKernel()
    {
        using var buffer = accelerator.Allocate1D<int>(1);
        var kernel = accelerator.LoadStreamKernel<ArrayView<int>, SpecializedValue<int>>((view, value) => view[0] = value);
        foreach (int value in (int[])[1, -9, 1])
        {
            kernel((1, 1), buffer.View, SpecializedValue.New(value));
            Assert.Equal(value, buffer.GetAsArray1D()[0]);
        }
    }

    [Fact]
    public void FourteenParametersAndNone()
    {
        using var buffer = accelerator.Allocate1D<int>(1);
        var kernel = accelerator.LoadKernel<ArrayView<int>, int, int, int, int, int, int, int, int, int, int, int, int, int>(Sum14);
        kernel(accelerator.DefaultStream, (1, 1), buffer.View, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13);
        Assert.Equal(91, buffer.GetAsArray1D()[0]);
        accelerator.LoadStreamKernel(DoNothing)((3, 5));
        accelerator.Launch(DoNothing, new KernelConfig(2, 2));
    }

    [Fact]
    public void ExplicitGroupsSeeTheirPlace()
    {
        var config = new KernelConfig(new Index3D(2, 3, 4), new Index3D(5, 2, 3));
        using var buffer = accelerator.Allocate1D<int>(config.Size);
        buffer.MemSetToZero();
        accelerator.LoadStreamKernel<ArrayView<int>>(CountPlaces)(config, buffer.View);
        Assert.All(buffer.GetAsArray1D(), value => Assert.Equal(1, value));
    }

    [Fact]
    public void LaunchingWithoutALoaderCompilesOnceAndWorks()
    {
        using var buffer = accelerator.Allocate1D<int>(10);
        buffer.MemSetToZero();
        accelerator.LaunchAutoGrouped(AddIndex, buffer.IntExtent, buffer.View.BaseView, 1);
        accelerator.LaunchAutoGrouped(AddIndex, accelerator.DefaultStream, buffer.IntExtent, buffer.View.BaseView, 1);
        Assert.Equal(Enumerable.Range(0, 10).Select(i => 2 * (i + 1)), buffer.GetAsArray1D());
        var first = accelerator.LoadAutoGroupedKernel<Index1D, ArrayView<int>, int>(AddIndex).GetKernel();
        Assert.Same(first, accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>, int>(AddIndex).GetKernel());
    }

    [Fact]
    public void KernelsFromMethodsAndBoxedArguments()
    {
        var method = typeof(LaunchTests).GetMethod(nameof(StoreGlobalIndex), BindingFlags.Static | BindingFlags.NonPublic)!;
        using var buffer = accelerator.Allocate1D<int>(12);
        buffer.MemSetToZero();
        var launch = accelerator.LoadKernel<Action<AcceleratorStream, KernelConfig, ArrayView<int>>>(method);
        launch(accelerator.DefaultStream, (3, 4), buffer.View);
        Assert.Equal(Enumerable.Range(0, 12), buffer.GetAsArray1D());
        buffer.MemSetToZero();
        accelerator.LoadKernel(method).Launch(accelerator.DefaultStream, new KernelConfig(3, 4), buffer.View.BaseView);
        Assert.Equal(Enumerable.Range(0, 12), buffer.GetAsArray1D());
        Assert.Equal("store_global_index", launch.GetKernel().Name);
        Assert.Equal("store_global_index", launch.GetCompiledKernel().Name);
        Assert.Throws<NotSupportedException>(() => accelerator.LoadKernel<Action<KernelConfig, int>>(method));
        Assert.Throws<ArgumentException>(() => new Action(DoNothing).GetKernel());
        Assert.False(new Action(DoNothing).TryGetKernel(out _));
    }

    [Fact]
    public void LaunchesDoNotAllocate()
    {
        using var buffer = accelerator.Allocate1D<int>(1000);
        buffer.MemSetToZero();
        var extent = accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>, int>(AddIndex);
        var grouped = accelerator.LoadStreamKernel<ArrayView<int>>(StoreGlobalIndex);
        void LaunchAll()
        {
            extent(buffer.IntExtent, buffer.View, 1);
            grouped((10, 100), buffer.View);
            accelerator.LaunchAutoGrouped(AddIndex, buffer.IntExtent, buffer.View.BaseView, 1);
        }
        LaunchAll();
        LaunchAll();
        Assert.Equal(0, Allocations.Of(() =>
        {
            for (int i = 0; i < 100; i++)
                LaunchAll();
        }));
    }

    [Fact]
    public void ShapesBeyondTheDeviceAreRefusedBeforeTheLaunch()
    {
        using var buffer = accelerator.Allocate1D<int>(10);
        var extent = accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>, int>(AddIndex);
        var grouped = accelerator.LoadStreamKernel<ArrayView<int>>(StoreGlobalIndex);
        Assert.Contains("at least 1", Assert.Throws<ArgumentOutOfRangeException>(() => extent(0, buffer.View, 1)).Message);
        Assert.Contains("at least 1", Assert.Throws<ArgumentOutOfRangeException>(() => grouped((0, 1), buffer.View)).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => grouped((1, 0), buffer.View));
        Assert.Throws<ArgumentOutOfRangeException>(() => grouped((1, -4), buffer.View));
        var tooLarge = Assert.Throws<ArgumentOutOfRangeException>(() => grouped((1, 1025), buffer.View));
        Assert.Contains("1024 threads", tooLarge.Message);
        Assert.Contains("store_global_index", tooLarge.Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => grouped(
            (1, 1, SharedMemoryConfig.RequestDynamic<byte>(accelerator.MaxSharedMemoryPerGroup + 1)), buffer.View));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => accelerator.LoadImplicitlyGroupedStreamKernel<Index1D, ArrayView<int>, int>(AddIndex, 2048));
    }

    [Fact]
    public void WhatCannotBeAKernelIsRefusedWithAdvice()
    {
        int captured = 5;
        string Message(Action load) => Assert.Throws<NotSupportedException>(load).Message;
        Assert.Contains("WithBuffer holds a fixed buffer", Message(() => accelerator.LoadStreamKernel<ArrayView<int>, WithBuffer>(
            (view, buffer) => view[0] = buffer.Last)));
        Assert.Contains("Four holds a fixed buffer or inline array", Message(() => accelerator.LoadStreamKernel<ArrayView<int>, Four>(
            (view, four) => view[0] = four[3])));
        Assert.Contains("fields of Union share bytes", Message(() => accelerator.LoadStreamKernel<ArrayView<int>, Union>(
            (view, union) => view[0] = union.Low)));
        Assert.Contains("captured", Message(() => accelerator.LoadStreamKernel<ArrayView<int>>(view => view[0] = captured)));
        Assert.Contains("byte", Message(() => accelerator.LoadStreamKernel<ArrayView<int>, bool>((view, flag) => view[0] = flag ? 1 : 0)));
        Assert.Contains(
            "Index1D", Message(() => accelerator.LoadAutoGroupedStreamKernel<LongIndex1D, ArrayView<int>>((i, view) => view[i] = 1)));
        Assert.Contains("implicitly grouped", Assert.Throws<KernelCompilationException>(
            () => accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>>((i, view) => Group.Barrier())).Message);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100_000)]
    public void AnExceptionInAKernelSurfacesAtTheLaunch(int length)
    {
        using var buffer = accelerator.Allocate1D<int>(length);
        buffer.MemSetToZero();
        var kernel = accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>, int>(DivideByElement);
        var exception = Assert.Throws<AcceleratorException>(() => kernel(length, buffer.View, 5));
        Assert.Contains(nameof(DivideByElement), exception.Message);
        Assert.IsType<DivideByZeroException>(exception.InnerException);
        buffer.MemSet(1);
        kernel(length, buffer.View, 5);
        Assert.Equal(5 / 0x01010101, buffer.GetAsArray1D()[0]);
    }

    [Fact]
    public void OutOfMemorySaysWhatWasAskedAndIsFree()
    {
        long bytes = 8L << 44;
        var exception = Assert.Throws<AcceleratorException>(() => accelerator.Allocate1D<double>(bytes / 8));
        // Groups of digits are separated as the culture has it.
        string asked = System.Text.RegularExpressions.Regex.Escape($"{bytes:N0}");
        Assert.Matches($@"{asked} bytes were asked for, about [^a-z]*\d of [^a-z]*\d are free", exception.Message);
        using var buffer = accelerator.Allocate1D([4f]);
        Assert.Equal(4f, buffer.GetAsArray1D()[0]);
    }

    [Fact]
    public void DisposedThingsSaySo()
    {
        using var context = Context.Create(builder => builder.CPU());
        var other = context.CreateCPUAccelerator(0, CPUAcceleratorMode.Emulated);
        var kernel = other.LoadKernel<ArrayView<int>>(StoreGlobalIndex);
        var stream = other.CreateStream();
        var buffer = other.Allocate1D<int>(4);
        ArrayView<int> view = buffer.View;
        Assert.Throws<ArgumentException>(() => kernel(accelerator.DefaultStream, (1, 1), view));
        Assert.Throws<ArgumentNullException>(() => kernel(null!, (1, 1), view));
        buffer.Dispose();
        buffer.Dispose();
        Assert.Throws<ObjectDisposedException>(() => kernel(stream, (1, 1), view));
        Assert.Throws<ObjectDisposedException>(() => view.CopyToCPU(new int[4]));
        stream.Dispose();
        Assert.Throws<ObjectDisposedException>(() => kernel(stream, (1, 1), default));
        var child = other.Allocate1D<int>(4);
        var defaultStream = other.DefaultStream;
        other.Dispose();
        other.Dispose();
        Assert.True(child.IsDisposed);
        Assert.True(defaultStream.IsDisposed);
        Assert.Throws<ObjectDisposedException>(() => other.Allocate1D<int>(1));
        Assert.Throws<ObjectDisposedException>(() => other.DefaultStream);
        Assert.Throws<ObjectDisposedException>(() => kernel(defaultStream, (1, 1), default));
        context.Dispose();
        Assert.Throws<ObjectDisposedException>(() => CPUDevice.Default.CreateAccelerator(context));
    }

    [Fact]
    public void KernelOnlyMembersSayThatTheyAreForKernels() =>
        Assert.Contains("kernel", Assert.Throws<NotSupportedException>(() => Group.IdxX).Message);

    private static void AddIndex(Index1D index, ArrayView<int> view, int value) => view[index] += index + value;

    private static void Fill2D(Index2D index, ArrayView2D<int, Stride2D.DenseX> view) => view[index] = (100 * index.X) + index.Y;

    private static void Fill3D(Index3D index, ArrayView3D<int, Stride3D.DenseZY> view) =>
        view[index.X, index.Y, index.Z] = (10000 * index.X) + (100 * index.Y) + index.Z;

    private static void StoreAll(ArrayView<double> result, Packed packed, Kind kind, sbyte small, ushort large, Half half, Index2D index)
    {
        result[0] = packed.Small;
        result[1] = packed.View[0];
        result[2] = packed.View.Length;
        result[3] = packed.Inner.Wide;
        result[4] = packed.Inner.Value;
        result[5] = packed.Fraction;
        result[6] = (short)kind;
        result[7] = small;
        result[8] = large;
        result[9] = half;
        result[10] = index.X;
        result[11] = index.Y;
    }

    private static void Sum14(
        ArrayView<int> result, int a, int b, int c, int d, int e, int f, int g, int h, int i, int j, int k, int l, int m) =>
        result[0] = a + b + c + d + e + f + g + h + i + j + k + l + m;

    private static void DoNothing()
    {
    }

    private static void CountPlaces(ArrayView<int> counts)
    {
        var global = Grid.GlobalIndex;
        var extent = Grid.Dimension * Group.Dimension;
        Atomic.Add(ref counts[(((global.Z * extent.Y) + global.Y) * extent.X) + global.X], 1);
    }

    [KernelName("store_global_index")]
    private static void StoreGlobalIndex(ArrayView<int> view) => view[Grid.GlobalLinearIndex] = Grid.GlobalIndex.X;

    private static void DivideByElement(Index1D index, ArrayView<int> view, int value) => view[index] = value / view[index];

    private struct Nested
    {
        public long Wide;
        public float Value;
    }

    private unsafe struct WithBuffer
    {
        public fixed int Values[3];
        public readonly int Last => Values[2];
    }

    [InlineArray(4)]
    private struct Four
    {
        private int first;
    }

    [StructLayout(LayoutKind.Explicit)]
    private struct Union
    {
        [FieldOffset(0)]
        public long Whole;

        [FieldOffset(0)]
        public int Low;
    }

    private struct Packed
    {
        public byte Small;
        public ArrayView<byte> View;
        public Nested Inner;
        public double Fraction;
    }
}
