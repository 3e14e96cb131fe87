using System.Diagnostics;
using ILGPU;
using ILGPU.Runtime.CPU;

namespace GpuVae.Simd.Benchmarks;

/// <summary>ILGPU's own CPU accelerator in the shape that suits a program best.</summary>
internal sealed class Emulator(CPUAccelerator accelerator, string shape) : IDisposable
{
    public CPUAccelerator Accelerator { get; } = accelerator;

    /// <summary>Lanes × warps × multiprocessors.</summary>
    public string Shape { get; } = shape;

    /// <summary>Runs the program once on every shape that has large enough groups.</summary>
    public static Emulator OpenFastest(Context context, BenchmarkProgram program)
    {
        Emulator? fastest = null;
        double least = double.PositiveInfinity;
        foreach (var (lanes, warps, multiprocessors) in Shapes())
        {
            if (lanes * warps < program.GroupSize)
                continue;
            var candidate = new Emulator(
                new CPUDevice(lanes, warps, multiprocessors).CreateCPUAccelerator(context), $"{lanes}×{warps}×{multiprocessors}");
            using var run = program.OnAccelerator(candidate.Accelerator, program.EmulatorSize);
            run.Run();
            long start = Stopwatch.GetTimestamp();
            run.Run();
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            Console.Error.WriteLine($"{program.Name} {candidate.Shape} {seconds}");
            var slower = seconds < least ? fastest : candidate;
            if (seconds < least)
                (fastest, least) = (candidate, seconds);
            run.Dispose();
            slower?.Dispose();
        }
        return fastest!;
    }

    public void Dispose() => Accelerator.Dispose();

    /// <summary>ILGPU's predefined shapes, the smallest, and some with a multiprocessor per core.</summary>
    private static IEnumerable<(int Lanes, int Warps, int Multiprocessors)> Shapes()
    {
        int cores = Environment.ProcessorCount;
        return [(4, 4, 1), (2, 1, 1), (2, 1, cores), (4, 4, cores), (16, 16, 1), (16, 16, cores)];
    }
}
