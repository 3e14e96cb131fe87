using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Algorithms.Random;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace GpuVae.Simd.Tests.Runtime;

/// <summary>What can be handed to a kernel: views of structs, structs of views, tuples, generators, memory of others.</summary>
public sealed class ArgumentTests
{
    private enum Kind : byte
    {
        Even,
        Odd,
    }

    public static TheoryData<string> Accelerators => TestAccelerators.All;

    [Theory, MemberData(nameof(Accelerators))]
    public void ViewsOfStructsWithPaddingNestingAndEnums(string name)
    {
        SimdAccelerator accelerator = TestAccelerators.Open(name);
        Particle[] particles = [.. Enumerable.Range(0, 37).Select(i => new Particle((byte)i, i * 0.5, (short)-i, Kind.Even, (i, i * 2f)))];
        using MemoryBuffer1D<Particle, Stride1D.Dense> buffer = accelerator.Allocate1D(particles);
        using MemoryBuffer1D<Kind, Stride1D.Dense> kinds = accelerator.Allocate1D<Kind>(37);
        using MemoryBuffer1D<Index2D, Stride1D.Dense> indices = accelerator.Allocate1D<Index2D>(37);
        accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<Particle>, ArrayView<Kind>, ArrayView<Index2D>>(Move)(
            37, buffer.View, kinds.View, indices.View);
        Assert.Equal(
            particles.Select(p => p with { Mass = p.Mass + p.Charge, Kind = (Kind)(p.Id & 1), Place = (p.Id + 1, p.Place.Y * 3) }),
            buffer.GetAsArray1D());
        Assert.Equal(particles.Select(p => (Kind)(p.Id & 1)), kinds.GetAsArray1D());
        Assert.Equal(particles.Select(p => new Index2D(p.Id, -p.Id)), indices.GetAsArray1D());
    }

    [Theory, MemberData(nameof(Accelerators))]
    public void StructsOfViewsVariablesAndFunctors(string name)
    {
        SimdAccelerator accelerator = TestAccelerators.Open(name);
        using MemoryBuffer2D<float, Stride2D.DenseX> matrix = accelerator.Allocate2DDenseX<float>(new LongIndex2D(8, 5));
        using MemoryBuffer1D<int, Stride1D.Dense> count = accelerator.Allocate1D<int>(1);
        using MemoryBuffer1D<float, Stride1D.Dense> sums = accelerator.Allocate1D<float>(8);
        matrix.MemSetToZero();
        count.MemSetToZero();
        var job = new Job<Twice>
        {
            Matrix = matrix.View,
            Count = count.View.VariableView(0),
            Result = new() { Sums = sums.View },
            Function = new(1.5f),
        };
        accelerator.LoadAutoGroupedStreamKernel<Index1D, Job<Twice>, (int First, float Step)>(Fill)(8, job, (2, 0.25f));
        Assert.Equal(8, count.GetAsArray1D()[0]);
        IEnumerable<float> expected = Enumerable.Range(0, 8).Select(x => Enumerable.Range(0, 5).Sum(y => 2 * (2 + x + y * 0.25f) + 1.5f));
        Assert.Equal(expected, sums.GetAsArray1D());
    }

    [Theory, MemberData(nameof(Accelerators))]
    public void GeneratorsOfAWarpServeItsLanes(string name)
    {
        SimdAccelerator accelerator = TestAccelerators.Open(name);
        using var rng = RNG.Create<XorShift128>(accelerator, new Random(5));
        using MemoryBuffer1D<double, Stride1D.Dense> values = accelerator.Allocate1D<double>(128);
        RNGView<XorShift128> view = ((RNG<XorShift128>)rng).GetViewViaThreads(128);
        accelerator.LoadStreamKernel<RNGView<XorShift128>, ArrayView<double>>(
            static (generators, result) => result[Grid.GlobalLinearIndex] = generators.NextDouble())((2, 64), view, values.View);
        double[] drawn = values.GetAsArray1D();
        Assert.All(drawn, value => Assert.InRange(value, 0, 1));
        Assert.True(drawn.Distinct().Count() > 120);
    }

    [Fact]
    public void MemoryOfTheHostAndOfILGPUsAcceleratorIsReachedWherePeersMay()
    {
        SimdAccelerator accelerator = TestAccelerators.Widest;
        CPUAccelerator cpu = TestAccelerators.Reference();
        accelerator.EnablePeerAccess(cpu);
        int[] host = GC.AllocateArray<int>(10, pinned: true);
        unsafe
        {
            fixed (int* address = host)
            {
                using var wrapped = CPUMemoryBuffer.Create(cpu, (nint)address, 10, sizeof(int));
                accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>>(static (i, view) => view[i] = i * i)(
                    10, wrapped.AsArrayView<int>(0, 10));
            }
        }
        accelerator.DisablePeerAccess(cpu);
        Assert.Equal(Enumerable.Range(0, 10).Select(i => i * i), host);
    }

