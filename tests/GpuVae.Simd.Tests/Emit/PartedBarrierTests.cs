using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Algorithms.ScanReduceOperations;
using ILGPU.Runtime;

namespace GpuVae.Simd.Tests.Emit;

/// <summary>A barrier waits for those threads of the group that come to it: others have returned, or left the loop.</summary>
public sealed class PartedBarrierTests
{
    private const int Threads = 61;
    private const int Groups = 3;

    public static TheoryData<string> Widths => TestAccelerators.Widths;

    private static void ReturnsEarly(ArrayView<int> output, int present)
    {
        ArrayView<int> shared = SharedMemory.Allocate<int>(64);
        shared[Group.IdxX] = -1;
        Group.Barrier();
        if (Group.IdxX >= present)
            return;
        shared[Group.IdxX] = Group.IdxX;
        Group.Barrier();
        output[Grid.GlobalIndex.X] = shared[present - 1 - Group.IdxX] + 100 * Group.BarrierPopCount(true);
    }

    private static void LeavesTheLoop(ArrayView<int> output)
    {
        ref int sum = ref SharedMemory.Allocate<int>();
        if (Group.IsFirstThread)
            sum = 0;
        Group.Barrier();
        int turns = 0;
        // Thread i takes part in i % 7 turns; everybody counts who does.
        for (int i = 0; i < Group.IdxX % 7; i++)
        {
            int partners = Group.BarrierPopCount(i % 2 == 0);
            if (partners == 0)
                continue;
            Atomic.Add(ref sum, 1);
            Group.Barrier();
            turns += partners;
            if (Group.IdxX == 13)
                break;
        }
        Group.Barrier();
        output[Grid.GlobalIndex.X] = 1000 * sum + turns;
    }

    private static void BranchesApart(ArrayView<int> output)
    {
        ArrayView<int> shared = SharedMemory.Allocate<int>(64);
        int me = Group.IdxX, result;
        if (me % 3 == 0)
        {
            shared[me] = me;
            Group.Barrier();
            result = Group.BarrierOr(me == 60) ? shared[(me + 3) % 63] : -1;
        }
        else
        {
            result = Group.BarrierAnd(me % 3 != 0) ? 2 : 3;
        }
        output[Grid.GlobalIndex.X] = result;
    }

    private static void ScansTiles(ArrayView<int> values, ArrayView<int> output)
    {
        // What ILGPU's scans do: the loop ends per thread, though all threads take the same number of turns.
        int length = values.IntLength;
        int end = (length + Group.DimX - 1) / Group.DimX * Group.DimX;
        int carry = 0;
        for (int i = Group.IdxX; i < end; i += Group.DimX)
        {
            int value = i < length ? values[i] : 0;
            int scanned = GroupExtensions.InclusiveScanWithBoundaries<int, AddInt32>(value, out ScanBoundaries<int> boundaries);
            if (i < length)
                output[i] = carry + scanned;
            carry += boundaries.RightBoundary;
            Group.Barrier();
        }
    }

    [Theory, MemberData(nameof(Widths))]
    public void ThreadsThatReturnedAreNotWaitedFor(string width)
    {
        foreach (int present in new[] { 1, 16, 17, 40, Threads })
        {
            int[] result = Run(
                width, (a, output) => a.LoadStreamKernel<ArrayView<int>, int>(ReturnsEarly)((Groups, Threads), output, present));
            Assert.Equal(Each(i => i < present ? present - 1 - i + 100 * present : 0), result);
        }
    }

    [Theory, MemberData(nameof(Widths))]
    public void ThreadsThatLeftTheLoopAreNotWaitedFor(string width)
    {
        int[] turns = [.. Enumerable.Range(0, Threads).Select(i => i == 13 ? 1 : i % 7)];
        int[] partners = [.. Enumerable.Range(0, 7).Select(turn => turn % 2 == 0 ? turns.Count(t => t > turn) : 0)];
        int sum = partners.Sum();
        int[] result = Run(width, (a, output) => a.LoadStreamKernel<ArrayView<int>>(LeavesTheLoop)((Groups, Threads), output));
        Assert.Equal(Each(i => 1000 * sum + partners.Take(turns[i]).Sum()), result);
    }

    [Theory, MemberData(nameof(Widths))]
    public void EachArmOfABranchHasItsOwnBarriers(string width)
    {
        int[] result = Run(width, (a, output) => a.LoadStreamKernel<ArrayView<int>>(BranchesApart)((Groups, Threads), output));
        Assert.Equal(Each(i => i % 3 != 0 ? 2 : (i + 3) % 63), result);
    }

    [Theory, MemberData(nameof(Widths))]
    public void ALoopThatEndsPerThreadMayScan(string width)
    {
        SimdAccelerator accelerator = TestAccelerators.Open(width);
        int[] values = [.. Enumerable.Range(0, 1000).Select(i => i * 7 % 11 - 4)];
        using MemoryBuffer1D<int, Stride1D.Dense> input = accelerator.Allocate1D(values);
        using MemoryBuffer1D<int, Stride1D.Dense> output = accelerator.Allocate1D<int>(values.Length);
        accelerator.LoadStreamKernel<ArrayView<int>, ArrayView<int>>(ScansTiles)((1, Threads), input.View, output.View);
        int sum = 0;
        Assert.Equal([.. values.Select(v => sum += v)], output.GetAsArray1D());
    }

    private static int[] Run(string width, Action<Accelerator, ArrayView<int>> launch)
    {
        SimdAccelerator accelerator = TestAccelerators.Open(width);
        using MemoryBuffer1D<int, Stride1D.Dense> output = accelerator.Allocate1D<int>(Groups * Threads);
        output.MemSetToZero();
        launch(accelerator, output.View);
        return output.GetAsArray1D();
    }

    private static int[] Each(Func<int, int> value) => [.. Enumerable.Range(0, Groups * Threads).Select(i => value(i % Threads))];
}
