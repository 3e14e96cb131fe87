using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Algorithms.ScanReduceOperations;
using ILGPU.Runtime;

namespace GpuVae.Simd.Tests.Algorithms;

/// <summary>GroupExtensions and WarpExtensions inside kernels, against plain loops. Their groups are whole warps.</summary>
public sealed class GroupAlgorithmTests
{
    private const int GroupResults = 6;
    private const int WarpResults = 4;

    public static TheoryData<string, int> Cases
    {
        get
        {
            var cases = new TheoryData<string, int>();
            foreach (string name in TestAccelerators.All)
            {
                foreach (int size in (int[])[16, 64, 1024])
                    cases.Add(name, size);
            }
            return cases;
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void GroupsReduceAndScan(string name, int size)
    {
        SimdAccelerator accelerator = TestAccelerators.Open(name);
        int[] data = Numbers(size);
        using MemoryBuffer1D<int, Stride1D.Dense> input = accelerator.Allocate1D(data);
        using MemoryBuffer1D<int, Stride1D.Dense> output = accelerator.Allocate1D<int>(size * GroupResults);
        output.MemSetToZero();
        accelerator.LoadStreamKernel<ArrayView<int>, ArrayView<int>>(ReduceAndScan)((1, size), input.View, output.View);
        int[] values = output.GetAsArray1D();
        int sum = 0;
        for (int i = 0; i < size; i++)
        {
            int below = sum;
            sum += data[i];
            Assert.Equal(
                [data.Sum(), data.Max(), below, sum, data[0], i == 0 ? data.Sum() : 0],
                values[(GroupResults * i)..(GroupResults * (i + 1))]);
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void WarpsReduceAndScan(string name, int size)
    {
        SimdAccelerator accelerator = TestAccelerators.Open(name);
        int warp = accelerator.WarpSize;
        int[] data = Numbers(size);
        using MemoryBuffer1D<int, Stride1D.Dense> input = accelerator.Allocate1D(data);
        using MemoryBuffer1D<long, Stride1D.Dense> output = accelerator.Allocate1D<long>(size * WarpResults);
        accelerator.LoadStreamKernel<ArrayView<int>, ArrayView<long>>(ReduceAndScanWarps)((1, size), input.View, output.View);
        long[] values = output.GetAsArray1D();
        for (int i = 0; i < size; i++)
        {
            int first = i / warp * warp;
            int[] lanes = data[first..(first + warp)];
            Assert.Equal(
                [lanes.Max(), i == first ? lanes.Sum() : 0, lanes[..(i - first)].Sum(), lanes[..(i - first + 1)].Sum()],
                values[(WarpResults * i)..(WarpResults * (i + 1))]);
        }
    }

    private static int[] Numbers(int length)
    {
        var random = new Random(length);
        return [.. Enumerable.Range(0, length).Select(_ => random.Next(-1000, 1000))];
    }

    private static void ReduceAndScan(ArrayView<int> input, ArrayView<int> output)
    {
        int i = Group.LinearIndex;
        int value = input[i];
        int o = GroupResults * i;
        output[o] = GroupExtensions.AllReduce<int, AddInt32>(value);
        output[o + 1] = GroupExtensions.AllReduce<int, MaxInt32>(value);
        output[o + 2] = GroupExtensions.ExclusiveScan<int, AddInt32>(value);
        output[o + 3] = GroupExtensions.InclusiveScanWithBoundaries<int, AddInt32>(value, out ScanBoundaries<int> boundaries);
        output[o + 4] = boundaries.LeftBoundary;
        int sum = GroupExtensions.Reduce<int, AddInt32>(value);
        if (Group.IsFirstThread)
            output[o + 5] = sum;
    }

    private static void ReduceAndScanWarps(ArrayView<int> input, ArrayView<long> output)
    {
        int i = Group.LinearIndex;
        int value = input[i];
        int o = WarpResults * i;
        output[o] = WarpExtensions.AllReduce<int, MaxInt32>(value);
        long sum = WarpExtensions.Reduce<long, AddInt64>(value);
        output[o + 1] = Warp.IsFirstLane ? sum : 0;
        output[o + 2] = WarpExtensions.ExclusiveScan<int, AddInt32>(value);
        output[o + 3] = WarpExtensions.InclusiveScan<int, AddInt32>(value);
    }
}
