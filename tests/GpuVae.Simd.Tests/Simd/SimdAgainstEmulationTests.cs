using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace GpuVae.Ilgpu.Tests.Simd;

/// <summary>Every mechanism at every width against the same kernel run as .NET code.</summary>
public sealed class SimdAgainstEmulationTests
{
    private const int N = 1003;

    public static TheoryData<int, int> Widths => new()
    {
        { 16, 512 }, { 8, 256 }, { 4, 128 }, { 1, 0 }, { 32, 512 }, { 64, 256 }, { 8, 512 }, { 16, 128 }, { 2, 128 },
    };

    private static readonly int[] Ints = [.. Enumerable.Range(0, N).Select(i => (int)(i * 2654435761L % 4001) - 700)];
    private static readonly float[] Floats = [.. Enumerable.Range(0, N).Select(i => MathF.Sin(i) * 3)];

    [Theory, MemberData(nameof(Widths))]
    public void Axpy(int lanes, int bits) => Compare(lanes, bits, Floats, Floats, (a, x, y) =>
        a.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>, float>(SimdKernels.Axpy)(N, x, y, 1.5f));

    [Theory, MemberData(nameof(Widths))]
    public void UniformLoop(int lanes, int bits) => Compare(lanes, bits, Floats, Floats, (a, x, y) =>
        a.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>, int>(SimdKernels.UniformLoop)(N, x, y, 37));

    [Theory, MemberData(nameof(Widths))]
    public void Branches(int lanes, int bits) => Compare(lanes, bits, Ints, Ints, (a, x, y) =>
        a.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>, ArrayView<int>>(SimdKernels.Branches)(N, x, y));

    [Theory, MemberData(nameof(Widths))]
    public void Collatz(int lanes, int bits) => Compare(lanes, bits, Ints, Ints, (a, x, y) =>
        a.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>, ArrayView<int>>(SimdKernels.Collatz)(N, x, y));

    [Theory, MemberData(nameof(Widths))]
    public void NestedLoops(int lanes, int bits) => Compare(lanes, bits, Ints, Ints, (a, x, y) =>
        a.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>, ArrayView<int>>(SimdKernels.NestedLoops)(N, x, y));

    [Theory, MemberData(nameof(Widths))]
    public void EarlyReturn(int lanes, int bits) => Compare(lanes, bits, Ints, Ints, (a, x, y) =>
        a.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>, ArrayView<int>>(SimdKernels.EarlyReturn)(N, x, y));

    [Theory, MemberData(nameof(Widths))]
    public void Strided(int lanes, int bits) => Compare(lanes, bits, Floats, Floats, (a, x, y) =>
        a.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>>(SimdKernels.Strided)(N, x, y));

    [Theory, MemberData(nameof(Widths))]
    public void Quotients(int lanes, int bits) =>
        Compare(lanes, bits, Ints, [.. Ints.Select(v => v % 5 == 0 ? 0 : (v % 37) - 20)], (a, x, y) =>
        a.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>, ArrayView<int>, int>(SimdKernels.Quotients)(N, x, y, -13));

    [Theory, MemberData(nameof(Widths))]
    public void MicroKernel(int lanes, int bits) => Compare(lanes, bits, a =>
    {
        using var x = a.Allocate1D(Floats.AsSpan(0, 12 * 20).ToArray());
        using var y = a.Allocate1D(Floats.AsSpan(100, 32 * 20).ToArray());
        using var z = a.Allocate1D<float>(12 * 32);
        a.LoadStreamKernel<ArrayView<float>, ArrayView<float>, ArrayView<float>, int, int>(SimdKernels.MicroKernel)(
            (1, 16), x.View, y.View, z.View, 20, 32);
        return [z.GetAsArray1D()];
    });

    [Theory, MemberData(nameof(Widths))]
    public void LocalArray(int lanes, int bits) => Compare(lanes, bits, Ints, Ints, (a, x, y) =>
        a.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>, ArrayView<int>>(SimdKernels.LocalArray)(N, x, y));

    [Theory, MemberData(nameof(Widths))]
    public void Transcendentals(int lanes, int bits) => Compare(lanes, bits, Floats, Floats, (a, x, y) =>
        a.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>>(SimdKernels.Transcendentals)(N, x, y));

    [Theory, MemberData(nameof(Widths))]
    public void BytesAndShorts(int lanes, int bits) => Compare(lanes, bits, a =>
    {
        using var x = a.Allocate1D(Ints.Select(v => (byte)v).ToArray());
        using var y = a.Allocate1D<short>(N);
        using var z = a.Allocate1D<float>(N);
        a.LoadAutoGroupedStreamKernel<Index1D, ArrayView<byte>, ArrayView<short>, ArrayView<float>>(SimdKernels.Bytes)(
            N, x.View, y.View, z.View);
        return [x.GetAsArray1D(), y.GetAsArray1D(), z.GetAsArray1D()];
    });

