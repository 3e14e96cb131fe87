// What a device can do at most, measured with its own kernels: multiply-adds that touch nothing but registers, and a plain copy. Every
// "per cent of the ceiling" in profiles and benchmarks refers to these (the two roofs of Williams, Waterman and Patterson 2009, "Roofline",
// doi:10.1145/1498765.1498785).

using System.Diagnostics;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Kernels.Common;

/// <summary>Measures the arithmetic and the memory ceiling of one accelerator.</summary>
public sealed class Ceiling(Accelerator accelerator)
{
    /// <summary>
    /// Independent chains of multiply-adds per thread: more than latency times issue width of any device at hand (4 × 2 on processors),
    /// and few enough to stay, with the two operands, in the 16 registers that a processor has for 256-bit vectors.
    /// </summary>
    private const int Chains = 12;

    private const double TargetSeconds = 0.05;
    private const int Rounds = 7;

    private readonly Action<AcceleratorStream, KernelConfig, ArrayView<float>, int, float, float> multiplyAdd =
        accelerator.LoadKernel<ArrayView<float>, int, float, float>(MultiplyAddKernel);
    private readonly Action<AcceleratorStream, Index1D, ArrayView<float>, ArrayView<float>> copy =
        accelerator.LoadAutoGroupedKernel<Index1D, ArrayView<float>, ArrayView<float>>(CopyKernel);

    /// <summary>
    /// Floating-point operations per second of register-only float32 multiply-adds, each counted as two, on the whole device.
    /// </summary>
    public double MeasureFlops(AcceleratorStream stream)
    {
        bool isLanes = accelerator.ExecutionStyle() == ExecutionStyle.Lanes;
        int group = isLanes ? accelerator.WarpSize : Math.Min(256, accelerator.MaxNumThreadsPerGroup);
        int groups = accelerator.NumMultiprocessors * (isLanes ? 4 : 32);
        using MemoryBuffer1D<float, Stride1D.Dense> result = accelerator.Allocate1D<float>((long)groups * group);
        return Fastest(
            stream, runs => multiplyAdd(stream, (groups, group), result.View, runs, 0.999f, 0.001f), 2.0 * Chains * groups * group);
    }

    /// <summary>Bytes per second, read and written together, of a copy of <paramref name="bytes"/> bytes.</summary>
    public double MeasureBandwidth(AcceleratorStream stream, long bytes = 1L << 27)
    {
        int length = (int)(bytes / sizeof(float));
        using MemoryBuffer1D<float, Stride1D.Dense> source = accelerator.Allocate1D<float>(length);
        using MemoryBuffer1D<float, Stride1D.Dense> target = accelerator.Allocate1D<float>(length);
        source.View.MemSetToZero(stream);
        return Fastest(stream, runs =>
        {
            for (int i = 0; i < runs; i++)
                copy(stream, length, source.View, target.View);
        }, 2.0 * sizeof(float) * length);
    }

    /// <summary>Work per second of the fastest round; a ceiling is what is possible, so noise only ever lowers a round.</summary>
    private static double Fastest(AcceleratorStream stream, Action<int> run, double workPerRun)
    {
        // The first run compiles the kernel and must not decide how many make a round.
        Seconds(stream, run, 1);
        int runs = 1;
        while (Seconds(stream, run, runs) < TargetSeconds / 4 && runs < 1 << 24)
            runs *= 4;
        double best = 0;
        for (int round = 0; round < Rounds; round++)
            best = Math.Max(best, workPerRun * runs / Seconds(stream, run, runs));
        return best;
    }

    private static double Seconds(AcceleratorStream stream, Action<int> run, int runs)
    {
        stream.Synchronize();
        long start = Stopwatch.GetTimestamp();
        run(runs);
        stream.Synchronize();
        return Math.Max(Stopwatch.GetElapsedTime(start).TotalSeconds, 1e-9);
    }

    private static void CopyKernel(Index1D index, ArrayView<float> source, ArrayView<float> target) => target[index] = source[index];

    private static void MultiplyAddKernel(ArrayView<float> result, int runs, float factor, float addend)
    {
        int i = Grid.GlobalIndex.X;
        float x = i;
        float a0 = x, a1 = x + 1f, a2 = x + 2f, a3 = x + 3f, a4 = x + 4f, a5 = x + 5f;
        float b0 = -x, b1 = 1f - x, b2 = 2f - x, b3 = 3f - x, b4 = 4f - x, b5 = 5f - x;
        for (int run = 0; run < runs; run++)
        {
            a0 = a0 * factor + addend;
            a1 = a1 * factor + addend;
            a2 = a2 * factor + addend;
            a3 = a3 * factor + addend;
            a4 = a4 * factor + addend;
            a5 = a5 * factor + addend;
            b0 = b0 * factor + addend;
            b1 = b1 * factor + addend;
            b2 = b2 * factor + addend;
            b3 = b3 * factor + addend;
            b4 = b4 * factor + addend;
            b5 = b5 * factor + addend;
        }
        result[i] = a0 + a1 + a2 + a3 + a4 + a5 + b0 + b1 + b2 + b3 + b4 + b5;
    }
}
