using System.Reflection;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Runtime;

namespace GpuVae.Simd.Tests.Runtime;

/// <summary>Every way to load and to launch a kernel, on every accelerator.</summary>
public sealed class LaunchTests
{
    private enum Kind : short
    {
        First = 3,
        Second = -5,
    }

    public static TheoryData<string> Accelerators => TestAccelerators.All;

    [Theory, MemberData(nameof(Accelerators))]
    public void OneDimensionalExtentsCoverEachElementOnce(string name)
    {
        SimdAccelerator accelerator = TestAccelerators.Open(name);
        Action<Index1D, ArrayView<int>, int> automatic = accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>, int>(AddIndex);
        Action<AcceleratorStream, Index1D, ArrayView<int>, int> grouped =
            accelerator.LoadImplicitlyGroupedKernel<Index1D, ArrayView<int>, int>(AddIndex, 96);
        foreach (int length in (int[])[1, 17, 4096, 20_003])
        {
            using MemoryBuffer1D<int, Stride1D.Dense> buffer = accelerator.Allocate1D<int>(length);
            buffer.MemSetToZero();
            automatic(length, buffer.View, 3);
            grouped(accelerator.DefaultStream, length, buffer.View, 4);
            accelerator.Synchronize();
            Assert.Equal(Enumerable.Range(0, length).Select(i => 2 * i + 7), buffer.GetAsArray1D());
        }
    }

    [Theory, MemberData(nameof(Accelerators))]
    public void TwoAndThreeDimensionalExtentsWithTails(string name)
    {
        SimdAccelerator accelerator = TestAccelerators.Open(name);
        using MemoryBuffer2D<int, Stride2D.DenseX> two = accelerator.Allocate2DDenseX<int>(new LongIndex2D(13, 7));
        accelerator.LoadAutoGroupedStreamKernel<Index2D, ArrayView2D<int, Stride2D.DenseX>>(Fill2D)(two.IntExtent, two.View);
        int[,] values = two.GetAsArray2D();
        for (int i = 0; i < 91; i++)
            Assert.Equal(100 * (i / 7) + i % 7, values[i / 7, i % 7]);
        using MemoryBuffer3D<int, Stride3D.DenseZY> three = accelerator.Allocate3DDenseZY<int>(new LongIndex3D(5, 3, 9));
        foreach (int groupSize in (int[])[1, 32])
        {
            three.MemSetToZero();
            accelerator.LoadImplicitlyGroupedStreamKernel<Index3D, ArrayView3D<int, Stride3D.DenseZY>>(Fill3D, groupSize)(
                three.IntExtent, three.View);
            int[,,] cube = three.GetAsArray3D();
            for (int i = 0; i < 135; i++)
                Assert.Equal(10000 * (i / 27) + 100 * (i / 9 % 3) + i % 9, cube[i / 27, i / 9 % 3, i % 9]);
        }
    }

    [Theory, MemberData(nameof(Accelerators))]
    public void GroupsOfOneToThreeDimensionsSeeTheirPlace(string name)
    {
        SimdAccelerator accelerator = TestAccelerators.Open(name);
        Action<KernelConfig, ArrayView<int>> kernel = accelerator.LoadStreamKernel<ArrayView<int>>(CountPlaces);
        foreach (KernelConfig config in (KernelConfig[])
        [
            (7, 33), new(new Index2D(3, 2), new Index2D(4, 9)), new(new Index3D(2, 3, 4), new Index3D(5, 2, 3)),
            (new Index3D(2, 1, 3), 16), new(new Index1D(2), new Index1D(1024)),
        ])
        {
            using MemoryBuffer1D<int, Stride1D.Dense> buffer = accelerator.Allocate1D<int>(config.Size);
            buffer.MemSetToZero();
            kernel(config, buffer.View);
            Assert.All(buffer.GetAsArray1D(), value => Assert.Equal(1, value));
        }
    }

    [Theory, MemberData(nameof(Accelerators))]
    public void DynamicSharedMemoryIsAsLargeAsTheLaunchAsks(string name)
    {
        SimdAccelerator accelerator = TestAccelerators.Open(name);
        using MemoryBuffer1D<int, Stride1D.Dense> buffer = accelerator.Allocate1D<int>(64);
        Action<KernelConfig, ArrayView<int>> kernel = accelerator.LoadStreamKernel<ArrayView<int>>(ReverseInDynamicMemory);
        foreach (int size in (int[])[64, 16, 1])
        {
            kernel((64 / size, size, SharedMemoryConfig.RequestDynamic<int>(size)), buffer.View);
            Assert.Equal(
                Enumerable.Range(0, 64).Select(i => 100 * size + i / size * size + size - 1 - i % size), buffer.GetAsArray1D());
        }
        kernel(new KernelConfig(new Index2D(1, 1), new Index2D(8, 1), new SharedMemoryConfig(16, 2)), buffer.View);
        Assert.Equal([807, 806, 805], buffer.GetAsArray1D()[..3]);
    }

