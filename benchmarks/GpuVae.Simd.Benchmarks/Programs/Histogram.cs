using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Simd.Benchmarks.Programs;

/// <summary>How often each of 256 values occurs: atomics on a histogram in shared memory per group, then on the one of all.</summary>
internal sealed class Histogram() : BenchmarkProgram("histogram of bytes", "Gelement")
{
    private const int Bins = 256;

    public override int Size => 1 << 24;

    public override int EmulatorSize => 1 << 18;

    public override double Work(int size) => 1e-9 * size;

    private static void Count(ArrayView1D<byte, Stride1D.Dense> values, ArrayView1D<int, Stride1D.Dense> bins)
    {
        ArrayView<int> own = SharedMemory.Allocate<int>(Bins);
        for (int bin = Group.IdxX; bin < Bins; bin += Group.DimX)
            own[bin] = 0;
        Group.Barrier();
        for (int i = Grid.GlobalIndex.X; i < values.IntLength; i += Grid.DimX * Group.DimX)
            Atomic.Add(ref own[(int)values[i]], 1);
        Group.Barrier();
        for (int bin = Group.IdxX; bin < Bins; bin += Group.DimX)
            Atomic.Add(ref bins[bin], own[bin]);
    }

    public override PreparedRun OnAccelerator(Accelerator accelerator, int size)
    {
        byte[] data = Data(size);
        int[] result = new int[Bins];
        MemoryBuffer1D<byte, Stride1D.Dense> values = accelerator.Allocate1D(data);
        MemoryBuffer1D<int, Stride1D.Dense> bins = accelerator.Allocate1D<int>(Bins);
        Action<KernelConfig, ArrayView1D<byte, Stride1D.Dense>, ArrayView1D<int, Stride1D.Dense>> kernel =
            accelerator.LoadStreamKernel<ArrayView1D<byte, Stride1D.Dense>, ArrayView1D<int, Stride1D.Dense>>(Count);
        int group = Math.Min(Bins, accelerator.MaxNumThreadsPerGroup);
        int groups = 8 * accelerator.NumMultiprocessors;
        return new PreparedRun(
            () =>
            {
                bins.MemSetToZero();
                kernel((groups, group), values.View, bins.View);
                bins.CopyToCPU(result);
            },
            () => Check(data, result), values, bins);
    }

    public override PreparedRun InPlainCSharp(int size)
    {
        byte[] values = Data(size);
        int[] bins = new int[Bins];
        return new PreparedRun(
            () =>
            {
                Array.Clear(bins);
                Parallel.For(0, Ranges.Count, range =>
                {
                    (int from, int to) = Ranges.Of(range, values.Length);
                    int[] own = new int[Bins];
                    foreach (byte value in values.AsSpan(from, to - from))
                        own[value]++;
                    lock (bins)
                    {
                        for (int bin = 0; bin < Bins; bin++)
                            bins[bin] += own[bin];
                    }
                });
            },
            () => Check(values, bins));
    }

    /// <summary>Brightness as in pictures: some values are far more frequent than others.</summary>
    private static byte[] Data(int size)
    {
        var random = new Random(1);
        byte[] values = new byte[size];
        for (int i = 0; i < size; i++)
            values[i] = (byte)(255 * random.NextSingle() * random.NextSingle());
        return values;
    }

    private static void Check(byte[] values, int[] bins)
    {
        int[] reference = new int[Bins];
        foreach (byte value in values)
            reference[value]++;
        Expect.Equal<int>("bin", bins, reference);
    }
}
