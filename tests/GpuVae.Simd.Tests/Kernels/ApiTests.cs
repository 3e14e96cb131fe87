using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Simd.Tests.Kernels;

/// <summary>ILGPU's API inside kernels, at every width and in checked mode, against ILGPU's CPU accelerator.</summary>
public sealed class ApiTests
{
    private const int Groups = 4;

    // Of whole warps at every width.
    private const int Threads = 16;

    // 8 ULP: elementary functions are 3 at most, and sums of several add up.
    private const int Ulps = 8;

    private static readonly Dictionary<string, Array[]> Expected = [];

    private static readonly int[] Input = MakeInput();

    private static readonly Dictionary<string, (int Ulps, Func<Accelerator, Array[]> Run)> Runs = new()
    {
        ["Geometry"] = (0, a => Run<int>(
            a, ApiKernels.Geometry, new(new Index3D(2, 3, 2), new Index3D(4, 2, 2)), 12 * Threads * ApiKernels.GeometryResults)),
        ["Atomics"] = (0, Atomics),
        ["Exchanges"] = (0, Exchanges),
        ["IntegerMath"] = (0, a => Run<long>(a, ApiKernels.IntegerMath, (Groups, Threads), Groups * Threads * ApiKernels.IntegerResults)),
        ["FloatMath"] = (Ulps, a => Run<float>(a, ApiKernels.FloatMath, (Groups, Threads), Groups * Threads * ApiKernels.FloatResults)),
        ["DoubleMath"] = (Ulps, a => Run<double>(a, ApiKernels.DoubleMath, (Groups, Threads), Groups * Threads * ApiKernels.DoubleResults)),
        ["Views"] = (0, a => Run<int>(a, ApiKernels.Views, (Groups, Threads), Groups * Threads * ApiKernels.ViewResults)),
        ["MemoryKinds"] = (0, a => Run<int>(
            a, ApiKernels.MemoryKinds, new(new Index3D(3, 1, 1), new Index3D(16, 4, 1), SharedMemoryConfig.RequestDynamic<double>(64)),
            3 * 64)),
        ["LastGroupAddsUp"] = (0, a => Run<int>(a, ApiKernels.LastGroupAddsUp, (Groups, Threads), 2 + Groups * Threads)),
        ["Halves"] = (0, a => Run<float>(a, ApiKernels.Halves, (Groups, Threads), 4 * Groups * Threads)),
    };

    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (string kernel in Runs.Keys)
            {
                foreach (string accelerator in TestAccelerators.All)
                    cases.Add(kernel, accelerator);
            }
            return cases;
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void RunsLikeOnTheReference(string kernel, string accelerator)
    {
        (int ulps, Func<Accelerator, Array[]>? run) = Runs[kernel];
        if (!Expected.TryGetValue(kernel, out Array[]? results))
            Expected[kernel] = results = run(TestAccelerators.Reference());
        KernelSuite.AssertSame(results, run(TestAccelerators.Open(accelerator)), ulps);
    }

    private static Array[] Run<T>(Accelerator accelerator, Action<ArrayView<int>, ArrayView<T>> kernel, KernelConfig config, int outputs)
        where T : unmanaged
    {
        using MemoryBuffer1D<int, Stride1D.Dense> input = accelerator.Allocate1D(Input);
        using MemoryBuffer1D<T, Stride1D.Dense> output = accelerator.Allocate1D<T>(outputs);
        output.MemSetToZero();
        accelerator.LoadStreamKernel(kernel)(config, input.View, output.View);
        accelerator.Synchronize();
        return [output.GetAsArray1D()];
    }

    private static Array[] Atomics(Accelerator a)
    {
        using MemoryBuffer1D<int, Stride1D.Dense> input = a.Allocate1D(Input);
        using MemoryBuffer1D<int, Stride1D.Dense> ints = a.Allocate1D([0, int.MaxValue, int.MinValue, -1, 0, 0, 0]);
        using MemoryBuffer1D<uint, Stride1D.Dense> uints = a.Allocate1D([0u, uint.MaxValue, 0u, uint.MaxValue, 0u, 0u]);
        using MemoryBuffer1D<long, Stride1D.Dense> longs = a.Allocate1D([0L, long.MaxValue, long.MinValue, -1, 0, 0]);
        using MemoryBuffer1D<ulong, Stride1D.Dense> ulongs = a.Allocate1D([0ul, ulong.MaxValue, 0ul, ulong.MaxValue, 0ul, 0ul]);
        using MemoryBuffer1D<float, Stride1D.Dense> floats = a.Allocate1D([0f, float.MaxValue, float.MinValue]);
        using MemoryBuffer1D<double, Stride1D.Dense> doubles = a.Allocate1D([0.0, double.MaxValue, double.MinValue, 0]);
        a.LoadStreamKernel<ArrayView<int>, ArrayView<int>, ArrayView<uint>, ArrayView<long>, ArrayView<ulong>, ArrayView<float>,
            ArrayView<double>>(ApiKernels.Atomics)(
            (Groups, Threads), input.View, ints.View, uints.View, longs.View, ulongs.View, floats.View, doubles.View);
        a.Synchronize();
        return
        [
            ints.GetAsArray1D(), uints.GetAsArray1D(), longs.GetAsArray1D(), ulongs.GetAsArray1D(), floats.GetAsArray1D(),
            doubles.GetAsArray1D(),
        ];
    }

    private static Array[] Exchanges(Accelerator a)
    {
        const int count = Groups * Threads;
        using MemoryBuffer1D<int, Stride1D.Dense> input = a.Allocate1D(Input);
        using MemoryBuffer1D<long, Stride1D.Dense> memory = a.Allocate1D<long>(7 * count);
        using MemoryBuffer1D<double, Stride1D.Dense> result = a.Allocate1D<double>(ApiKernels.ExchangeResults * count);
        memory.MemSetToZero();
        a.LoadStreamKernel<ArrayView<int>, ArrayView<long>, ArrayView<double>>(ApiKernels.Exchanges)(
            (Groups, Threads), input.View, memory.View, result.View);
        a.Synchronize();
        return [result.GetAsArray1D(), memory.GetAsArray1D()];
    }

    private static int[] MakeInput()
    {
        var random = new Random(11);
        return [.. Enumerable.Range(0, 256).Select(i => i % 3 == 0 ? random.Next(-300, 300) : random.Next(int.MinValue, int.MaxValue))];
    }
}
