using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Simd.Tests.Emit;

/// <summary>Every mechanism of the emitter at every width against ILGPU's CPU accelerator.</summary>
public sealed class MechanismTests
{
    private const int N = 1003;

    public static TheoryData<string> Widths => TestAccelerators.Widths;

    private static readonly int[] Ints = [.. Enumerable.Range(0, N).Select(i => (int)(i * 2654435761L % 4001) - 700)];
    private static readonly float[] Floats = [.. Enumerable.Range(0, N).Select(i => MathF.Sin(i) * 3)];

    [Theory, MemberData(nameof(Widths))]
    public void Axpy(string width) => Compare(width, Floats, Floats, (a, x, y) =>
        a.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>, float>(MechanismKernels.Axpy)(N, x, y, 1.5f));

    [Theory, MemberData(nameof(Widths))]
    public void UniformLoop(string width) => Compare(width, Floats, Floats, (a, x, y) =>
        a.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>, int>(MechanismKernels.UniformLoop)(N, x, y, 37));

    [Theory, MemberData(nameof(Widths))]
    public void ManySums(string width) => Compare(width, Floats, Floats, (a, x, y) =>
        a.LoadStreamKernel<ArrayView<float>, ArrayView<float>, int, int, int>(MechanismKernels.ManySums)(
            new KernelConfig(6, 64), x, y, 3, 11, 7));

    [Theory, MemberData(nameof(Widths))]
    public void OnePlace(string width) => Compare(width, a =>
    {
        using MemoryBuffer1D<float, Stride1D.Dense> x = a.Allocate1D(Floats.AsSpan(0, 6 * 64).ToArray());
        using MemoryBuffer1D<float, Stride1D.Dense> y = a.Allocate1D<float>(2 * 6);
        using MemoryBuffer1D<long, Stride1D.Dense> z = a.Allocate1D<long>(6);
        using MemoryBuffer1D<byte, Stride1D.Dense> w = a.Allocate1D<byte>(6);
        a.LoadStreamKernel<ArrayView<float>, ArrayView<float>, ArrayView<long>, ArrayView<byte>, int>(MechanismKernels.OnePlace)(
            (6, 64), x.View, y.View, z.View, w.View, 37);
        return [y.GetAsArray1D(), z.GetAsArray1D(), w.GetAsArray1D()];
    });

    [Theory, MemberData(nameof(Widths))]
    public void Hinted(string width) => Compare(width, Floats, Floats, (a, x, y) =>
        a.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>>(MechanismKernels.Hinted)(N, x, y));

    [Theory, MemberData(nameof(Widths))]
    public void Branches(string width) => Compare(width, Ints, Ints, (a, x, y) =>
        a.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>, ArrayView<int>>(MechanismKernels.Branches)(N, x, y));

    [Theory, MemberData(nameof(Widths))]
    public void Collatz(string width) => Compare(width, Ints, Ints, (a, x, y) =>
        a.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>, ArrayView<int>>(MechanismKernels.Collatz)(N, x, y));

    [Theory, MemberData(nameof(Widths))]
    public void NestedLoops(string width) => Compare(width, Ints, Ints, (a, x, y) =>
        a.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>, ArrayView<int>>(MechanismKernels.NestedLoops)(N, x, y));

    [Theory, MemberData(nameof(Widths))]
    public void EarlyReturn(string width) => Compare(width, Ints, Ints, (a, x, y) =>
        a.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>, ArrayView<int>>(MechanismKernels.EarlyReturn)(N, x, y));

    [Theory, MemberData(nameof(Widths))]
    public void Strided(string width) => Compare(width, Floats, Floats, (a, x, y) =>
        a.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>>(MechanismKernels.Strided)(N, x, y));

    [Theory, MemberData(nameof(Widths))]
    public void Quotients(string width) =>
        Compare(width, Ints, [.. Ints.Select(v => v % 5 == 0 ? 0 : (v % 37) - 20)], (a, x, y) =>
        a.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>, ArrayView<int>, int>(MechanismKernels.Quotients)(N, x, y, -13));

