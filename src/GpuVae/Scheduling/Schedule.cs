using System.Diagnostics;
using ILGPU.Runtime;

namespace GpuVae.Scheduling;

/// <summary>
/// An ordered list of steps, built once per batch size by <see cref="ScheduleBuilder"/> and then only replayed. A replay allocates nothing,
/// neither managed nor on the device.
/// </summary>
public sealed class Schedule
{
    private readonly ScheduleStep[] steps;

    internal Schedule(ScheduleStep[] steps, long arenaBytes) => (this.steps, ArenaBytes) = (steps, arenaBytes);

    public IReadOnlyList<ScheduleStep> Steps => steps;

    /// <summary>Bytes of activations and their gradients, as planned; also what is used.</summary>
    public long ArenaBytes { get; }

    public double Flops => steps.Sum(step => step.Flops);

    /// <summary>Enqueues all steps in order on <paramref name="stream"/> and returns without waiting.</summary>
    public void Run(AcceleratorStream stream)
    {
        foreach (ScheduleStep step in steps)
            step.Launch(stream);
    }

    /// <summary>
    /// Runs the schedule <paramref name="repeats"/> times with a wait after every step and gives the median time of each, in the order of
    /// <see cref="Steps"/>. The waits make it slower than <see cref="Run"/>; the shares are what it is for. <paramref name="prepare"/> is
    /// called before every run, outside the measured time.
    /// </summary>
    internal TimeSpan[] Profile(AcceleratorStream stream, int repeats, Action prepare)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(repeats);
        var ticks = new long[steps.Length, repeats];
        for (int r = 0; r < repeats; r++)
        {
            prepare();
            for (int s = 0; s < steps.Length; s++)
            {
                long start = Stopwatch.GetTimestamp();
                steps[s].Launch(stream);
                stream.Synchronize();
                ticks[s, r] = Stopwatch.GetTimestamp() - start;
            }
        }
        var medians = new TimeSpan[steps.Length];
        var row = new long[repeats];
        for (int s = 0; s < steps.Length; s++)
        {
            for (int r = 0; r < repeats; r++)
                row[r] = ticks[s, r];
            Array.Sort(row);
            medians[s] = Stopwatch.GetElapsedTime(0, row[repeats / 2]);
        }
        return medians;
    }
}
