using System.Diagnostics;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Simd.Benchmarks;

/// <summary>What a launch costs whose kernel does nothing: a single thread, which the launching thread itself runs.</summary>
internal static class EmptyLaunch
{
    private const int Launches = 200_000;
    private const int Rounds = 7;

    private static void Nothing(Index1D index, ArrayView1D<int, Stride1D.Dense> view)
    {
    }

    /// <summary>The median of the nanoseconds per launch, and the managed bytes per launch.</summary>
    public static (double Nanoseconds, double Bytes) Measure(Accelerator accelerator, int launches = Launches)
    {
        using MemoryBuffer1D<int, Stride1D.Dense> buffer = accelerator.Allocate1D<int>(1);
        ArrayView1D<int, Stride1D.Dense> view = buffer.View;
        Action<Index1D, ArrayView1D<int, Stride1D.Dense>> kernel =
            accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView1D<int, Stride1D.Dense>>(Nothing);
        for (int i = 0; i < launches; i++)
            kernel(1, view);
        double[] nanoseconds = new double[Rounds];
        long bytes = GC.GetAllocatedBytesForCurrentThread();
        for (int round = 0; round < Rounds; round++)
        {
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < launches; i++)
                kernel(1, view);
            accelerator.Synchronize();
            nanoseconds[round] = Stopwatch.GetElapsedTime(start).TotalNanoseconds / launches;
        }
        bytes = GC.GetAllocatedBytesForCurrentThread() - bytes;
        Array.Sort(nanoseconds);
        return (nanoseconds[Rounds / 2], (double)bytes / Rounds / launches);
    }
}
