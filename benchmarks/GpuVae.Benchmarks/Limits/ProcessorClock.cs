using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace GpuVae.Benchmarks.Limits;

/// <summary>The clock of the processor that runs this thread, by a chain of dependent additions: one takes one cycle.</summary>
internal static class ProcessorClock
{
    private const int Rounds = 200;
    private const int Turns = 10_000;
    private const int AdditionsPerTurn = 32;

    /// <summary>Cycles per second of the fastest round: whatever interrupts one only ever makes it slower.</summary>
    public static double MeasureHertz()
    {
        double best = 0;
        ulong sum = 0;
        for (int round = 0; round < Rounds; round++)
        {
            long start = Stopwatch.GetTimestamp();
            sum = Chain(sum, (ulong)start);
            best = Math.Max(best, (double)Turns * AdditionsPerTurn / Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        GC.KeepAlive(sum);
        return best;
    }

    /// <summary>From register to register: some processors add constants for nothing.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong Chain(ulong x, ulong y)
    {
        for (int turn = 0; turn < Turns; turn++)
        {
            x += y; x += y; x += y; x += y; x += y; x += y; x += y; x += y;
            x += y; x += y; x += y; x += y; x += y; x += y; x += y; x += y;
            x += y; x += y; x += y; x += y; x += y; x += y; x += y; x += y;
            x += y; x += y; x += y; x += y; x += y; x += y; x += y; x += y;
        }
        return x;
    }
}