    [Theory, MemberData(nameof(Widths))]
    public void MicroKernel(string width) => Compare(width, a =>
    {
        using MemoryBuffer1D<float, Stride1D.Dense> x = a.Allocate1D(Floats.AsSpan(0, 12 * 20).ToArray());
        using MemoryBuffer1D<float, Stride1D.Dense> y = a.Allocate1D(Floats.AsSpan(100, 32 * 20).ToArray());
        using MemoryBuffer1D<float, Stride1D.Dense> z = a.Allocate1D<float>(12 * 32);
        a.LoadStreamKernel<ArrayView<float>, ArrayView<float>, ArrayView<float>, int, int>(MechanismKernels.MicroKernel)(
            (1, 16), x.View, y.View, z.View, 20, 32);
        return [z.GetAsArray1D()];
    });

    [Theory, MemberData(nameof(Widths))]
    public void LocalArray(string width) => Compare(width, Ints, Ints, (a, x, y) =>
        a.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>, ArrayView<int>>(MechanismKernels.LocalArray)(N, x, y));

    [Theory, MemberData(nameof(Widths))]
    public void Transcendentals(string width) => Compare(width, Floats, Floats, (a, x, y) =>
        a.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>>(MechanismKernels.Transcendentals)(N, x, y));

    [Theory, MemberData(nameof(Widths))]
    public void BytesAndShorts(string width) => Compare(width, a =>
    {
        using MemoryBuffer1D<byte, Stride1D.Dense> x = a.Allocate1D(Ints.Select(v => (byte)v).ToArray());
        using MemoryBuffer1D<short, Stride1D.Dense> y = a.Allocate1D<short>(N);
        using MemoryBuffer1D<float, Stride1D.Dense> z = a.Allocate1D<float>(N);
        a.LoadAutoGroupedStreamKernel<Index1D, ArrayView<byte>, ArrayView<short>, ArrayView<float>>(MechanismKernels.Bytes)(
            N, x.View, y.View, z.View);
        return [x.GetAsArray1D(), y.GetAsArray1D(), z.GetAsArray1D()];
    });

    [Theory, MemberData(nameof(Widths))]
    public void DoublesAndLongs(string width) => Compare(width, a =>
    {
        using MemoryBuffer1D<double, Stride1D.Dense> x = a.Allocate1D(Floats.Select(v => v * 1.0).ToArray());
        using MemoryBuffer1D<long, Stride1D.Dense> y = a.Allocate1D<long>(N);
        using MemoryBuffer1D<float, Stride1D.Dense> z = a.Allocate1D<float>(N);
        a.LoadAutoGroupedStreamKernel<Index1D, ArrayView<double>, ArrayView<long>, ArrayView<float>>(MechanismKernels.Doubles)(
            N, x.View, y.View, z.View);
        return [x.GetAsArray1D(), y.GetAsArray1D(), z.GetAsArray1D()];
    });

    [Theory, MemberData(nameof(Widths))]
    public void Atomics(string width) => Compare(width, a =>
    {
        using MemoryBuffer1D<int, Stride1D.Dense> x = a.Allocate1D(Ints);
        using MemoryBuffer1D<int, Stride1D.Dense> bins = a.Allocate1D(new int[8]);
        using MemoryBuffer1D<float, Stride1D.Dense> sum = a.Allocate1D(new float[1]);
        using MemoryBuffer1D<long, Stride1D.Dense> extremes = a.Allocate1D(new long[] { long.MinValue, long.MaxValue });
        a.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>, ArrayView<int>, ArrayView<float>, ArrayView<long>>(MechanismKernels.Atomics)(
            N, x.View, bins.View, sum.View, extremes.View);
        return [bins.GetAsArray1D(), sum.GetAsArray1D(), extremes.GetAsArray1D()];
    });

