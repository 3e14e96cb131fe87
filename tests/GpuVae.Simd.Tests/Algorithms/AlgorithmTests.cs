using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Algorithms.HistogramOperations;
using ILGPU.Algorithms.RadixSortOperations;
using ILGPU.Algorithms.Random;
using ILGPU.Algorithms.ScanReduceOperations;
using ILGPU.Algorithms.Sequencers;
using ILGPU.Runtime;

namespace GpuVae.Simd.Tests.Algorithms;

/// <summary>The accelerator-wide algorithms of ILGPU.Algorithms at every width, against plain loops.</summary>
public sealed class AlgorithmTests
{
    // In checked mode ILGPU's scans are accused with reason: they read shared memory that others write with no barrier between.
    public static TheoryData<string, int> Widths
    {
        get
        {
            var cases = new TheoryData<string, int>();
            foreach (string name in TestAccelerators.Widths)
            {
                foreach (int length in (int[])[1, 255, 5003])
                    cases.Add(name, length);
            }
            return cases;
        }
    }

    /// <summary>The checked mode, too; its interpreter is slow.</summary>
    public static TheoryData<string, int> Cases
    {
        get
        {
            TheoryData<string, int> cases = Widths;
            cases.Add("checked", 67);
            return cases;
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void InitializeSequenceAndTransform(string name, int length)
    {
        SimdAccelerator accelerator = TestAccelerators.Open(name);
        AcceleratorStream stream = accelerator.DefaultStream;
        using MemoryBuffer1D<int, Stride1D.Dense> source = accelerator.Allocate1D<int>(length);
        using MemoryBuffer1D<long, Stride1D.Dense> target = accelerator.Allocate1D<long>(length);
        accelerator.Initialize(stream, source.View.BaseView, -7);
        Assert.All(source.GetAsArray1D(), value => Assert.Equal(-7, value));
        accelerator.CreateInitializer<int, Stride1D.Dense>()(stream, source.View, 5);
        Assert.All(source.GetAsArray1D(), value => Assert.Equal(5, value));
        accelerator.RepeatedSequence(stream, source.View.BaseView, 7, default(Odd));
        Assert.Equal(Enumerable.Range(0, length).Select(i => 2 * (i % 7) + 1), source.GetAsArray1D());
        accelerator.BatchedSequence(stream, source.View.BaseView, 3, default(Odd));
        Assert.Equal(Enumerable.Range(0, length).Select(i => 2 * (i / 3) + 1), source.GetAsArray1D());
        accelerator.Sequence(stream, source.View.BaseView, default(Odd));
        accelerator.Transform(stream, source.View.BaseView, target.View.BaseView, default(Square));
        Assert.Equal(Enumerable.Range(0, length).Select(i => (2L * i + 1) * (2 * i + 1)), target.GetAsArray1D());
    }

    [Theory, MemberData(nameof(Cases))]
    public void GridStrideKernelsVisitEachElementOnce(string name, int length)
    {
        SimdAccelerator accelerator = TestAccelerators.Open(name);
        using MemoryBuffer1D<int, Stride1D.Dense> buffer = accelerator.Allocate1D<int>(length);
        buffer.MemSetToZero();
        accelerator.LaunchGridStride(length, new Count(buffer.View));
        accelerator.LoadGridStrideKernel<Count>()(accelerator.DefaultStream, length, new(buffer.View));
        Assert.All(buffer.GetAsArray1D(), value => Assert.Equal(2, value));
    }

    [Theory, MemberData(nameof(Cases))]
    public async Task Reductions(string name, int length)
    {
        SimdAccelerator accelerator = TestAccelerators.Open(name);
        AcceleratorStream stream = accelerator.DefaultStream;
        int[] data = Numbers(length);
        using MemoryBuffer1D<int, Stride1D.Dense> source = accelerator.Allocate1D(data);
        ArrayView<int> view = source.View;
        Assert.Equal(data.Sum(), accelerator.Reduce<int, AddInt32>(stream, view));
        Assert.Equal(data.Max(), accelerator.Reduce<int, MaxInt32>(stream, view));
        Assert.Equal(data.Min(), await accelerator.ReduceAsync<int, MinInt32>(stream, view));
        using MemoryBuffer1D<double, Stride1D.Dense> doubles = accelerator.Allocate1D<double>([.. data.Select(v => (double)v)]);
        Assert.Equal(data.Sum(), accelerator.Reduce<double, AddDouble>(stream, doubles.View.BaseView));
        using MemoryBuffer1D<long, Stride1D.Dense> longs = accelerator.Allocate1D<long>([.. data.Select(v => v * 3L)]);
        Assert.Equal(data.Max() * 3L, accelerator.Reduce<long, MaxInt64>(stream, longs.View.BaseView));
        using MemoryBuffer1D<float, Stride1D.Dense> floats = accelerator.Allocate1D<float>([.. data.Select(v => (float)v)]);
        Assert.Equal(data.Min(), accelerator.Reduce<float, MinFloat>(stream, floats.View.BaseView));
    }

    [Theory, MemberData(nameof(Widths))]
    public void Scans(string name, int length)
    {
        SimdAccelerator accelerator = TestAccelerators.Open(name);
        int[] data = Numbers(length);
        using MemoryBuffer1D<int, Stride1D.Dense> source = accelerator.Allocate1D(data);
        using MemoryBuffer1D<int, Stride1D.Dense> target = accelerator.Allocate1D<int>(length);
        using MemoryBuffer1D<int, Stride1D.Dense> temporary =
            accelerator.Allocate1D<int>(accelerator.ComputeScanTempStorageSize<int>(length));
        int[] inclusive = new int[length], exclusive = new int[length];
        for (int i = 0, sum = 0; i < length; i++)
        {
            exclusive[i] = sum;
            inclusive[i] = sum += data[i];
        }
        accelerator.CreateScan<int, Stride1D.Dense, Stride1D.Dense, AddInt32>(ScanKind.Inclusive)(
            accelerator.DefaultStream, source.View, target.View, temporary.View);
        Assert.Equal(inclusive, target.GetAsArray1D());
        accelerator.CreateScan<int, Stride1D.Dense, Stride1D.Dense, AddInt32>(ScanKind.Exclusive)(
            accelerator.DefaultStream, source.View, target.View, temporary.View);
        Assert.Equal(exclusive, target.GetAsArray1D());
        using ScanProvider provider = accelerator.CreateScanProvider<int>(length);
        provider.CreateScan<int, Stride1D.Dense, Stride1D.Dense, AddInt32>(ScanKind.Inclusive)(
            accelerator.DefaultStream, source.View, target.View);
        Assert.Equal(inclusive, target.GetAsArray1D());
    }

    [Theory, MemberData(nameof(Widths))]
    public void RadixSort(string name, int length)
    {
        SimdAccelerator accelerator = TestAccelerators.Open(name);
        AcceleratorStream stream = accelerator.DefaultStream;
        int[] data = Numbers(length);
        using MemoryBuffer1D<int, Stride1D.Dense> keys = accelerator.Allocate1D(data);
        using MemoryBuffer1D<int, Stride1D.Dense> temporary =
            accelerator.Allocate1D<int>(accelerator.ComputeRadixSortTempStorageSize<int, AscendingInt32>(length));
        accelerator.CreateRadixSort<int, Stride1D.Dense, AscendingInt32>()(stream, keys.View, temporary.View);
        Assert.Equal(data.Order(), keys.GetAsArray1D());
        accelerator.CreateRadixSort<int, Stride1D.Dense, DescendingInt32>()(stream, keys.View, temporary.View);
        Assert.Equal(data.OrderDescending(), keys.GetAsArray1D());

        // ILGPU's operations for floats sort negative ones the wrong way round: their shift of the sign is a logical one.
        float[] floats = [.. data.Select(v => Math.Abs(v) * 0.37f)];
        using MemoryBuffer1D<float, Stride1D.Dense> floatKeys = accelerator.Allocate1D(floats);
        using RadixSortProvider provider = accelerator.CreateRadixSortProvider<float, AscendingFloat>(length);
        provider.CreateRadixSort<float, Stride1D.Dense, AscendingFloat>()(stream, floatKeys.View);
        Assert.Equal(floats.Order(), floatKeys.GetAsArray1D());
    }

    [Theory, MemberData(nameof(Widths))]
    public void RadixSortOfPairs(string name, int length)
    {
        SimdAccelerator accelerator = TestAccelerators.Open(name);
        AcceleratorStream stream = accelerator.DefaultStream;
        int[] data = Numbers(length);
        using MemoryBuffer1D<int, Stride1D.Dense> keys = accelerator.Allocate1D(data);
        using MemoryBuffer1D<double, Stride1D.Dense> values =
            accelerator.Allocate1D<double>([.. Enumerable.Range(0, length).Select(i => i * 0.5)]);
        using MemoryBuffer1D<int, Stride1D.Dense> temporary = accelerator.Allocate1D<int>(
            accelerator.ComputeRadixSortPairsTempStorageSize<int, double, AscendingInt32>(length));
        accelerator.CreateRadixSortPairs<int, Stride1D.Dense, double, Stride1D.Dense, AscendingInt32>()(
            stream, keys.View, values.View, temporary.View);
        // A radix sort is stable.
        int[] order = [.. Enumerable.Range(0, length).OrderBy(i => data[i])];
        Assert.Equal(order.Select(i => data[i]), keys.GetAsArray1D());
        Assert.Equal(order.Select(i => i * 0.5), values.GetAsArray1D());
    }

    [Theory, MemberData(nameof(Cases))]
    public void UniqueHistogramAndReorder(string name, int length)
    {
        SimdAccelerator accelerator = TestAccelerators.Open(name);
        AcceleratorStream stream = accelerator.DefaultStream;
        int[] data = [.. Numbers(length).Select(v => (v & 15) / 5)];
        using MemoryBuffer1D<int, Stride1D.Dense> source = accelerator.Allocate1D(data);
        using MemoryBuffer1D<int, Stride1D.Dense> bins = accelerator.Allocate1D<int>(4);
        using MemoryBuffer1D<int, Stride1D.Dense> overflow = accelerator.Allocate1D<int>(1);
        bins.MemSetToZero();
        overflow.MemSetToZero();
        accelerator.Histogram<int, Stride1D.Dense, Bin>(stream, source.View, bins.View, overflow.View);
        Assert.Equal(Enumerable.Range(0, 4).Select(b => data.Count(v => v == b)), bins.GetAsArray1D());
        Assert.Equal(0, overflow.GetAsArray1D()[0]);
        accelerator.HistogramUnchecked<int, Stride1D.Dense, int, HistogramIncrementInt32, EveryBin>(
            stream, source.View, bins.View);
        Assert.Equal(Enumerable.Range(0, 4).Select(b => data.Count(v => v == b) + (b == 0 ? 0 : length)), bins.GetAsArray1D());

        Index1D[] order = [.. Enumerable.Range(0, length).Select(i => new Index1D((int)(i * 7L % length)))];
        using MemoryBuffer1D<Index1D, Stride1D.Dense> reorder = accelerator.Allocate1D(order);
        using MemoryBuffer1D<int, Stride1D.Dense> target = accelerator.Allocate1D<int>(length);
        accelerator.Reorder(stream, source.View.BaseView, target.View.BaseView, reorder.View.BaseView);
        Assert.Equal(order.Select(i => data[i]), target.GetAsArray1D());

        List<int> unique = [data[0]];
        foreach (int value in data)
        {
            if (value != unique[^1])
                unique.Add(value);
        }
        Assert.Equal(unique.Count, accelerator.Unique(stream, source.View.BaseView));
        Assert.Equal(unique, source.GetAsArray1D()[..unique.Count]);
    }

    [Theory, MemberData(nameof(Cases))]
    public void RandomNumbersAreThoseOfTheGenerator(string name, int length)
    {
        SimdAccelerator accelerator = TestAccelerators.Open(name);
        using MemoryBuffer1D<XorShift64Star, Stride1D.Dense> seeds = accelerator.Allocate1D<XorShift64Star>(
            [.. Enumerable.Range(0, length).Select(i => new XorShift64Star((ulong)i + 1))]);
        using MemoryBuffer1D<float, Stride1D.Dense> results = accelerator.Allocate1D<float>(length);
        accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<XorShift64Star>, ArrayView<float>>(Draw)(
            length, seeds.View, results.View);
        float[] expected = new float[length];
        for (int i = 0; i < length; i++)
        {
            var generator = new XorShift64Star((ulong)i + 1);
            for (int k = 0; k < 3; k++)
                expected[i] += generator.NextFloat() + (generator.Next() & 1) + (generator.NextLong() & 2);
        }
        Assert.Equal(expected, results.GetAsArray1D());
    }

    [Theory, MemberData(nameof(Cases))]
    public void GeneratorsFillViewsUniformly(string name, int length)
    {
        SimdAccelerator accelerator = TestAccelerators.Open(name);
        using var rng = RNG.Create<XorShift128Plus>(accelerator, new Random(3));
        using MemoryBuffer1D<float, Stride1D.Dense> floats = accelerator.Allocate1D<float>(length);
        using MemoryBuffer1D<long, Stride1D.Dense> longs = accelerator.Allocate1D<long>(length);
        rng.FillUniform(accelerator.DefaultStream, floats.View);
        rng.FillUniform(accelerator.DefaultStream, longs.View);
        float[] values = floats.GetAsArray1D();
        Assert.All(values, value => Assert.InRange(value, 0f, 1f));
        Assert.All(longs.GetAsArray1D(), value => Assert.True(value >= 0));
        // 8 standard deviations of the mean of so many uniform numbers.
        if (length > 1000)
            Assert.Equal(0.5, values.Average(), 8 * Math.Sqrt(1.0 / 12 / length));
    }

    private static int[] Numbers(int length)
    {
        var random = new Random(length);
        return [.. Enumerable.Range(0, length).Select(_ => random.Next(-1000, 1000))];
    }

    private static void Draw(Index1D i, ArrayView<XorShift64Star> generators, ArrayView<float> results)
    {
        XorShift64Star generator = generators[i];
        float sum = 0;
        for (int k = 0; k < 3; k++)
            sum += generator.NextFloat() + (generator.Next() & 1) + (generator.NextLong() & 2);
        generators[i] = generator;
        results[i] = sum;
    }

    private readonly struct Odd : ISequencer<int>
    {
        public int ComputeSequenceElement(LongIndex1D sequenceIndex) => 2 * (int)sequenceIndex.X + 1;
    }

    private readonly struct Square : ITransformer<int, long>
    {
        public long Transform(int value) => (long)value * value;
    }

    private readonly struct Bin : IComputeSingleBinOperation<int, Index1D>
    {
        public Index1D ComputeHistogramBin(int value, Index1D numBins) => value % numBins;
    }

    /// <summary>Counts the value in every bin but the first.</summary>
    private readonly struct EveryBin : IComputeMultiBinOperation<int, int, HistogramIncrementInt32>
    {
        public void ComputeHistogramBins(
            int value, ArrayView<int> histogram, in HistogramIncrementInt32 incrementOperation, out bool incrementOverflow)
        {
            incrementOverflow = false;
            for (int i = 1; i < histogram.IntLength; i++)
                incrementOperation.Increment(ref histogram[i], out incrementOverflow);
        }
    }

    private readonly struct Count(ArrayView<int> counts) : IGridStrideKernelBody
    {
        // The loop runs up to whole warps, and leaves it to the body to stop at the end.
        public void Execute(LongIndex1D linearIndex)
        {
            if (linearIndex < counts.Length)
                Atomic.Add(ref counts[linearIndex], 1);
        }

        public void Finish()
        {
        }
    }
}