    [Theory, MemberData(nameof(Accelerators))]
    public void StructsEnumsAndEveryScalarArriveUnchanged(string name)
    {
        SimdAccelerator accelerator = TestAccelerators.Open(name);
        using MemoryBuffer1D<double, Stride1D.Dense> buffer = accelerator.Allocate1D<double>(16);
        using MemoryBuffer1D<byte, Stride1D.Dense> bytes = accelerator.Allocate1D(new byte[] { 42, 43 });
        Action<KernelConfig, ArrayView<double>, Packed, Kind, sbyte, ushort, ILGPU.Half, Index2D> kernel =
            accelerator.LoadStreamKernel<ArrayView<double>, Packed, Kind, sbyte, ushort, ILGPU.Half, Index2D>(StoreAll);
        var inner = new Nested { Wide = -(1L << 40), Value = 1.5f };
        var packed = new Packed { Small = 200, View = bytes.View.SubView(1, 1), Inner = inner, Fraction = Math.PI };
        kernel((1, 1), buffer.View, packed, Kind.Second, -7, 65535, (ILGPU.Half)0.5f, new Index2D(11, -12));
        Assert.Equal([200, 43, 1, -(1L << 40), 1.5, Math.PI, -5, -7, 65535, 0.5, 11, -12], buffer.GetAsArray1D()[..12]);
    }

    [Theory, MemberData(nameof(Accelerators))]
    public void SpecializedValuesReachTheKernel(string name)
    {
        SimdAccelerator accelerator = TestAccelerators.Open(name);
        using MemoryBuffer1D<long, Stride1D.Dense> buffer = accelerator.Allocate1D<long>(2);
        Action<KernelConfig, ArrayView<long>, SpecializedValue<int>, SpecializedValue<long>> kernel =
            accelerator.LoadStreamKernel<ArrayView<long>, SpecializedValue<int>, SpecializedValue<long>>(StoreSpecialized);
        foreach (int value in (int[])[1, 9, 1, 4])
        {
            kernel((1, 1), buffer.View, SpecializedValue.New(value), SpecializedValue.New((long)value << 33));
            Assert.Equal([value * (value - 1) / 2, (long)value << 33], buffer.GetAsArray1D());
        }
        Action<Index1D, ArrayView<long>, SpecializedValue<int>> implicitly =
            accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<long>, SpecializedValue<int>>(
            static (i, view, factor) => view[i] = i * factor);
        implicitly(2, buffer.View, SpecializedValue.New(5));
        Assert.Equal([0, 5], buffer.GetAsArray1D());
    }

    [Theory, MemberData(nameof(Accelerators))]
    public void KernelSpecializationsLimitTheGroup(string name)
    {
        SimdAccelerator accelerator = TestAccelerators.Open(name);
        using MemoryBuffer1D<int, Stride1D.Dense> buffer = accelerator.Allocate1D<int>(64);
        buffer.MemSetToZero();
        Action<KernelConfig, ArrayView<int>> kernel =
            accelerator.LoadStreamKernel<ArrayView<int>>(CountPlaces, new KernelSpecialization(32, 2), out KernelInfo? info);
        kernel((2, 32), buffer.View);
        Assert.All(buffer.GetAsArray1D(), value => Assert.Equal(1, value));
        Assert.Equal(32, kernel.GetKernelSpecialization().MaxNumThreadsPerGroup);
        Assert.NotNull(info);
    }