    [Theory, MemberData(nameof(Widths))]
    public void Rows(string width) => Compare(width, a =>
    {
        using MemoryBuffer2D<float, Stride2D.DenseX> x = a.Allocate2DDenseX<float>(new LongIndex2D(37, 11));
        using MemoryBuffer1D<float, Stride1D.Dense> y = a.Allocate1D<float>(37 * 11);
        x.AsContiguous().CopyFromCPU(Floats.AsSpan(0, 37 * 11).ToArray());
        a.LoadAutoGroupedStreamKernel<Index2D, ArrayView2D<float, Stride2D.DenseX>, ArrayView<float>, int>(MechanismKernels.Rows)(
            new Index2D(37, 11), x.View, y.View, 37);
        return [y.GetAsArray1D()];
    });

    [Theory, MemberData(nameof(Widths))]
    public void Groups(string width)
    {
        foreach (Index3D group in new Index3D[] { new(64, 1, 1), new(8, 8, 1), new(5, 3, 2), new(16, 1, 1), new(50, 1, 1) })
        {
            Compare(width, a =>
            {
                using MemoryBuffer1D<int, Stride1D.Dense> x = a.Allocate1D(Ints.AsSpan(0, group.Size * 6).ToArray());
                using MemoryBuffer1D<int, Stride1D.Dense> y = a.Allocate1D<int>(group.Size * 6);
                a.LoadStreamKernel<ArrayView<int>, ArrayView<int>>(MechanismKernels.GroupSum)(
                    new KernelConfig(new Index3D(6, 1, 1), group), x.View, y.View);
                return [y.GetAsArray1D()];
            });
        }
    }

    [Theory, MemberData(nameof(Widths))]
    public void Votes(string width)
    {
        foreach (int group in new[] { 16, 64, 50 })
        {
            Compare(width, a =>
            {
                using MemoryBuffer1D<int, Stride1D.Dense> x = a.Allocate1D(Ints.AsSpan(0, group * 6).ToArray());
                using MemoryBuffer1D<int, Stride1D.Dense> y = a.Allocate1D<int>(group * 6);
                a.LoadStreamKernel<ArrayView<int>, ArrayView<int>>(MechanismKernels.GroupVotes)((6, group), x.View, y.View);
                return [y.GetAsArray1D()];
            });
        }
    }

    [Theory, MemberData(nameof(Widths))]
    public void Shuffles(string width)
    {
        const int elements = 64 * 4, delta = 2;
        SimdAccelerator simd = TestAccelerators.Open(width);
        using MemoryBuffer1D<float, Stride1D.Dense> x = simd.Allocate1D(Floats.AsSpan(0, elements).ToArray());
        using MemoryBuffer1D<float, Stride1D.Dense> y = simd.Allocate1D<float>(elements);
        simd.LoadStreamKernel<ArrayView<float>, ArrayView<float>, int>(MechanismKernels.Shuffles)((4, 64), x.View, y.View, delta);
        int warp = simd.WarpSize;
        float[] v = Floats, sums = [.. Enumerable.Range(0, elements).Select(i => v[i] + (warp > 1 ? v[i ^ 1] : v[i]))];
        float[] expected =
        [
            .. Enumerable.Range(0, elements).Select(i =>
            {
                int lane = i % warp, first = i - lane;
                return sums[i] + (lane + 1 < warp ? sums[i + 1] : sums[i]) * 0.5f + (lane >= delta ? v[i - delta] : v[i]) +
                    v[first + (lane + 1) % warp] + v[first];
            }),
        ];
        AssertClose(expected, y.GetAsArray1D());
    }

    [Theory, MemberData(nameof(Widths))]
    public void PartingLanes(string width) => Compare(width, Ints, Ints, (a, x, y) =>
        a.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>, ArrayView<int>>(MechanismKernels.PartingLanes)(N, x, y));

