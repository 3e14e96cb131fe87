using System.Diagnostics;
using ILGPU;

namespace GpuVae.Simd.Benchmarks;

/// <summary>
/// Measures one program on the SIMD accelerator, on ILGPU's CPU accelerator and in plain C#, in turns, so that whatever else the machine
/// does falls on all of them alike.
/// </summary>
internal static class Contest
{
    private const int Rounds = 7;

    /// <summary>Turns of ILGPU's CPU accelerator, each of which is one run that may take seconds.</summary>
    private const int EmulatorRounds = 3;

    private const double TurnSeconds = 0.2;

    /// <summary>Medians of the work per second.</summary>
    public static Standing Run(Context context, BenchmarkProgram program)
    {
        using SimdAccelerator simd = context.CreateSimdAccelerator();
        using PreparedRun vectors = program.OnAccelerator(simd, program.Size);
        using PreparedRun plain = program.InPlainCSharp(program.Size);
        int vectorRuns = WarmUp(vectors), plainRuns = WarmUp(plain);

        using var emulator = Emulator.OpenFastest(context, program);
        using PreparedRun emulated = program.OnAccelerator(emulator.Accelerator, program.EmulatorSize);
        emulated.Run();
        emulated.Check();

        List<double> vectorSeconds = [], plainSeconds = [], emulatedSeconds = [];
        for (int round = 0; round < Rounds; round++)
        {
            vectorSeconds.Add(Time(vectors, vectorRuns));
            plainSeconds.Add(Time(plain, plainRuns));
            if (round < EmulatorRounds)
                emulatedSeconds.Add(Time(emulated, 1));
        }
        double work = program.Work(program.Size);
        return new Standing(
            program, emulator.Shape, work / Median(vectorSeconds), program.Work(program.EmulatorSize) / Median(emulatedSeconds),
            work / Median(plainSeconds));
    }

    /// <summary>Checks the result and returns how many runs fill a turn.</summary>
    private static int WarmUp(PreparedRun run)
    {
        run.Run();
        run.Check();
        return Math.Clamp((int)(TurnSeconds / Time(run, 1)), 1, 10_000);
    }

    private static double Time(PreparedRun run, int count)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < count; i++)
            run.Run();
        return Stopwatch.GetElapsedTime(start).TotalSeconds / count;
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }
}