    [Theory, MemberData(nameof(Accelerators))]
    public void ManyParametersAndFew(string name)
    {
        SimdAccelerator accelerator = TestAccelerators.Open(name);
        using MemoryBuffer1D<int, Stride1D.Dense> buffer = accelerator.Allocate1D<int>(1);
        Action<AcceleratorStream, KernelConfig, ArrayView<int>, int, int, int, int, int, int, int, int, int, int, int, int> kernel =
            accelerator.LoadKernel<ArrayView<int>, int, int, int, int, int, int, int, int, int, int, int, int>(Sum);
        kernel(accelerator.DefaultStream, (1, 1), buffer.View, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
        Assert.Equal(78, buffer.GetAsArray1D()[0]);
        accelerator.LoadStreamKernel<int>(static _ => { })((3, 5), 1);
    }

    [Theory, MemberData(nameof(Accelerators))]
    public void GenericKernelsLocalFunctionsAndFunctors(string name)
    {
        SimdAccelerator accelerator = TestAccelerators.Open(name);
        using MemoryBuffer1D<float, Stride1D.Dense> floats = accelerator.Allocate1D<float>(40);
        accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, Scale>(Map<float, Scale>)(40, floats.View, new(2.5f));
        Assert.Equal(Enumerable.Range(0, 40).Select(i => i * 2.5f), floats.GetAsArray1D());
        accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>>(Local)(40, floats.View);
        Assert.All(floats.GetAsArray1D(), value => Assert.Equal(7, value));

        static void Local(Index1D i, ArrayView<float> view) => view[i] = 7;
    }

    [Fact]
    public void KernelsFromMethodsAndBoxedArguments()
    {
        SimdAccelerator accelerator = TestAccelerators.Widest;
        MethodInfo method = typeof(LaunchTests).GetMethod(nameof(StoreGlobalIndex), BindingFlags.Static | BindingFlags.NonPublic)!;
        using MemoryBuffer1D<int, Stride1D.Dense> buffer = accelerator.Allocate1D<int>(12);
        buffer.MemSetToZero();
        CompiledKernel compiled = accelerator.GetBackend().Compile(EntryPointDescription.FromExplicitlyGroupedKernel(method), default);
        Kernel kernel = accelerator.LoadKernel(compiled);
        kernel.Launch(accelerator.DefaultStream, new KernelConfig(3, 4), buffer.View.BaseView);
        Assert.Equal(Enumerable.Range(0, 12), buffer.GetAsArray1D());
        buffer.MemSetToZero();
        Action<AcceleratorStream, KernelConfig, ArrayView<int>> launch =
            kernel.CreateLauncherDelegate<Action<AcceleratorStream, KernelConfig, ArrayView<int>>>();
        launch(accelerator.DefaultStream, (3, 4), buffer.View);
        Assert.Equal(Enumerable.Range(0, 12), buffer.GetAsArray1D());
        Assert.EndsWith("StoreGlobalIndex", compiled.Name);

        var implicitly = EntryPointDescription.FromImplicitlyGroupedKernel(
            typeof(LaunchTests).GetMethod(nameof(AddIndex), BindingFlags.Static | BindingFlags.NonPublic)!);
        Kernel automatic = accelerator.LoadAutoGroupedKernel(accelerator.GetBackend().Compile(implicitly, default), out KernelInfo? info);
        Assert.True(info!.MinGroupSize > 0);
        buffer.MemSetToZero();
        automatic.Launch(accelerator.DefaultStream, 12, buffer.View.BaseView, 3);
        automatic.Launch(accelerator.DefaultStream, new Index1D(12), buffer.View.BaseView, 4);
        Assert.Equal(Enumerable.Range(0, 12).Select(i => 2 * i + 7), buffer.GetAsArray1D());
    }

    [Fact]
    public void LaunchersKnowTheirKernel()
    {
        SimdAccelerator accelerator = TestAccelerators.Widest;
        Action<AcceleratorStream, KernelConfig, ArrayView<int>> launch = accelerator.LoadKernel<ArrayView<int>>(StoreGlobalIndex);
        SimdKernel kernel = Assert.IsType<SimdKernel>(launch.GetKernel());
        Assert.Equal("LaunchTests.StoreGlobalIndex", kernel.Name);
        Assert.Same(launch.GetCompiledKernel(), kernel.CompiledKernel);
        Assert.True(launch.TryGetKernel(out _));
        Assert.False(new Action<int>(static _ => { }).TryGetKernel(out _));
        // Loaded again it is the same kernel: ILGPU keeps what it compiled.
        Assert.Same(kernel.CompiledKernel, accelerator.LoadKernel<ArrayView<int>>(StoreGlobalIndex).GetCompiledKernel());
    }

    [Fact]
    public async Task SeveralStreamsAndThreadsLaunchAtOnce()
    {
        SimdAccelerator accelerator = TestAccelerators.Widest;
        Action<AcceleratorStream, Index1D, ArrayView<int>, int> kernel =
            accelerator.LoadAutoGroupedKernel<Index1D, ArrayView<int>, int>(AddIndex);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(worker => Task.Run(() =>
        {
            using AcceleratorStream stream = accelerator.CreateStream();
            using MemoryBuffer1D<int, Stride1D.Dense> buffer = accelerator.Allocate1D<int>(10_000);
            buffer.MemSetToZero(stream);
            for (int i = 0; i < 50; i++)
                kernel(stream, 10_000, buffer.View, worker);
            stream.Synchronize();
            int[] values = new int[10_000];
            buffer.View.CopyToCPU(stream, values);
            Assert.Equal(Enumerable.Range(0, 10_000).Select(i => 50 * (i + worker)), values);
        })));
    }

