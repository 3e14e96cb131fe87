using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Algorithms.ScanReduceOperations;
using ILGPU.AtomicOperations;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace GpuVae.Ilgpu.Tests.Api;

public sealed class EmulatedGroupTests(EmulatedCpu cpu) : GroupTests(cpu), IClassFixture<EmulatedCpu>
{
    [Fact]
    public void ThreadsThatReturnEarlyDoNotBlockTheOthers()
    {
        using var buffer = accelerator.Allocate1D<int>(32);
        buffer.MemSetToZero();
        accelerator.LoadStreamKernel<ArrayView<int>>(HalfLeaves)((1, 32), buffer.View);
        Assert.Equal(Enumerable.Range(0, 32).Select(i => i < 16 ? 0 : 16), buffer.GetAsArray1D());
    }

    [Fact]
    public void WaitingAtDifferentBarriersIsReported()
    {
        using var buffer = accelerator.Allocate1D<int>(1);
        var kernel = accelerator.LoadStreamKernel<ArrayView<int>>(Diverge);
        var exception = Assert.Throws<AcceleratorException>(() => kernel((1, 32), buffer.View));
        Assert.Contains("different barriers", exception.Message);
        exception = Assert.Throws<AcceleratorException>(() => accelerator.Launch(FailBehindBarrier, (1, 32), buffer.View.BaseView));
        Assert.IsType<InvalidTimeZoneException>(exception.InnerException);
        BarriersOrderSharedMemory(32);
    }

    private static void HalfLeaves(ArrayView<int> result)
    {
        if (Group.IdxX < 16)
            return;
        result[Group.IdxX] = Group.BarrierPopCount(true);
    }

    private static void Diverge(ArrayView<int> result)
    {
        if (Group.IdxX == 0)
            Group.Barrier();
        else
            Warp.Barrier();
        result[0] = 1;
    }

    private static void FailBehindBarrier(ArrayView<int> result)
    {
        Group.Barrier();
        if (Group.IdxX == 7)
            throw new InvalidTimeZoneException("thrown on purpose");
        Group.Barrier();
        result[0] = 1;
    }
}

public sealed class CompiledGroupTests(CompiledCpu cpu) : GroupTests(cpu), IClassFixture<CompiledCpu>;