    [Fact]
    public void RawBuffersAreSeenAsViews()
    {
        SimdAccelerator accelerator = TestAccelerators.Widest;
        using MemoryBuffer raw = accelerator.AllocateRaw(8, sizeof(long));
        ArrayView<long> longs = raw.AsArrayView<long>(0, 8);
        accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<long>>(static (i, view) => view[i] = i)(8, longs);
        Assert.Equal([0, 1, 2, 3], raw.AsArrayView<long>(0, 4).GetAsArray());
        Assert.Equal(64, raw.LengthInBytes);
    }

    [Fact]
    public void StreamsWorkConcurrently()
    {
        SimdAccelerator accelerator = TestAccelerators.Widest;
        using MemoryBuffer1D<int, Stride1D.Dense> buffer = accelerator.Allocate1D<int>(1000);
        Action<AcceleratorStream, Index1D, ArrayView<int>, int> kernel =
            accelerator.LoadAutoGroupedKernel<Index1D, ArrayView<int>, int>(static (i, view, value) => view[i] = value);
        using var processor = new ConcurrentStreamProcessor(accelerator, 4);
        processor.ProcessConcurrently(10, (stream, i) => kernel(stream, 100, buffer.View.SubView(100 * i, 100), i));
        Assert.Equal(Enumerable.Range(0, 1000).Select(i => i / 100), buffer.GetAsArray1D());
    }

    /// <summary>An empty view has no address; what reads it is reported, on workers, too.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(50_000)]
    public void ReadingAnEmptyViewIsAnException(int length)
    {
        SimdAccelerator accelerator = TestAccelerators.Widest;
        using MemoryBuffer1D<int, Stride1D.Dense> target = accelerator.Allocate1D<int>(length);
        Action<Index1D, ArrayView<int>, ArrayView<int>> kernel =
            accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>, ArrayView<int>>(
            static (i, from, to) => to[i] = from[i & 63]);
        Assert.Throws<SimdAcceleratorException>(() => kernel(length, ArrayView<int>.Empty, target.View));
        using MemoryBuffer1D<int, Stride1D.Dense> source = accelerator.Allocate1D(new int[64]);
        kernel(length, source.View, target.View);
        Assert.All(target.GetAsArray1D(), value => Assert.Equal(0, value));
    }

    private static void Move(Index1D i, ArrayView<Particle> particles, ArrayView<Kind> kinds, ArrayView<Index2D> indices)
    {
        Particle particle = particles[i];
        Kind kind = (particle.Id & 1) != 0 ? Kind.Odd : Kind.Even;
        particles[i].Kind = kind;
        particles[i].Mass = particle.Mass + particle.Charge;
        ref (int X, float Y) place = ref particles[i].Place;
        place.X = particle.Id + 1;
        place.Y *= 3;
        kinds[i] = kind;
        indices[i] = new Index2D(particle.Id, -particle.Id);
    }

    private static void Fill<TFunction>(Index1D x, Job<TFunction> job, (int First, float Step) start) where TFunction : struct, IFunction
    {
        float sum = 0;
        for (int y = 0; y < job.Matrix.IntExtent.Y; y++)
        {
            job.Matrix[x, y] = job.Function.At(start.First + x + y * start.Step);
            sum += job.Matrix[x, y];
        }
        job.Result.Sums[x] = sum;
        Atomic.Add(ref job.Count.Value, 1);
    }

    private interface IFunction
    {
        float At(float x);
    }

    private readonly struct Twice(float bias) : IFunction
    {
        public float At(float x) => 2 * x + bias;
    }

    private record struct Particle(byte Id, double Mass, short Charge, Kind Kind, (int X, float Y) Place)
    {
        public byte Id = Id;
        public double Mass = Mass;
        public short Charge = Charge;
        public Kind Kind = Kind;
        public (int X, float Y) Place = Place;
    }

    private struct Result
    {
        public ArrayView<float> Sums;
    }

    private struct Job<TFunction> where TFunction : struct, IFunction
    {
        public ArrayView2D<float, Stride2D.DenseX> Matrix;
        public VariableView<int> Count;
        public Result Result;
        public TFunction Function;
    }
}