    [Fact]
    public void LaunchesDoNotAllocate()
    {
        SimdAccelerator accelerator = TestAccelerators.Widest;
        using MemoryBuffer1D<int, Stride1D.Dense> buffer = accelerator.Allocate1D<int>(1000);
        buffer.MemSetToZero();
        Action<Index1D, ArrayView<int>, int> extent = accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>, int>(AddIndex);
        Action<KernelConfig, ArrayView<int>> grouped = accelerator.LoadStreamKernel<ArrayView<int>>(StoreGlobalIndex);
        void LaunchAll()
        {
            extent(buffer.IntExtent, buffer.View, 1);
            grouped((10, 100), buffer.View);
        }
        LaunchAll();
        LaunchAll();
        Assert.Equal(0, Allocations.Of(() =>
        {
            for (int i = 0; i < 100; i++)
                LaunchAll();
        }));
    }

    private static void AddIndex(Index1D index, ArrayView<int> view, int value) => view[index] += index + value;

    private static void Fill2D(Index2D index, ArrayView2D<int, Stride2D.DenseX> view) => view[index] = 100 * index.X + index.Y;

    private static void Fill3D(Index3D index, ArrayView3D<int, Stride3D.DenseZY> view) =>
        view[index.X, index.Y, index.Z] = 10000 * index.X + 100 * index.Y + index.Z;

    private static void CountPlaces(ArrayView<int> counts)
    {
        Index3D global = Grid.GlobalIndex;
        var extent = new Index3D(Grid.DimX * Group.DimX, Grid.DimY * Group.DimY, Grid.DimZ * Group.DimZ);
        Atomic.Add(ref counts[((global.Z * extent.Y) + global.Y) * extent.X + global.X], 1);
    }

    private static void ReverseInDynamicMemory(ArrayView<int> result)
    {
        ArrayView<int> shared = SharedMemory.GetDynamic<int>();
        int thread = Group.IdxX;
        shared[thread] = Grid.IdxX * Group.DimX + thread;
        Group.Barrier();
        result[Grid.IdxX * Group.DimX + thread] = shared[Group.DimX - 1 - thread] + 100 * shared.IntLength;
    }

    private static void StoreAll(
        ArrayView<double> result, Packed packed, Kind kind, sbyte small, ushort large, ILGPU.Half half, Index2D index)
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

    private static void StoreSpecialized(ArrayView<long> result, SpecializedValue<int> count, SpecializedValue<long> value)
    {
        ArrayView<int> local = LocalMemory.Allocate<int>(count);
        for (int i = 0; i < count; i++)
            local[i] = i;
        long sum = 0;
        for (int i = 0; i < count; i++)
            sum += local[i];
        result[0] = sum;
        result[1] = value.Value;
    }

    private static void Sum(ArrayView<int> result, int a, int b, int c, int d, int e, int f, int g, int h, int i, int j, int k, int l) =>
        result[0] = a + b + c + d + e + f + g + h + i + j + k + l;

    private static void StoreGlobalIndex(ArrayView<int> view) => view[Grid.GlobalLinearIndex] = Grid.GlobalIndex.X;

    private static void Map<T, TFunction>(Index1D i, ArrayView<T> view, TFunction function)
        where T : unmanaged
        where TFunction : struct, IFunction<T> => view[i] = function.At(i);

    private interface IFunction<T>
    {
        T At(int i);
    }

    private readonly struct Scale(float factor) : IFunction<float>
    {
        public float At(int i) => factor * i;
    }

    private struct Nested
    {
        public long Wide;
        public float Value;
    }

    private struct Packed
    {
        public byte Small;
        public ArrayView<byte> View;
        public Nested Inner;
        public double Fraction;
    }
}