    [Theory, MemberData(nameof(Widths))]
    public void DoublesAndLongs(int lanes, int bits) => Compare(lanes, bits, a =>
    {
        using var x = a.Allocate1D(Floats.Select(v => v * 1.0).ToArray());
        using var y = a.Allocate1D<long>(N);
        using var z = a.Allocate1D<float>(N);
        a.LoadAutoGroupedStreamKernel<Index1D, ArrayView<double>, ArrayView<long>, ArrayView<float>>(SimdKernels.Doubles)(
            N, x.View, y.View, z.View);
        return [x.GetAsArray1D(), y.GetAsArray1D(), z.GetAsArray1D()];
    });

    [Theory, MemberData(nameof(Widths))]
    public void Atomics(int lanes, int bits) => Compare(lanes, bits, a =>
    {
        using var x = a.Allocate1D(Ints);
        using var bins = a.Allocate1D(new int[8]);
        using var sum = a.Allocate1D(new float[1]);
        using var extremes = a.Allocate1D(new long[] { long.MinValue, long.MaxValue });
        a.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>, ArrayView<int>, ArrayView<float>, ArrayView<long>>(SimdKernels.Atomics)(
            N, x.View, bins.View, sum.View, extremes.View);
        return [bins.GetAsArray1D(), sum.GetAsArray1D(), extremes.GetAsArray1D()];
    });

    [Theory, MemberData(nameof(Widths))]
    public void Rows(int lanes, int bits) => Compare(lanes, bits, a =>
    {
        using var x = a.Allocate2DDenseX<float>(new LongIndex2D(37, 11));
        using var y = a.Allocate1D<float>(37 * 11);
        x.AsContiguous().CopyFromCPU(Floats.AsSpan(0, 37 * 11).ToArray());
        a.LoadAutoGroupedStreamKernel<Index2D, ArrayView2D<float, Stride2D.DenseX>, ArrayView<float>, int>(SimdKernels.Rows)(
            new Index2D(37, 11), x.View, y.View, 37);
        return [y.GetAsArray1D()];
    });

    [Theory, MemberData(nameof(Widths))]
    public void Groups(int lanes, int bits)
    {
        foreach (var group in new Index3D[] { new(64, 1, 1), new(8, 8, 1), new(5, 3, 2), new(16, 1, 1), new(100, 1, 1) })
        {
            if (group.Size > 256)
                continue;
            Compare(lanes, bits, a =>
            {
                using var x = a.Allocate1D(Ints.AsSpan(0, group.Size * 6).ToArray());
                using var y = a.Allocate1D<int>(group.Size * 6);
                a.LoadStreamKernel<ArrayView<int>, ArrayView<int>>(SimdKernels.GroupSum)(
                    new KernelConfig(new Index3D(6, 1, 1), group), x.View, y.View);
                return [y.GetAsArray1D()];
            });
        }
    }

    [Theory, MemberData(nameof(Widths))]
    public void Votes(int lanes, int bits)
    {
        foreach (int group in new[] { 16, 64, 50 })
        {
            Compare(lanes, bits, a =>
            {
                using var x = a.Allocate1D(Ints.AsSpan(0, group * 6).ToArray());
                using var y = a.Allocate1D<int>(group * 6);
                a.LoadStreamKernel<ArrayView<int>, ArrayView<int>>(SimdKernels.GroupVotes)((6, group), x.View, y.View);
                return [y.GetAsArray1D()];
            });
        }
    }

    [Theory, MemberData(nameof(Widths))]
    public void Shuffles(int lanes, int bits) => Compare(lanes, bits, a =>
    {
        using var x = a.Allocate1D(Floats.AsSpan(0, 64 * 4).ToArray());
        using var y = a.Allocate1D<float>(64 * 4);
        a.LoadStreamKernel<ArrayView<float>, ArrayView<float>, int>(SimdKernels.Shuffles)((4, 64), x.View, y.View, 2);
        return [y.GetAsArray1D()];
    });

    private static void Compare<T>(int lanes, int bits, T[] first, T[] second, Action<Accelerator, ArrayView<T>, ArrayView<T>> run)
        where T : unmanaged =>
        Compare(lanes, bits, a =>
        {
            using var x = a.Allocate1D(first);
            using var y = a.Allocate1D(second);
            run(a, x.View, y.View);
            return [x.GetAsArray1D(), y.GetAsArray1D()];
        });

    private static void Compare(int lanes, int bits, Func<Accelerator, Array[]> run)
    {
        var device = new CPUDevice(lanes, 256 / lanes, 2, bits);
        using var context = Context.Create(b => b.CPU(device));
        using var simd = device.CreateAccelerator(context, CPUAcceleratorMode.Auto);
        using var emulated = device.CreateAccelerator(context, CPUAcceleratorMode.Emulated);
        var expected = run(emulated);
        var actual = run(simd);
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
