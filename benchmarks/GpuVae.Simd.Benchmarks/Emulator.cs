using System.Diagnostics;
using ILGPU;
using ILGPU.Runtime.CPU;

namespace GpuVae.Simd.Benchmarks;

/// <summary>ILGPU's own CPU accelerator in the shape that suits a program best.</summary>
internal sealed class Emulator : IDisposable
{
    private Emulator(Context context, (int Lanes, int Warps, int Multiprocessors) shape)
    {
        Accelerator = new CPUDevice(shape.Lanes, shape.Warps, shape.Multiprocessors).CreateCPUAccelerator(context);
        Shape = $"{shape.Lanes}×{shape.Warps}×{shape.Multiprocessors}";
    }

    public CPUAccelerator Accelerator { get; }

    /// <summary>Lanes × warps × multiprocessors.</summary>
    public string Shape { get; }

    /// <summary>Runs the program on every shape that has large enough groups.</summary>
    public static Emulator OpenFastest(Context context, BenchmarkProgram program) => new(
        context, Shapes().Where(shape => shape.Lanes * shape.Warps >= program.GroupSize).MinBy(shape => Seconds(context, shape, program)));

    public void Dispose() => Accelerator.Dispose();

    private static double Seconds(Context context, (int Lanes, int Warps, int Multiprocessors) shape, BenchmarkProgram program)
    {
        using var emulator = new Emulator(context, shape);
        using PreparedRun run = program.OnAccelerator(emulator.Accelerator, program.EmulatorSize);
        run.Run();
        long start = Stopwatch.GetTimestamp();
        run.Run();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>ILGPU's default, the smallest, one with groups of 256 threads, and each of them with a multiprocessor per core.</summary>
    private static (int Lanes, int Warps, int Multiprocessors)[] Shapes()
    {
        int cores = Environment.ProcessorCount;
        return [(4, 4, 1), (4, 4, cores), (2, 1, 1), (2, 1, cores), (16, 16, 1), (16, 16, cores)];
    }
}