/// <summary>What the threads of a group do together; the same for every way in which a CPU accelerator runs kernels.</summary>
public abstract class GroupTests(CpuFixture cpu)
{
    private protected readonly Accelerator accelerator = cpu.Accelerator;

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(64)]
    [InlineData(1024)]
    public void BarriersOrderSharedMemory(int groupSize)
    {
        using var buffer = accelerator.Allocate1D<int>(3 * groupSize);
        accelerator.LoadStreamKernel<ArrayView<int>>(ReverseInGroup)((3, groupSize), buffer.View);
        var expected = Enumerable.Range(0, 3).SelectMany(g => Enumerable.Range(g * groupSize, groupSize).Reverse());
        Assert.Equal(expected, buffer.GetAsArray1D());
    }

    [Fact]
    public void DynamicSharedMemoryIsOneRegion()
    {
        using var buffer = accelerator.Allocate1D<int>(8);
        accelerator.LoadStreamKernel<ArrayView<int>>(UseDynamic)((1, 8, SharedMemoryConfig.RequestDynamic<int>(8)), buffer.View);
        Assert.Equal([8, 9, 10, 11, 12, 13, 14, 15], buffer.GetAsArray1D());
    }

    [Fact]
    public void PredicateBarriersCountTheGroup()
    {
        const int Size = 37;
        using var buffer = accelerator.Allocate1D<int>(Size * 5);
        accelerator.LoadStreamKernel<ArrayView<int>>(CountPredicates)((1, Size), buffer.View);
        int[] values = buffer.GetAsArray1D();
        for (int i = 0; i < Size; i++)
            Assert.Equal([10, 36, 1, 0, 1], values[(5 * i)..(5 * i + 5)]);
    }

    [Fact]
    public void BroadcastsReachTheWholeGroupEvenInLoops()
    {
        using var buffer = accelerator.Allocate1D<long>(50);
        accelerator.LoadStreamKernel<ArrayView<long>>(BroadcastSum)((1, 50), buffer.View);
        Assert.All(buffer.GetAsArray1D(), value => Assert.Equal(Enumerable.Range(0, 50).Sum(i => (long)i * i), value));
    }

    [Theory]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(32)]
    public void ShufflesFollowTheirDefinition(int warpSize)
    {
        using var context = Context.Create(builder => builder.CPU(new CPUDevice(warpSize, 4, 1)));
        using var other = context.CreateCPUAccelerator(0, cpu.Accelerator.Mode);
        int threads = 2 * warpSize;
        using var buffer = other.Allocate1D<int>(threads * 8);
        other.LoadStreamKernel<ArrayView<int>>(ShuffleAll)((1, threads), buffer.View);
        int[] values = buffer.GetAsArray1D();
        for (int i = 0; i < threads; i++)
        {
            int lane = i % warpSize;
            int first = i - lane;
            int half = warpSize / 2;
            int segment = lane - (lane % half);
            int[] expected =
            [
                first + ((lane + 1) % warpSize),
                first + (lane + 3 < warpSize ? lane + 3 : lane),
                first + (lane >= 2 ? lane - 2 : lane),
                first + (lane ^ 1),
                first + 2,
                first + segment + 1,
                first + (lane % half + 1 < half ? lane + 1 : lane),
                warpSize,
            ];
            Assert.Equal(expected, values[(8 * i)..(8 * i + 8)]);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(64)]
    [InlineData(100)]
    [InlineData(1024)]
    public void ReductionsAndScansAgreeWithLoops(int groupSize)
    {
        var random = new Random(5);
        int[] data = Enumerable.Range(0, groupSize).Select(_ => random.Next(-1000, 1000)).ToArray();
        using var input = accelerator.Allocate1D(data);
        using var output = accelerator.Allocate1D<int>(groupSize * 7);
        accelerator.LoadStreamKernel<ArrayView<int>, ArrayView<int>>(ReduceAndScan)((1, groupSize), input.View, output.View);
        int[] values = output.GetAsArray1D();
        int sum = 0;
        for (int i = 0; i < groupSize; i++)
        {
            int below = sum;
            sum += data[i];
            Assert.Equal([data.Sum(), data.Max(), below, sum, 0, data[..^1].Sum()], values[(7 * i)..(7 * i + 6)]);
        }
        Assert.Equal(data.Sum(), values[6]);
    }

    [Theory]
    [InlineData(1, 300)]
    [InlineData(2, 1024)]
    public void ReductionsWorkWithNarrowWarps(int warpSize, int groupSize)
    {
        using var context = Context.Create(builder => builder.CPU(new CPUDevice(warpSize, 1024 / warpSize, 1)));
        using var other = context.CreateCPUAccelerator(0, cpu.Accelerator.Mode);
        using var input = other.Allocate1D(Enumerable.Range(1, groupSize).ToArray());
        using var output = other.Allocate1D<int>(groupSize * 7);
        other.LoadStreamKernel<ArrayView<int>, ArrayView<int>>(ReduceAndScan)((1, groupSize), input.View, output.View);
        int[] last = output.GetAsArray1D()[^7..];
        int sum = groupSize * (groupSize + 1) / 2;
        Assert.Equal([sum, groupSize, sum - groupSize, sum, 0, sum - groupSize], last[..6]);
    }

    [Fact]
    public void AtomicsLoseNoUpdate()
    {
        using var ints = accelerator.Allocate1D(new int[] { 0, int.MinValue, int.MaxValue, -1, 0, 0 });
        using var longs = accelerator.Allocate1D(new long[] { 0, 0 });
        using var floats = accelerator.Allocate1D(new float[] { 0, float.NegativeInfinity, float.PositiveInfinity, 1 });
        accelerator.Launch(UpdateAll, (100, 64), ints.View.BaseView, longs.View.BaseView, floats.View.BaseView);
        Assert.Equal([6400, 6399, 0, -1 & ~1, 1, 0], ints.GetAsArray1D());
        Assert.Equal([6399L * 3200, 6400L], longs.GetAsArray1D());
        Assert.Equal([6400f, 6399f, 0f, 6401f], floats.GetAsArray1D());
    }

    [Fact]
    public void LocalMemoryBelongsToTheThread()
    {
        using var buffer = accelerator.Allocate1D<int>(64);
        accelerator.LoadStreamKernel<ArrayView<int>>(UseLocal)((2, 32), buffer.View);
        Assert.Equal(Enumerable.Range(0, 64).Select(i => (4 * i) + 6), buffer.GetAsArray1D());
    }

    private static void ReverseInGroup(ArrayView<int> result)
    {
        var shared = SharedMemory.Allocate<int>(1024);
        ref int offset = ref SharedMemory.Allocate<int>();
        int thread = Group.IdxX;
        if (Group.IsFirstThread)
            offset = Grid.IdxX * Group.DimX;
        shared[thread] = thread;
        Group.Barrier();
        result[Grid.GlobalLinearIndex] = offset + shared[Group.DimX - 1 - thread];
        Group.Barrier();
    }

    private static void UseDynamic(ArrayView<int> result)
    {
        var first = SharedMemory.GetDynamic<int>();
        first[Group.IdxX] = 8 + Group.IdxX;
        Group.Barrier();
        var second = SharedMemory.GetDynamic<uint>();
        result[Group.IdxX] = second.IntLength == 8 ? (int)second[Group.IdxX] : -1;
    }

    private static void CountPredicates(ArrayView<int> result)
    {
        int i = Group.IdxX;
        int first = Group.BarrierPopCount(i < 10);
        int second = Group.BarrierPopCount(i > 0);
        result[5 * i] = first;
        result[(5 * i) + 1] = second;
        result[(5 * i) + 2] = Group.BarrierAnd(i >= 0) ? 1 : 0;
        result[(5 * i) + 3] = Group.BarrierAnd(i != 20) ? 1 : 0;
        result[(5 * i) + 4] = Group.BarrierOr(i == 20) ? 1 : 0;
    }

    private static void BroadcastSum(ArrayView<long> result)
    {
        long sum = 0;
        for (int i = 0; i < Group.DimX; i++)
            sum += Group.Broadcast((long)Group.IdxX * Group.IdxX, i);
        result[Group.IdxX] = sum;
    }

    private static void ShuffleAll(ArrayView<int> result)
    {
        int i = Group.LinearIndex;
        int half = Warp.WarpSize / 2;
        result[8 * i] = Warp.Shuffle(i, (Warp.LaneIdx + 1) % Warp.WarpSize);
        result[(8 * i) + 1] = Warp.ShuffleDown(i, 3);
        result[(8 * i) + 2] = Warp.ShuffleUp(i, 2);
        result[(8 * i) + 3] = Warp.ShuffleXor(i, 1);
        result[(8 * i) + 4] = Warp.Broadcast(i, 2);
        result[(8 * i) + 5] = Warp.Shuffle(i, 1, half);
        result[(8 * i) + 6] = Warp.ShuffleDown(i, 1, half);
        result[(8 * i) + 7] = Warp.WarpSize;
    }

    private static void ReduceAndScan(ArrayView<int> input, ArrayView<int> output)
    {
        int i = Group.LinearIndex;
        int value = input[i];
        output[7 * i] = GroupExtensions.AllReduce<int, AddInt32>(value);
        output[(7 * i) + 1] = GroupExtensions.AllReduce<int, MaxInt32>(value);
        output[(7 * i) + 2] = GroupExtensions.ExclusiveScan<int, AddInt32>(value);
        output[(7 * i) + 3] = GroupExtensions.InclusiveScan<int, AddInt32>(value);
        GroupExtensions.ExclusiveScanWithBoundaries<int, AddInt32>(value, out var boundaries);
        output[(7 * i) + 4] = boundaries.LeftBoundary;
        output[(7 * i) + 5] = boundaries.RightBoundary;
        int sum = GroupExtensions.Reduce<int, AddInt32>(value);
        if (Group.IsFirstThread)
            output[6] = sum;
    }

    private static void UpdateAll(ArrayView<int> ints, ArrayView<long> longs, ArrayView<float> floats)
    {
        int i = Grid.GlobalLinearIndex;
        Atomic.Add(ref ints[0], 1);
        Atomic.Max(ref ints[1], i);
        Atomic.Min(ref ints[2], i);
        Atomic.And(ref ints[3], ~1);
        Atomic.Or(ref ints[4], i & 1);
        Atomic.Xor(ref ints[5], i);
        Atomic.Add(ref longs[0], i);
        Interlocked.Increment(ref longs[1]);
        Atomic.Add(ref floats[0], 1);
        Atomic.Max(ref floats[1], i);
        Atomic.Min(ref floats[2], i);
        Atomic.MakeAtomic(ref floats[3], 1f, default(AddOne), default(CompareExchangeFloat));
    }

    private static void UseLocal(ArrayView<int> result)
    {
        var local = LocalMemory.Allocate<int>(4);
        int i = Grid.GlobalLinearIndex;
        for (int k = 0; k < 4; k++)
            local[k] = i + k;
        int sum = 0;
        for (int k = 0; k < 4; k++)
            sum += local[k];
        result[i] = sum;
    }

    private readonly struct AddOne : IAtomicOperation<float>
    {
        public float Operation(float current, float value) => current + value;
    }
}
