using System.Numerics;
using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Algorithms.ScanReduceOperations;
using ILGPU.Runtime;
using static GpuVae.Simd.Tests.Frontend.Inputs;

namespace GpuVae.Simd.Tests.Frontend;

/// <summary>Views, arrays, shared and local memory and what threads do to it together, against direct execution.</summary>
public sealed class ViewAndArrayTests
{
    [Fact]
    public void LocalArraysAndLocalMemory() => KernelHarness.RunGroups<int>(
        static (input, output) =>
        {
            int[] zeroed = new int[4];
            int[] filled = [1, 20, 300, 4000];
            ArrayView<long> local = LocalMemory.Allocate<long>(4);
            for (int i = 0; i < zeroed.Length; i++)
            {
                zeroed[(input[i] & 1) + 1] += filled[i];
                local[i] = zeroed[1] * 3L;
            }
            for (int i = 0; i < 4; i++)
                output[i] = zeroed[i] + (int)local[3 - i];
        },
        Integers, 4);

    private unsafe struct Buffered
    {
        public int Count;
        public fixed int Values[4];
    }

    [Fact]
    public unsafe void FixedBuffersAndPointers() => KernelHarness.Run<int>(
        static (input, output) =>
        {
            Buffered buffered = default;
            for (int i = 0; i < 4; i++)
            {
                buffered.Values[i] = input[i + 4] * 3;
                buffered.Count++;
            }
            fixed (int* p = &output[0])
            {
                p[1] = buffered.Values[2] + buffered.Count;
                *(p + 2) = buffered.Values[3];
            }
            int x = 5;
            int* q = &x;
            *q += 2;
            output[0] = x + sizeof(Buffered);
            Unsafe.Add(ref output[0], 3) = Unsafe.As<int, int>(ref output[1]) + 1;
        },
        Integers, 4);

    [Fact]
    public void ViewsSubviewsAndCasts() => KernelHarness.Run<int>(
        static (input, output) =>
        {
            ArrayView<int> part = input.SubView(4, 8);
            ArrayView<short> shorts = part.Cast<short>();
            ArrayView1D<int, Stride1D.Dense> dense = part;
            var matrix = new ArrayView2D<int, Stride2D.DenseY>(part, new LongIndex2D(2, 4), new Stride2D.DenseY(4));
            ArrayView2D<int, Stride2D.DenseX> transposed = matrix.AsTransposed();
            output[0] = part[1] + part[2L] + part.IntLength + (int)shorts.Length + shorts[3];
            output[1] = dense[new Index1D(3)] + matrix[1, 2] + matrix[new Index2D(0, 3)] + transposed[3, 1];
            output[2] = (int)matrix.IntExtent.X + matrix.IntExtent.Y + transposed.IntExtent.X;
            VariableView<int> variable = part.VariableView(5);
            variable.Value = 1 + variable.Value;
            output[3] = part[5];
            ArrayView<int> chosen = input[0] == 0 ? part : input;
            output[4] = chosen[0] + (chosen.IsValid ? 1 : 0);
        },
        Integers, 5);

    [Fact]
    public void ViewsMayChangeInLoops() => KernelHarness.Run<int>(
        static (input, output) =>
        {
            ArrayView<int> rest = input;
            ArrayView<int> longest = default;
            int total = 0;
            while (rest.Length > 2)
            {
                total = (total * 3) + rest[0] + rest.IntLength;
                if (rest[0] > rest[1])
                    longest = rest;
                rest = rest.SubView(1 + (rest[1] & 1));
            }
            output[0] = total;
            output[1] = longest.IsValid ? longest[0] + longest.IntLength : -5;
        },
        Integers, 2);

    [Fact]
    public void DoubleBuffersSwap() => KernelHarness.RunGroups<int>(
        static (input, output) =>
        {
            ArrayView<int> front = SharedMemory.Allocate<int>(8);
            ArrayView<int> back = SharedMemory.Allocate<int>(8);
            int i = Group.IdxX;
            front[i] = input[i] & 63;
            for (int round = 0; round < 5; round++)
            {
                Group.Barrier();
                back[i] = front[(i + 1) % 8] + front[i];
                (front, back) = (back, front);
            }
            output[i] = front[i];
        },
        Integers, 8, threads: 8);

    private struct Walker
    {
        public ArrayView<int> View;
        public int Position;

        public ref int Next() => ref View[Position++ % View.IntLength];
    }

