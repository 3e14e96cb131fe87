using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace GpuVae.Studio;

/// <summary>
/// The training that was started from here last, a process of its own: it goes on when this one ends, and is watched by its files like any
/// other's.
/// </summary>
internal sealed partial class Trainings(StudioOptions options) : IDisposable
{
    // SIGTERM: a server in the background of a shell, and so its children, ignores SIGINT.
    private const int Terminate = 15;

    private readonly Lock guard = new();
    private Process? process;
    private string run = "";
    private IReadOnlyList<string> arguments = [];
    private volatile string message = "";

    public TrainingState State
    {
        get
        {
            lock (guard)
            {
                bool isRunning = process is { HasExited: false };
                return new TrainingState(
                    options.Training is not null, run, isRunning, isRunning ? null : process?.ExitCode, message, arguments);
            }
        }
    }

    /// <exception cref="BadInputException">One is under way, the run exists, or the program cannot be started.</exception>
    public TrainingState Start(string name, TrainingWish wish)
    {
        if (options.Training is not { } start)
            throw new BadInputException("No training can be started from here.");
        lock (guard)
        {
            if (process is { HasExited: false })
                throw new BadInputException($"The training of {run} is under way. Stop it, or wait for its end.");
            ProcessStartInfo info = start(wish);
            info.RedirectStandardOutput = info.RedirectStandardError = info.RedirectStandardInput = true;
            Process started;
            try
            {
                started = Process.Start(info)!;
            }
            catch (Win32Exception error)
            {
                throw new BadInputException($"{info.FileName} cannot be started: {error.Message}.", error);
            }
            process?.Dispose();
            process = started;
            (run, message, arguments) = (name, "", [.. info.ArgumentList.SkipWhile(argument => argument != "train")]);
            process.StandardInput.Close();
            process.OutputDataReceived += (_, _) => { };
            // The last word of one that fails is why.
            process.ErrorDataReceived += (_, line) => message = string.IsNullOrWhiteSpace(line.Data) ? message : line.Data;
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
        }
        return State;
    }

    /// <summary>Asks it to end after the step under way; it keeps what it has learnt.</summary>
    public TrainingState Stop()
    {
        lock (guard)
        {
            if (process is { HasExited: false } running)
            {
                if (OperatingSystem.IsWindows())
                    running.Kill();
                else
                    _ = Signal(running.Id, Terminate);
            }
        }
        return State;
    }

    public void Dispose() => process?.Dispose();

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int process, int signal);
}

/// <summary>How the training is that was started from here last.</summary>
/// <param name="CanStart">Whether one can be started from here at all.</param>
/// <param name="Run">Its run; empty where there was none yet.</param>
/// <param name="IsRunning">Whether it goes on.</param>
/// <param name="ExitCode">What it ended with.</param>
/// <param name="Message">What it said last of what is wrong.</param>
/// <param name="Arguments">Those of the command that does the same.</param>
internal sealed record TrainingState(
    bool CanStart, string Run, bool IsRunning, int? ExitCode, string Message, IReadOnlyList<string> Arguments);
