using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Simd.Tests.Kernels;

/// <summary>
/// Runs each of <see cref="DeviceKernels"/> on an accelerator and returns what it wrote, for comparison between accelerators.
/// </summary>
internal static class KernelSuite
{
    private const int Count = 512;

    private static readonly int[] Integers = MakeIntegers();
    private static readonly float[] Floats = MakeFloats();
    private static readonly float[] Moderate = [.. Enumerable.Range(0, Count).Select(i => (i - Count / 2) * 0.0713f)];

    /// <summary>The runs: name, ULPs by which floats may differ, the run.</summary>
    public static readonly IReadOnlyDictionary<string, (int Ulps, Func<Accelerator, Array[]> Run)> Runs =
        new Dictionary<string, (int, Func<Accelerator, Array[]>)>
        {
            ["Integers"] = (0, a =>
            {
                using MemoryBuffer1D<int, Stride1D.Dense> x = a.Allocate1D(Integers);
                using MemoryBuffer1D<int, Stride1D.Dense> y = a.Allocate1D(Rotated(Integers, 37));
                using MemoryBuffer1D<int, Stride1D.Dense> r = a.Allocate1D<int>(Count * DeviceKernels.IntegerResults);
                a.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>, ArrayView<int>, ArrayView<int>>(DeviceKernels.Integers)(
                    Count, x.View, y.View, r.View);
                return [r.GetAsArray1D()];
            }
            ),
            ["Longs"] = (0, a =>
            {
                long[] longs = [.. Integers.Select((v, i) => (long)v * Integers[^(i + 1)] + i)];
                using MemoryBuffer1D<long, Stride1D.Dense> x = a.Allocate1D(longs);
                using MemoryBuffer1D<long, Stride1D.Dense> y = a.Allocate1D(Rotated(longs, 11));
                using MemoryBuffer1D<long, Stride1D.Dense> r = a.Allocate1D<long>(Count * DeviceKernels.LongResults);
                a.LoadAutoGroupedStreamKernel<Index1D, ArrayView<long>, ArrayView<long>, ArrayView<long>>(DeviceKernels.Longs)(
                    Count, x.View, y.View, r.View);
                return [r.GetAsArray1D()];
            }
            ),
            ["Narrow"] = (0, a =>
            {
                using MemoryBuffer1D<byte, Stride1D.Dense> x = a.Allocate1D<byte>([.. Integers.Select(v => (byte)v)]);
                using MemoryBuffer1D<short, Stride1D.Dense> y = a.Allocate1D<short>([.. Integers.Select(v => (short)(v >> 3))]);
                using MemoryBuffer1D<sbyte, Stride1D.Dense> z = a.Allocate1D<sbyte>([.. Integers.Select(v => (sbyte)(v >> 5))]);
                using MemoryBuffer1D<int, Stride1D.Dense> r = a.Allocate1D<int>(Count * DeviceKernels.NarrowResults);
                using MemoryBuffer1D<byte, Stride1D.Dense> bytes = a.Allocate1D<byte>(Count);
                a.LoadAutoGroupedStreamKernel<Index1D, ArrayView<byte>, ArrayView<short>, ArrayView<sbyte>, ArrayView<int>,
                    ArrayView<byte>>(
                    DeviceKernels.Narrow)(Count, x.View, y.View, z.View, r.View, bytes.View);
                return [r.GetAsArray1D(), bytes.GetAsArray1D()];
            }
            ),
            ["Floats"] = (0, a =>
            {
                using MemoryBuffer1D<float, Stride1D.Dense> x = a.Allocate1D(Floats);
                using MemoryBuffer1D<float, Stride1D.Dense> y = a.Allocate1D(Rotated(Floats, 5));
                using MemoryBuffer1D<float, Stride1D.Dense> r = a.Allocate1D<float>(Count * DeviceKernels.FloatResults);
                a.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>>(DeviceKernels.Floats)(
                    Count, x.View, y.View, r.View);
                return [r.GetAsArray1D()];
            }
            ),
            ["Doubles"] = (0, a =>
            {
                double[] doubles = [.. Floats.Select((v, i) => v * (1 + i * 1e-9))];
                using MemoryBuffer1D<double, Stride1D.Dense> x = a.Allocate1D(doubles);
                using MemoryBuffer1D<double, Stride1D.Dense> y = a.Allocate1D(Rotated(doubles, 5));
                using MemoryBuffer1D<double, Stride1D.Dense> r = a.Allocate1D<double>(Count * 8);
                a.LoadAutoGroupedStreamKernel<Index1D, ArrayView<double>, ArrayView<double>, ArrayView<double>>(DeviceKernels.Doubles)(
                    Count, x.View, y.View, r.View);
                return [r.GetAsArray1D()];
            }
            ),
            ["Conversions"] = (0, a =>
            {
                using MemoryBuffer1D<float, Stride1D.Dense> x = a.Allocate1D(Floats);
                using MemoryBuffer1D<double, Stride1D.Dense> y = a.Allocate1D<double>([.. Floats.Select(v => v * 1.5)]);
                using MemoryBuffer1D<int, Stride1D.Dense> z = a.Allocate1D(Integers);
                using MemoryBuffer1D<long, Stride1D.Dense> r = a.Allocate1D<long>(Count * DeviceKernels.ConversionResults);
                using MemoryBuffer1D<float, Stride1D.Dense> f = a.Allocate1D<float>(Count * 4);
                a.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<double>, ArrayView<int>, ArrayView<long>,
                    ArrayView<float>>(
                    DeviceKernels.Conversions)(Count, x.View, y.View, z.View, r.View, f.View);
                return [r.GetAsArray1D(), f.GetAsArray1D()];
            }
            ),
            ["Functions"] = (16, a =>
            {
                using MemoryBuffer1D<float, Stride1D.Dense> x = a.Allocate1D(Moderate);
                using MemoryBuffer1D<float, Stride1D.Dense> r = a.Allocate1D<float>(Count * DeviceKernels.MathResults);
                a.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>>(DeviceKernels.Functions)(Count, x.View, r.View);
                return [r.GetAsArray1D()];
            }
            ),
            ["DoubleFunctions"] = (16, a =>
            {
                using MemoryBuffer1D<double, Stride1D.Dense> x = a.Allocate1D<double>([.. Moderate.Select(v => (double)v)]);
                using MemoryBuffer1D<double, Stride1D.Dense> r = a.Allocate1D<double>(Count * 6);
                a.LoadAutoGroupedStreamKernel<Index1D, ArrayView<double>, ArrayView<double>>(DeviceKernels.DoubleFunctions)(Count,
                    x.View, r.View);
                return [r.GetAsArray1D()];
            }
            ),
            ["ControlFlow"] = (0, a => MapIntegers(a, DeviceKernels.ControlFlow)),
            ["LocalArrays"] = (0, a => MapIntegers(a, DeviceKernels.LocalArrays)),
            ["GroupOperations"] = (0, a =>
            {
                using MemoryBuffer1D<int, Stride1D.Dense> x = a.Allocate1D(Integers);
                using MemoryBuffer1D<int, Stride1D.Dense> r = a.Allocate1D<int>(Count);
                a.LoadStreamKernel<ArrayView<int>, ArrayView<int>>(DeviceKernels.GroupOperations)((Count / 64, 64), x.View, r.View);
                return [r.GetAsArray1D()];
            }
            ),
            ["LoopedBarriers"] = (0, a =>
            {
                using MemoryBuffer1D<int, Stride1D.Dense> x = a.Allocate1D(Integers);
                using MemoryBuffer1D<int, Stride1D.Dense> totals = a.Allocate1D<int>([.. Enumerable.Range(1, 256)]);
                a.LoadStreamKernel<ArrayView<int>, ArrayView<int>, int>(DeviceKernels.LoopedBarriers)((4, 64), x.View, totals.View, 300);
                return [totals.GetAsArray1D()];
            }
            ),
            ["DynamicShared"] = (0, a =>
            {
                using MemoryBuffer1D<float, Stride1D.Dense> x = a.Allocate1D(Moderate);
                using MemoryBuffer1D<float, Stride1D.Dense> r = a.Allocate1D<float>(Count);
                a.LoadStreamKernel<ArrayView<float>, ArrayView<float>>(DeviceKernels.DynamicShared)(
                    (Count / 64, 64, SharedMemoryConfig.RequestDynamic<float>(64)), x.View, r.View);
                return [r.GetAsArray1D()];
            }
            ),
            ["Shuffles"] = (8, a =>
            {
                using MemoryBuffer1D<int, Stride1D.Dense> x = a.Allocate1D(Integers);
                using MemoryBuffer1D<float, Stride1D.Dense> f = a.Allocate1D(Moderate);
                using MemoryBuffer1D<int, Stride1D.Dense> r = a.Allocate1D<int>(Count * DeviceKernels.ShuffleResults);
                using MemoryBuffer1D<float, Stride1D.Dense> sums = a.Allocate1D<float>(Count);
                a.LoadStreamKernel<ArrayView<int>, ArrayView<float>, ArrayView<int>, ArrayView<float>>(DeviceKernels.Shuffles)(
                    (Count / 64, 64), x.View, f.View, r.View, sums.View);
                return [r.GetAsArray1D(), sums.GetAsArray1D()];
            }
            ),
            ["Atomics"] = (0, a =>
            {
                using MemoryBuffer1D<int, Stride1D.Dense> x = a.Allocate1D(Integers);
                using MemoryBuffer1D<int, Stride1D.Dense> counters =
                    a.Allocate1D(new[] { 0, int.MaxValue, int.MinValue, -1, 0, 0, 0, 0, 0, 0, 0, 0 });
                using MemoryBuffer1D<float, Stride1D.Dense> floats = a.Allocate1D(new[] { 0f, float.MinValue, float.MaxValue });
                using MemoryBuffer1D<uint, Stride1D.Dense> unsigned = a.Allocate1D(new[] { 0u, uint.MaxValue });
                a.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>, ArrayView<int>, ArrayView<float>, ArrayView<uint>>(
                    DeviceKernels.Atomics)(Count, x.View, counters.View, floats.View, unsigned.View);
                return [counters.GetAsArray1D(), floats.GetAsArray1D(), unsigned.GetAsArray1D()];
            }
            ),
            ["LongAtomics"] = (0, a =>
            {
                using MemoryBuffer1D<int, Stride1D.Dense> x = a.Allocate1D(Integers);
                using MemoryBuffer1D<long, Stride1D.Dense> counters = a.Allocate1D(new[] { 0L, long.MaxValue, long.MinValue });
                using MemoryBuffer1D<double, Stride1D.Dense> doubles = a.Allocate1D(new[] { 0.0 });
                a.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>, ArrayView<long>, ArrayView<double>>(DeviceKernels.LongAtomics)(
                    Count, x.View, counters.View, doubles.View);
                return [counters.GetAsArray1D(), doubles.GetAsArray1D()];
            }
            ),
            ["SharedAtomics"] = (0, a =>
            {
                using MemoryBuffer1D<int, Stride1D.Dense> x = a.Allocate1D(Integers);
                using MemoryBuffer1D<int, Stride1D.Dense> histogram = a.Allocate1D(new int[16]);
                a.LoadStreamKernel<ArrayView<int>, ArrayView<int>>(DeviceKernels.SharedAtomics)((Count / 64, 64), x.View, histogram.View);
                return [histogram.GetAsArray1D()];
            }
            ),
            ["Specialized"] = (0, a =>
            {
                using MemoryBuffer1D<int, Stride1D.Dense> x = a.Allocate1D(Integers);
                Action<Index1D, ArrayView<int>, SpecializedValue<int>, int> kernel =
                    a.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>, SpecializedValue<int>, int>(DeviceKernels.Specialized);
                kernel(Count, x.View, SpecializedValue.New(3), 17);
                kernel(Count - 7, x.View, SpecializedValue.New(-5), 1);
                kernel(Count, x.View, SpecializedValue.New(3), -4);
                return [x.GetAsArray1D()];
            }
            ),
            ["TwoDimensions"] = (0, a =>
            {
                using MemoryBuffer2D<int, Stride2D.DenseX> x = a.Allocate2DDenseX<int>(new LongIndex2D(37, 13));
                using MemoryBuffer2D<int, Stride2D.DenseX> r = a.Allocate2DDenseX<int>(new LongIndex2D(37, 13));
                x.View.BaseView.CopyFromCPU(Integers[..(37 * 13)]);
                a.LoadAutoGroupedStreamKernel<Index2D, ArrayView2D<int, Stride2D.DenseX>, ArrayView2D<int, Stride2D.DenseX>>(
                    DeviceKernels.TwoDimensions)(new Index2D(37, 13), x.View, r.View);
                return [r.View.BaseView.GetAsArray()];
            }
            ),
            ["ThreeDimensions"] = (0, a =>
            {
                var extent = new Index3D(5, 6, 7);
                using MemoryBuffer1D<int, Stride1D.Dense> r = a.Allocate1D<int>(extent.Size);
                a.LoadAutoGroupedStreamKernel<Index3D, ArrayView<int>, Index3D>(DeviceKernels.ThreeDimensions)(extent, r.View, extent);
                return [r.GetAsArray1D()];
            }
            ),
            ["Windows"] = (0, a =>
            {
                using MemoryBuffer1D<float, Stride1D.Dense> x = a.Allocate1D(Moderate);
                using MemoryBuffer1D<float, Stride1D.Dense> r = a.Allocate1D<float>(Count - 11);
                a.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>, float>(DeviceKernels.Windows)(
                    Count - 11, x.View.SubView(10, Count - 10), r.View, 0.5f);
                return [r.GetAsArray1D()];
            }
            ),
            ["AlignedQuads"] = (0, a =>
            {
                using MemoryBuffer1D<float, Stride1D.Dense> x = a.Allocate1D(Moderate);
                using MemoryBuffer1D<float, Stride1D.Dense> r = a.Allocate1D(Moderate);
                a.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>, float>(DeviceKernels.AlignedQuads)(
                    Count / 4, x.View, r.View, 0.25f);
                return [r.GetAsArray1D()];
            }
            ),
            ["Quads"] = (0, a =>
            {
                using MemoryBuffer1D<float, Stride1D.Dense> x = a.Allocate1D(Moderate);
                using MemoryBuffer1D<float, Stride1D.Dense> r = a.Allocate1D<float>(Count);
                a.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>, float>(DeviceKernels.Quads)(
                    Count / 4, x.View, r.View, 0.25f);
                return [r.GetAsArray1D()];
            }
            ),
        };

