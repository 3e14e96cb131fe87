using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Simd.Benchmarks.Programs;

/// <summary>
/// Sorts unsigned integers by eight bits after the other, from the lowest: every thread counts the digits of its own stretch of the keys, a
/// scan turns the counts into places, and every thread moves its keys there.
/// </summary>
internal sealed class RadixSort() : BenchmarkProgram("radix sort", "Mkey")
{
    private const int Bits = 6;
    private const int Digits = 1 << Bits;
    private const int ScanGroup = 256;

    public override int Size => 1 << 22;

    public override int EmulatorSize => 1 << 17;

    public override double Work(int size) => 1e-6 * size;

    private static void Count(
        ArrayView1D<uint, Stride1D.Dense> keys, ArrayView1D<int, Stride1D.Dense> counts, int shift, int stretch)
    {
        ArrayView1D<int, Stride1D.Dense> own = LocalMemory.Allocate1D<int>(Digits);
        int thread = Grid.GlobalIndex.X, threads = Grid.DimX * Group.DimX;
        for (int digit = 0; digit < Digits; digit++)
            own[digit] = 0;
        int end = IntrinsicMath.Min((thread + 1) * stretch, keys.IntLength);
        for (int i = thread * stretch; i < end; i++)
        {
            int digit = (int)(keys[i] >> shift) & (Digits - 1);
            own[digit]++;
        }
        for (int digit = 0; digit < Digits; digit++)
            counts[digit * threads + thread] = own[digit];
    }

    /// <summary>Exclusive sums in place, by one group: of a stretch per thread, and of the stretches in shared memory.</summary>
    private static void Scan(ArrayView1D<int, Stride1D.Dense> counts)
    {
        ArrayView<int> sums = SharedMemory.Allocate<int>(ScanGroup);
        int thread = Group.IdxX;
        int stretch = (counts.IntLength + Group.DimX - 1) / Group.DimX;
        int start = thread * stretch, end = IntrinsicMath.Min(start + stretch, counts.IntLength);
        int sum = 0;
        for (int i = start; i < end; i++)
            sum += counts[i];
        sums[thread] = sum;
        Group.Barrier();
        for (int reach = 1; reach < Group.DimX; reach *= 2)
        {
            int before = thread >= reach ? sums[thread - reach] : 0;
            Group.Barrier();
            sums[thread] += before;
            Group.Barrier();
        }
        int place = sums[thread] - sum;
        for (int i = start; i < end; i++)
        {
            int count = counts[i];
            counts[i] = place;
            place += count;
        }
    }

    private static void Move(
        ArrayView1D<uint, Stride1D.Dense> keys, ArrayView1D<uint, Stride1D.Dense> sorted, ArrayView1D<int, Stride1D.Dense> places,
        int shift, int stretch)
    {
        ArrayView1D<int, Stride1D.Dense> own = LocalMemory.Allocate1D<int>(Digits);
        int thread = Grid.GlobalIndex.X, threads = Grid.DimX * Group.DimX;
        for (int digit = 0; digit < Digits; digit++)
            own[digit] = places[digit * threads + thread];
        int end = IntrinsicMath.Min((thread + 1) * stretch, keys.IntLength);
        for (int i = thread * stretch; i < end; i++)
        {
            uint key = keys[i];
            int digit = (int)(key >> shift) & (Digits - 1);
            sorted[own[digit]++] = key;
        }
    }

