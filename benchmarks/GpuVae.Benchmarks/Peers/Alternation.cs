using System.Diagnostics;

namespace GpuVae.Benchmarks.Peers;

/// <summary>Seconds per run: the median over the rounds and the quartiles around it.</summary>
internal readonly record struct Spread(double Median, double Lower, double Upper)
{
    public static Spread Of(List<double> seconds)
    {
        seconds.Sort();
        return new(At(0.5), At(0.25), At(0.75));

        double At(double q)
        {
            double position = q * (seconds.Count - 1);
            int low = (int)position;
            int high = Math.Min(low + 1, seconds.Count - 1);
            return seconds[low] + (position - low) * (seconds[high] - seconds[low]);
        }
    }
}

/// <summary>
/// Times contestants in turns (A B C A B C …), so that whatever else the machine does falls on all of them alike. Each turn runs
/// a contestant for about the same time, after a pause in which the threads of the one before stop spinning; a first turn warms up
/// and is thrown away.
/// </summary>
internal static class Alternation
{
    /// <summary>OpenBLAS's idle threads keep a core busy for some 25 ms before they sleep.</summary>
    private const int PauseMilliseconds = 60;

    /// <param name="contestants">Each runs n times and returns the seconds per run.</param>
    /// <param name="rounds">Turns that count, per contestant.</param>
    /// <param name="turnSeconds">About how long one turn lasts.</param>
    public static Spread[] Time(IReadOnlyList<Func<int, double>> contestants, int rounds, double turnSeconds)
    {
        int[] runs = [.. contestants.Select(run => Math.Clamp((int)(turnSeconds / Math.Max(run(1), 1e-7)), 1, 100_000))];
        // The very first run may have compiled something; size the turns again from a warm one.
        for (int c = 0; c < runs.Length; c++)
            runs[c] = Math.Clamp((int)(turnSeconds / Math.Max(contestants[c](Math.Min(runs[c], 3)), 1e-7)), 1, 100_000);

        List<double>[] seconds = contestants.Select(_ => new List<double>()).ToArray();
        for (int round = -1; round < rounds; round++)
        {
            for (int c = 0; c < runs.Length; c++)
            {
                Thread.Sleep(PauseMilliseconds);
                // Once outside the measurement: wakes sleeping threads and brings the data back into the caches.
                contestants[c](1);
                double perRun = contestants[c](runs[c]);
                if (round >= 0)
                    seconds[c].Add(perRun);
            }
        }
        return [.. seconds.Select(Spread.Of)];
    }

    /// <summary>A contestant of this process: runs the action n times between two calls of <paramref name="wait"/>.</summary>
    public static Func<int, double> Contestant(Action run, Action wait) => runs =>
    {
        wait();
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < runs; i++)
            run();
        wait();
        return Stopwatch.GetElapsedTime(start).TotalSeconds / runs;
    };
}