    /// <summary>The names of the runs, for theories.</summary>
    public static TheoryData<string> Names => [.. Runs.Keys];

    /// <summary>Compares two results of a run element by element; a NaN equals any NaN.</summary>
    public static void AssertSame(Array[] expected, Array[] actual, int ulps)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i].Length, actual[i].Length);
            for (int j = 0; j < expected[i].Length; j++)
            {
                object want = expected[i].GetValue(j)!;
                object got = actual[i].GetValue(j)!;
                bool same = (want, got) switch
                {
                    (float x, float y) => UlpDistance(x, y) <= ulps,
                    (double x, double y) => UlpDistance(x, y) <= ulps,
                    _ => want.Equals(got),
                };
                Assert.True(same, $"array {i}, element {j}: expected {want:G17}, got {got:G17}");
            }
        }
    }

    private static double UlpDistance(float x, float y)
    {
        if (float.IsNaN(x) || float.IsNaN(y))
            return float.IsNaN(x) && float.IsNaN(y) ? 0 : double.PositiveInfinity;
        if (x == y)
            return float.IsNegative(x) == float.IsNegative(y) ? 0 : 1;
        return Math.Abs((double)x - y) / Math.Max(1.4e-45, MathF.BitIncrement(MathF.Abs(x)) - (double)MathF.Abs(x));
    }

    private static double UlpDistance(double x, double y)
    {
        if (double.IsNaN(x) || double.IsNaN(y))
            return double.IsNaN(x) && double.IsNaN(y) ? 0 : double.PositiveInfinity;
        if (x == y)
            return double.IsNegative(x) == double.IsNegative(y) ? 0 : 1;
        return Math.Abs(x - y) / (Math.BitIncrement(Math.Abs(x)) - Math.Abs(x));
    }

    private static Array[] MapIntegers(Accelerator accelerator, Action<Index1D, ArrayView<int>, ArrayView<int>> kernel)
    {
        using MemoryBuffer1D<int, Stride1D.Dense> x = accelerator.Allocate1D(Integers);
        using MemoryBuffer1D<int, Stride1D.Dense> r = accelerator.Allocate1D<int>(Count);
        accelerator.LoadAutoGroupedStreamKernel(kernel)(Count, x.View, r.View);
        return [r.GetAsArray1D()];
    }

    private static T[] Rotated<T>(T[] values, int by) => [.. values[by..], .. values[..by]];

    private static int[] MakeIntegers()
    {
        var random = new Random(20240229);
        int[] special = [0, 1, -1, int.MinValue, int.MaxValue, 31, 32, 33, 77, -77, 255, 256, 65535, 65536, 3, 7];
        return [.. special, .. Enumerable.Range(0, Count - special.Length).Select(i =>
            i % 2 == 0 ? random.Next(-500, 500) : random.Next(int.MinValue, int.MaxValue))];
    }

    private static float[] MakeFloats()
    {
        var random = new Random(7);
        float[] special =
        [
            0f, -0f, 1f, -1f, 0.5f, 1.5f, 2.5f, -2.5f, float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.MaxValue,
                float.MinValue,
            float.Epsilon, 1e-40f, 2147483648f, -2147483904f, 4294967296f, 9.3e18f, 1.9e19f, -1e30f, 3e9f,
        ];
        return [.. special, .. Enumerable.Range(0, Count - special.Length).Select(_ =>
            (float)(Math.Exp(random.NextDouble() * 60 - 30) * (random.Next(2) * 2 - 1)))];
    }
}