    public override PreparedRun OnAccelerator(Accelerator accelerator, int size)
    {
        uint[] data = Data(size);
        int group = Math.Min(16, accelerator.MaxNumThreadsPerGroup), groups = 4 * accelerator.NumMultiprocessors;
        int threads = groups * group, stretch = (size + threads - 1) / threads;
        MemoryBuffer1D<uint, Stride1D.Dense> original = accelerator.Allocate1D(data);
        MemoryBuffer1D<uint, Stride1D.Dense> keys = accelerator.Allocate1D<uint>(size);
        MemoryBuffer1D<uint, Stride1D.Dense> other = accelerator.Allocate1D<uint>(size);
        MemoryBuffer1D<int, Stride1D.Dense> counts = accelerator.Allocate1D<int>(Digits * threads);
        Action<KernelConfig, ArrayView1D<uint, Stride1D.Dense>, ArrayView1D<int, Stride1D.Dense>, int, int> count =
            accelerator.LoadStreamKernel<ArrayView1D<uint, Stride1D.Dense>, ArrayView1D<int, Stride1D.Dense>, int, int>(Count);
        Action<KernelConfig, ArrayView1D<int, Stride1D.Dense>> scan = accelerator.LoadStreamKernel<ArrayView1D<int, Stride1D.Dense>>(Scan);
        Action<KernelConfig, ArrayView1D<uint, Stride1D.Dense>, ArrayView1D<uint, Stride1D.Dense>,
            ArrayView1D<int, Stride1D.Dense>, int, int> move =
            accelerator.LoadStreamKernel<
            ArrayView1D<uint, Stride1D.Dense>, ArrayView1D<uint, Stride1D.Dense>, ArrayView1D<int, Stride1D.Dense>, int, int>(Move);
        return new PreparedRun(
            () =>
            {
                original.CopyTo(keys);
                (ArrayView1D<uint, Stride1D.Dense> from, ArrayView1D<uint, Stride1D.Dense> to) = (keys.View, other.View);
                for (int shift = 0; shift < 32; shift += Bits)
                {
                    count((groups, group), from, counts.View, shift, stretch);
                    scan((1, Math.Min(ScanGroup, accelerator.MaxNumThreadsPerGroup)), counts.View);
                    move((groups, group), from, to, counts.View, shift, stretch);
                    (from, to) = (to, from);
                }
                accelerator.Synchronize();
            },
            () => Check(data, keys.GetAsArray1D()), original, keys, other, counts);
    }

    public override PreparedRun InPlainCSharp(int size)
    {
        uint[] data = Data(size), keys = new uint[size], other = new uint[size];
        int[][] counts = [.. Enumerable.Range(0, Ranges.Count).Select(_ => new int[Digits])];
        return new PreparedRun(
            () =>
            {
                data.CopyTo(keys.AsSpan());
                (uint[] from, uint[] to) = (keys, other);
                for (int shift = 0; shift < 32; shift += Bits)
                {
                    // Copies, so that the closures do not see the variables change.
                    uint[] source = from, target = to;
                    int lowest = shift;
                    Parallel.For(0, Ranges.Count, range =>
                    {
                        int[] own = counts[range];
                        Array.Clear(own);
                        (int start, int end) = Ranges.Of(range, source.Length);
                        foreach (uint key in source.AsSpan(start, end - start))
                            own[(key >> lowest) & (Digits - 1)]++;
                    });
                    int place = 0;
                    for (int digit = 0; digit < Digits; digit++)
                    {
                        foreach (int[] own in counts)
                            (own[digit], place) = (place, place + own[digit]);
                    }
                    Parallel.For(0, Ranges.Count, range =>
                    {
                        int[] own = counts[range];
                        (int start, int end) = Ranges.Of(range, source.Length);
                        foreach (uint key in source.AsSpan(start, end - start))
                            target[own[(key >> lowest) & (Digits - 1)]++] = key;
                    });
                    (from, to) = (to, from);
                }
            },
            () => Check(data, keys));
    }

    private static uint[] Data(int size)
    {
        var random = new Random(1);
        uint[] keys = new uint[size];
        for (int i = 0; i < size; i++)
            keys[i] = (uint)random.NextInt64(1L << 32);
        return keys;
    }

    private static void Check(uint[] data, uint[] sorted)
    {
        uint[] reference = (uint[])data.Clone();
        Array.Sort(reference);
        Expect.Equal<uint>("key", sorted, reference);
    }
}
