using System.Diagnostics;

namespace GpuVae.Tests;

/// <summary>How a program ended, and what it said.</summary>
internal sealed record CommandResult(int ExitCode, string Output, string Error)
{
    /// <summary>Runs a program to its end; its output is redirected, as in a script.</summary>
    public static CommandResult Of(ProcessStartInfo start)
    {
        using Process process = Start(start);
        return Wait(process);
    }

    public static Process Start(ProcessStartInfo start)
    {
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        return Process.Start(start)!;
    }

    /// <summary>Reads everything that <paramref name="process"/> says until it has ended.</summary>
    public static CommandResult Wait(Process process)
    {
        // Both at the same time: a program that fills one pipe would wait for ever while the other is read to its end.
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        process.WaitForExit();
        return new CommandResult(process.ExitCode, output.Result, error.Result);
    }

    public override string ToString() => $"exit code {ExitCode}\n{Output}{Error}";
}