    [Theory, MemberData(nameof(Widths))]
    public void StridedAtomics(string width)
    {
        foreach (int group in new[] { 64, 50, 32 })
        {
            Compare(width, a =>
            {
                using MemoryBuffer1D<int, Stride1D.Dense> x = a.Allocate1D(Ints);
                using MemoryBuffer1D<int, Stride1D.Dense> bins = a.Allocate1D(new int[16 * 3]);
                using MemoryBuffer1D<float, Stride1D.Dense> sum = a.Allocate1D(new float[1]);
                a.LoadStreamKernel<ArrayView<int>, ArrayView<int>, ArrayView<float>>(MechanismKernels.StridedAtomics)(
                    (3, group), x.View, bins.View, sum.View);
                return [bins.GetAsArray1D(), sum.GetAsArray1D()];
            });
        }
    }

    [Theory, MemberData(nameof(Widths))]
    public void Moves(string width)
    {
        foreach (int group in new[] { 64, 50, 1 })
        {
            Compare(width, a =>
            {
                int count = group * 2 * 7;
                using MemoryBuffer1D<int, Stride1D.Dense> x = a.Allocate1D(Ints.AsSpan(0, count).ToArray());
                using MemoryBuffer1D<int, Stride1D.Dense> moved = a.Allocate1D(new int[4 * count]);
                using MemoryBuffer1D<byte, Stride1D.Dense> tags = a.Allocate1D(new byte[4 * count]);
                using MemoryBuffer1D<int, Stride1D.Dense> taken = a.Allocate1D(new int[2 * group]);
                a.LoadStreamKernel<ArrayView<int>, ArrayView<int>, ArrayView<byte>, ArrayView<int>>(MechanismKernels.Moves)(
                    (2, group), x.View, moved.View, tags.View, taken.View);
                return [moved.GetAsArray1D(), tags.GetAsArray1D(), taken.GetAsArray1D()];
            });
        }
    }

    [Theory, MemberData(nameof(Widths))]
    public void Tickets(string width) => Compare(width, a =>
    {
        using MemoryBuffer1D<int, Stride1D.Dense> x = a.Allocate1D(Ints);
        using MemoryBuffer1D<int, Stride1D.Dense> next = a.Allocate1D(new int[3]);
        using MemoryBuffer1D<int, Stride1D.Dense> taken = a.Allocate1D(new int[N]);
        a.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>, ArrayView<int>, ArrayView<int>>(MechanismKernels.Tickets)(
            N, x.View, next.View, taken.View);
        return [next.GetAsArray1D(), taken.GetAsArray1D()];
    });

    private static void Compare<T>(string width, T[] first, T[] second, Action<Accelerator, ArrayView<T>, ArrayView<T>> run)
        where T : unmanaged =>
        Compare(width, a =>
        {
            using MemoryBuffer1D<T, Stride1D.Dense> x = a.Allocate1D(first);
            using MemoryBuffer1D<T, Stride1D.Dense> y = a.Allocate1D(second);
            run(a, x.View, y.View);
            return [x.GetAsArray1D(), y.GetAsArray1D()];
        });

    private static void Compare(string width, Func<Accelerator, Array[]> run)
    {
        SimdAccelerator simd = TestAccelerators.Open(width);
        Array[] expected = run(TestAccelerators.Reference());
        Array[] actual = run(simd);
        for (int i = 0; i < expected.Length; i++)
        {
            if (expected[i] is float[] floats)
                AssertClose(floats, (float[])actual[i]);
            else if (expected[i] is double[] doubles)
                AssertClose([.. doubles.Select(d => (float)d)], [.. ((double[])actual[i]).Select(d => (float)d)]);
            else
                Assert.Equal(expected[i], actual[i]);
        }
    }

    /// <summary>Contraction to FMA and the vector functions move the last bits.</summary>
    private static void AssertClose(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            float tolerance = 5e-6f * Math.Max(1, Math.Abs(expected[i]));
            Assert.True(Math.Abs(expected[i] - actual[i]) <= tolerance, $"[{i}] expected {expected[i]}, got {actual[i]}");
        }
    }
}
