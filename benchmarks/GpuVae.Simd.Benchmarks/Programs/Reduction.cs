using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Simd.Benchmarks.Programs;

/// <summary>The sum of a long array: strided sums per thread, a tree in shared memory per group, one atomic addition per group.</summary>
internal sealed class Reduction() : BenchmarkProgram("sum of an array", "Gelement")
{
    private const int MaximumGroup = 256;

    public override int Size => 1 << 24;

    public override int EmulatorSize => 1 << 20;

    public override double Work(int size) => 1e-9 * size;

    private static void Sum(ArrayView1D<float, Stride1D.Dense> values, ArrayView1D<float, Stride1D.Dense> total)
    {
        ArrayView<float> sums = SharedMemory.Allocate<float>(MaximumGroup);
        int thread = Group.IdxX;
        float sum = 0;
        for (int i = Grid.GlobalIndex.X; i < values.IntLength; i += Grid.DimX * Group.DimX)
            sum += values[i];
        sums[thread] = sum;
        Group.Barrier();
        for (int half = Group.DimX / 2; half > 0; half /= 2)
        {
            if (thread < half)
                sums[thread] += sums[thread + half];
            Group.Barrier();
        }
        if (thread == 0)
            Atomic.Add(ref total[0], sums[0]);
    }

    public override PreparedRun OnAccelerator(Accelerator accelerator, int size)
    {
        float[] data = Data(size), result = new float[1];
        MemoryBuffer1D<float, Stride1D.Dense> values = accelerator.Allocate1D(data);
        MemoryBuffer1D<float, Stride1D.Dense> total = accelerator.Allocate1D<float>(1);
        Action<KernelConfig, ArrayView1D<float, Stride1D.Dense>, ArrayView1D<float, Stride1D.Dense>> kernel =
            accelerator.LoadStreamKernel<ArrayView1D<float, Stride1D.Dense>, ArrayView1D<float, Stride1D.Dense>>(Sum);
        int group = Math.Min(MaximumGroup, accelerator.MaxNumThreadsPerGroup);
        int groups = 8 * accelerator.NumMultiprocessors;
        return new PreparedRun(
            () =>
            {
                total.MemSetToZero();
                kernel((groups, group), values.View, total.View);
                total.CopyToCPU(result);
            },
            () => Check(data, result[0]), values, total);
    }

    public override PreparedRun InPlainCSharp(int size)
    {
        float[] values = Data(size);
        float total = 0;
        return new PreparedRun(
            () =>
            {
                float[] sums = new float[Ranges.Count];
                Parallel.For(0, Ranges.Count, range =>
                {
                    (int from, int to) = Ranges.Of(range, values.Length);
                    // Four sums, so that an addition need not wait for the one before.
                    float a = 0, b = 0, c = 0, d = 0;
                    Span<float> own = values.AsSpan(from, to - from);
                    int i = 0;
                    for (; i + 3 < own.Length; i += 4)
                    {
                        a += own[i];
                        b += own[i + 1];
                        c += own[i + 2];
                        d += own[i + 3];
                    }
                    for (; i < own.Length; i++)
                        a += own[i];
                    sums[range] = a + b + (c + d);
                });
                total = sums.Sum();
            },
            () => Check(values, total));
    }

    private static float[] Data(int size)
    {
        var random = new Random(1);
        float[] values = new float[size];
        for (int i = 0; i < size; i++)
            values[i] = random.NextSingle() - 0.5f;
        return values;
    }

    private static void Check(float[] values, float total)
    {
        double sum = 0, size = 0;
        foreach (float value in values)
        {
            sum += value;
            size += Math.Abs(value);
        }
        Expect.Close("the sum", total, sum, size, 1e-5);
    }
}
