using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Simd.Tests.Kernels;

/// <summary>
/// Every shuffle and broadcast, of every type and at every width, against its definition: ILGPU has no warps of one lane.
/// </summary>
public sealed class WarpTests
{
    private const int Results = 16;
    private const int Size = 64;

    public static TheoryData<string> Accelerators => TestAccelerators.All;

    [Theory, MemberData(nameof(Accelerators))]
    public void ShufflesFollowTheirDefinition(string name)
    {
        SimdAccelerator accelerator = TestAccelerators.Open(name);
        int warp = accelerator.WarpSize;
        using MemoryBuffer1D<int, Stride1D.Dense> output = accelerator.Allocate1D<int>(2 * Size * Results);
        accelerator.LoadStreamKernel<ArrayView<int>>(Shuffle)((2, Size), output.View);
        int[] values = output.GetAsArray1D();
        int half = Math.Max(1, warp / 2);
        for (int i = 0; i < 2 * Size; i++)
        {
            int lane = i % Size % warp, first = i - lane, segment = lane - lane % half, inSegment = lane % half;
            int[] expected =
            [
                first + (lane + 1) % warp,
                first + (lane + 3 < warp ? lane + 3 : lane),
                first + (lane >= 2 ? lane - 2 : lane),
                first + ((lane ^ 1) < warp ? lane ^ 1 : lane),
                first + Math.Min(1, warp - 1),
                first + segment + (inSegment + 1) % half,
                first + segment + (inSegment + 1 < half ? inSegment + 1 : inSegment),
                first + segment + (inSegment >= 1 ? inSegment - 1 : inSegment),
                first + segment + ((inSegment ^ 1) < half ? inSegment ^ 1 : inSegment),
                warp,
                lane,
                i % Size / warp,
                lane == 0 ? 1 : 0,
                lane == warp - 1 ? 1 : 0,
                17 % warp,
                17 / warp,
            ];
            Assert.Equal(expected, values[(Results * i)..(Results * (i + 1))]);
        }
    }

    [Theory, MemberData(nameof(Accelerators))]
    public void EveryTypeCanBeShuffled(string name)
    {
        Check<byte>(name, i => (byte)(i * 3));
        Check<sbyte>(name, i => (sbyte)(i - 60));
        Check<short>(name, i => (short)(i * 300));
        Check<ushort>(name, i => (ushort)(i * 1000));
        Check<int>(name, i => i * 1_000_003);
        Check<uint>(name, i => (uint)i * 100_000_007);
        Check<long>(name, i => i * 100_000_000_003);
        Check<ulong>(name, i => (ulong)i << 57);
        Check<float>(name, i => i * 0.3f);
        Check<double>(name, i => i * 0.3);
        Check<ILGPU.Half>(name, i => (ILGPU.Half)i);
        Check<(int, double)>(name, i => (i, -i));
        Check<Nested>(name, i => new() { Small = (byte)i, Wide = i * 7L, Pair = (i, 2) });
    }

    private static void Check<T>(string name, Func<int, T> make) where T : unmanaged
    {
        SimdAccelerator accelerator = TestAccelerators.Open(name);
        int warp = accelerator.WarpSize;
        T[] data = [.. Enumerable.Range(0, Size).Select(make)];
        using MemoryBuffer1D<T, Stride1D.Dense> input = accelerator.Allocate1D(data);
        using MemoryBuffer1D<T, Stride1D.Dense> output = accelerator.Allocate1D<T>(4 * Size);
        output.MemSetToZero();
        accelerator.LoadStreamKernel<ArrayView<T>, ArrayView<T>>(ShuffleValues)((1, Size), input.View, output.View);
        IEnumerable<T> expected = Enumerable.Range(0, Size).SelectMany(i =>
        {
            int lane = i % warp, first = i - lane;
            return new[] { data[first + (lane + 1) % warp], data[lane + 1 < warp ? i + 1 : i], data[first], data[5] };
        });
        Assert.Equal(expected, output.GetAsArray1D());
    }

    private static void Shuffle(ArrayView<int> result)
    {
        int i = Grid.IdxX * Group.DimX + Group.IdxX;
        int half = Warp.WarpSize > 1 ? Warp.WarpSize / 2 : 1;
        int o = Results * i;
        result[o] = Warp.Shuffle(i, (Warp.LaneIdx + 1) % Warp.WarpSize);
        result[o + 1] = Warp.ShuffleDown(i, 3);
        result[o + 2] = Warp.ShuffleUp(i, 2);
        result[o + 3] = Warp.ShuffleXor(i, 1);
        result[o + 4] = Warp.Broadcast(i, Warp.WarpSize > 1 ? 1 : 0);
        result[o + 5] = Warp.Shuffle(i, (Warp.LaneIdx + 1) % half, half);
        result[o + 6] = Warp.ShuffleDown(i, 1, half);
        result[o + 7] = Warp.ShuffleUp(i, 1, half);
        result[o + 8] = Warp.ShuffleXor(i, 1, half);
        Warp.Barrier();
        result[o + 9] = Warp.WarpSize;
        result[o + 10] = Warp.LaneIdx;
        result[o + 11] = Warp.WarpIdx;
        result[o + 12] = Warp.IsFirstLane ? 1 : 0;
        result[o + 13] = Warp.IsLastLane ? 1 : 0;
        result[o + 14] = Warp.ComputeWarpThreadIdx(17);
        result[o + 15] = Warp.ComputeWarpIdx(17);
    }

    private static void ShuffleValues<T>(ArrayView<T> input, ArrayView<T> output) where T : unmanaged
    {
        int i = Group.IdxX;
        T value = input[i];
        output[4 * i] = Warp.Shuffle(value, (Warp.LaneIdx + 1) % Warp.WarpSize);
        output[4 * i + 1] = Warp.ShuffleDown(value, 1);
        output[4 * i + 2] = Warp.Broadcast(value, 0);
        output[4 * i + 3] = Group.Broadcast(value, 5);
    }

    private record struct Nested
    {
        public byte Small;
        public long Wide;
        public (int, int) Pair;
    }
}