    [Fact]
    public void StructsMayHoldViewsAndReturnRefsIntoThem() => KernelHarness.Run<int>(
        static (input, output) =>
        {
            var reader = new Walker { View = input };
            var writer = new Walker { View = output, Position = 2 };
            for (int i = 0; i < 6; i++)
            {
                ref int target = ref writer.Next();
                target += reader.Next() * 2;
                target ^= i;
            }
        },
        Integers, 4);

    private readonly struct Vector(float x, float y, float z, float w)
    {
        public readonly float X = x, Y = y, Z = z, W = w;

        public static Vector operator +(Vector a, Vector b) => new(a.X + b.X, a.Y + b.Y, a.Z + b.Z, a.W + b.W);
    }

    [Fact]
    public void StructElementsLoadAndStore() => KernelHarness.Run<float>(
        static (input, output) =>
        {
            ArrayView<Vector> from = input.Cast<Vector>();
            ArrayView<Vector> to = output.Cast<Vector>();
            for (int i = 0; i < 3; i++)
                to[i] = from[i] + from[i + 1];
            to[3] = new Vector(from[0].Y, to[0].Z, 1f, from[3].W);
        },
        [.. Enumerable.Range(0, 16).Select(i => i * 1.25f)], 16);

    private static readonly int[] Table = [3, 1, 4, 1, 5];

    [Fact]
    public void StaticReadonlyArraysAreConstants() => KernelHarness.Run<int>(
        static (input, output) =>
        {
            for (int i = 0; i < input.IntLength; i++)
                output[i] = Table[i % Table.Length] * input[i] + Table[2];
        },
        Integers, Integers.Length);

    [Fact]
    public void SharedMemoryBarriersAndBroadcasts() => KernelHarness.RunGroups<int>(
        static (input, output) =>
        {
            ArrayView<int> tile = SharedMemory.Allocate<int>(16);
            ref int total = ref SharedMemory.Allocate<int>();
            int i = Group.IdxX;
            tile[i] = input[i] & 1023;
            if (Group.IsFirstThread)
                total = 0;
            Group.Barrier();
            for (int step = 8; step > 0; step /= 2)
            {
                int value = i < step ? tile[i] + tile[i + step] : 0;
                Group.Barrier();
                if (i < step)
                    tile[i] = value;
                Group.Barrier();
            }
            Atomic.Add(ref total, i);
            Group.Barrier();
            int positive = Group.BarrierPopCount(input[i] > 0);
            output[Grid.GlobalIndex.X] = tile[0] + total + positive + (Group.BarrierAnd(i >= 0) ? 1000 : 0) + Group.Broadcast(i * 7, 3)
                + (Group.BarrierOr(i == 5) ? 5000 : 0) + Grid.IdxX;
        },
        Integers, 32, groups: 2, threads: 16);

    [Fact]
    public void GroupAndWarpAlgorithms() => KernelHarness.RunGroups<int>(
        static (input, output) =>
        {
            int value = input[Group.IdxX] & 255;
            int sum = GroupExtensions.AllReduce<int, AddInt32>(value);
            int largest = GroupExtensions.Reduce<int, MaxInt32>(value);
            int before = GroupExtensions.ExclusiveScan<int, AddInt32>(value);
            int upTo = GroupExtensions.InclusiveScan<int, AddInt32>(value);
            int warp = WarpExtensions.AllReduce<int, MinInt32>(value);
            output[Grid.GlobalIndex.X] = sum + (Group.IsFirstThread ? largest : 0) + (before * 3) + (upTo * 7) + warp;
        },
        Integers, 32, groups: 2, threads: 16);

    [Fact]
    public void AtomicsReturnTheOldValue() => KernelHarness.RunGroups<int>(
        static (input, output) =>
        {
            int i = Group.IdxX;
            Atomic.Add(ref output[0], input[i] & 15);
            Atomic.Max(ref output[1], i);
            Atomic.Min(ref output[2], -i);
            Atomic.Or(ref output[3], 1 << i);
            Atomic.Xor(ref output[4], 1 << i);
            Interlocked.Increment(ref output[5]);
            if (Atomic.CompareExchange(ref output[6], 0, 99) == 0)
                Atomic.Add(ref output[7], 1);
            Atomic.Exchange(ref output[8], 4);
            ref float f = ref Unsafe.As<int, float>(ref output[9]);
            Atomic.Add(ref f, 0.5f);
            Atomic.Max(ref Unsafe.As<int, float>(ref output[10]), i * 1.5f);
        },
        Integers, 11, threads: 8);
}
