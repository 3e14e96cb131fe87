using System.Diagnostics;
using GpuVae.Devices;
using GpuVae.Simd;

namespace GpuVae.Scheduling;

/// <summary>
/// An ordered list of steps, built once per batch size by <see cref="ScheduleBuilder"/> and then only replayed. A replay allocates nothing,
/// neither managed nor on the device. Where the device can record launches, a replay is one launch.
/// </summary>
public sealed class Schedule : IDisposable
{
    private readonly ScheduleStep[] steps;
    private bool isCompiled, isToBeRecorded;
    private Recording? recording;

    /// <param name="steps">In order.</param>
    /// <param name="arenaBytes">Bytes of the plan.</param>
    /// <param name="isFixed">Whether every run has the same arguments, as a recording needs it.</param>
    internal Schedule(ScheduleStep[] steps, long arenaBytes, bool isFixed) =>
        (this.steps, ArenaBytes, isToBeRecorded) = (steps, arenaBytes, isFixed);

    /// <summary>In the order in which they run.</summary>
    public IReadOnlyList<ScheduleStep> Steps => steps;

    /// <summary>Bytes of activations and their gradients, as planned; also what is used.</summary>
    public long ArenaBytes { get; }

    /// <summary>Floating-point operations of one run; see <see cref="ScheduleStep"/>.</summary>
    public double Flops => steps.Sum(step => step.Flops);

    /// <summary>Enqueues all steps in order on <paramref name="stream"/> and returns without waiting.</summary>
    /// <exception cref="AcceleratorException">The driver fails; the message names the step.</exception>
    /// <exception cref="InvalidOperationException">Another thread is using the device.</exception>
    public void Run(AcceleratorStream stream)
    {
        using DeviceGate.Scope scope = DeviceGate.Of(stream.Accelerator).Enter("Schedule.Run", stream.Accelerator.Name);
        if (recording is not null)
        {
            recording.Replay(stream);
            return;
        }
        if (!isCompiled)
            CompileAhead(stream);
        Enqueue(stream);
        if (isToBeRecorded)
            Record(stream);
    }

    /// <summary>Frees the recording; memory and kernels are others'.</summary>
    public void Dispose() => recording?.Dispose();

    /// <summary>
    /// Runs the schedule <paramref name="repeats"/> times with a wait after every step and gives the median time of each, in the order of
    /// <see cref="Steps"/>. The waits make it slower than <see cref="Run"/>; the shares are what it is for. <paramref name="prepare"/> is
    /// called before every run, outside the measured time.
    /// </summary>
    internal TimeSpan[] Profile(AcceleratorStream stream, int repeats, Action prepare)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(repeats);
        long[,] ticks = new long[steps.Length, repeats];
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
        long[] row = new long[repeats];
        for (int s = 0; s < steps.Length; s++)
        {
            for (int r = 0; r < repeats; r++)
                row[r] = ticks[s, r];
            Array.Sort(row);
            medians[s] = Stopwatch.GetElapsedTime(0, row[repeats / 2]);
        }
        return medians;
    }

    // On all processors, where the kernels would else be compiled one after the other.
    private void CompileAhead(AcceleratorStream stream)
    {
        isCompiled = true;
        if (stream.Accelerator is SimdAccelerator)
            SimdAccelerator.CompileAhead(
                steps.Where(step => !step.IsOfUser).Select<ScheduleStep, Action>(step => () => step.Launch(stream)));
    }

    // Not before the first run, which loads kernels and grows workspaces: a recording must contain neither.
    private void Record(AcceleratorStream stream)
    {
        isToBeRecorded = false;
        recording = Recording.TryCapture(stream, () => Enqueue(stream));
    }

    private void Enqueue(AcceleratorStream stream)
    {
        foreach (ScheduleStep step in steps)
        {
            try
            {
                step.Launch(stream);
            }
            catch (AcceleratorException error) when (DeviceErrors.Explain(error, $"{step.Name} on {stream.Accelerator.Name}") is { } clear)
            {
                throw clear;
            }
        }
    }
}
