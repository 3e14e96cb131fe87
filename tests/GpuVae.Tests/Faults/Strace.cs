using System.Diagnostics;
using System.Text.RegularExpressions;
using GpuVae.Tests.Cli;

namespace GpuVae.Tests.Faults;

/// <summary>One system call: its name, that it was the n-th of that name in its thread, and the line that strace wrote of it.</summary>
internal sealed record SystemCall(string Name, int Ordinal, string Line);

/// <summary>Runs the gpuvae command under strace, which counts system calls, lets them fail, and kills the process at them.</summary>
internal static partial class Strace
{
    /// <summary>The calls by which files come to be, fill, get their names and go.</summary>
    private const string FileCalls = "openat,write,pwrite64,pwritev,ftruncate,fsync,fdatasync,flock,rename,renameat2,link,linkat,unlink";

    /// <summary>Skips the test where there is no strace, or where it may not trace.</summary>
    public static void Require()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "strace is of Linux");
        CommandResult attempt;
        try
        {
            attempt = CommandResult.Of(new ProcessStartInfo("strace", ["-f", "-o", "/dev/null", "true"]));
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            Assert.Skip($"needs strace: {error.Message}");
            throw;
        }
        Assert.SkipUnless(attempt.ExitCode == 0, $"strace may not trace here: {attempt.Error}");
    }

    /// <summary>The calls of a command that concern files below <paramref name="folder"/>.</summary>
    public static SystemCall[] Trace(string workingDirectory, string folder, params IEnumerable<string> arguments)
    {
        (CommandResult result, string[] lines) = Run(workingDirectory, ["-e", $"trace={FileCalls}"], arguments);
        Assert.True(result.ExitCode == 0, result.ToString());
        var counts = new Dictionary<string, int>();
        var calls = new List<SystemCall>();
        foreach (string line in lines)
        {
            Match call = CallPattern.Match(line);
            if (!call.Success)
                continue;
            string key = call.Groups[0].Value;
            counts[key] = counts.GetValueOrDefault(key) + 1;
            if (line.Contains(folder, StringComparison.Ordinal))
                calls.Add(new SystemCall(call.Groups[2].Value, counts[key], line));
        }
        return [.. calls];
    }

    /// <summary>Runs a command with a fault at the n-th call of a name in whichever thread comes to it.</summary>
    /// <param name="workingDirectory">The command's.</param>
    /// <param name="call">The call's name and number.</param>
    /// <param name="fault">What happens: <c>signal=KILL</c>, <c>error=EIO</c>.</param>
    /// <param name="arguments">The command's.</param>
    /// <returns>How the command ended, and the line of the call that was struck, if it came to that.</returns>
    public static (CommandResult Result, string? Struck) Inject(
        string workingDirectory, SystemCall call, string fault, params IEnumerable<string> arguments)
    {
        (CommandResult result, string[] lines) = Inject(workingDirectory, call.Name, $"{fault}:when={call.Ordinal}", arguments);
        const int killed = 128 + 9;
        string? struck = result.ExitCode == killed
            ? "killed"
            : lines.FirstOrDefault(line => line.EndsWith("(INJECTED)", StringComparison.Ordinal));
        return (result, struck);
    }

    /// <summary>Runs a command with a fault at every call of a name, or at those that <c>when</c> tells.</summary>
    /// <param name="workingDirectory">The command's.</param>
    /// <param name="call">The call's name.</param>
    /// <param name="fault">What happens: <c>error=EIO</c>, <c>error=EIO:when=2</c>.</param>
    /// <param name="arguments">The command's.</param>
    /// <returns>How the command ended, and the lines of these calls.</returns>
    public static (CommandResult Result, string[] Log) Inject(
        string workingDirectory, string call, string fault, params IEnumerable<string> arguments) =>
        Run(workingDirectory, ["-e", $"trace={call}", "-e", $"inject={call}:{fault}"], arguments);

    private static (CommandResult Result, string[] Log) Run(
        string workingDirectory, string[] options, IEnumerable<string> arguments)
    {
        string log = Path.GetTempFileName();
        try
        {
            ProcessStartInfo direct = Gpuvae.StartInfo(workingDirectory, arguments);
            // Not with --seccomp-bpf, under which strace 6.1 sends no signals.
            var start = new ProcessStartInfo(
                "strace",
                ["-f", "-y", "-e", "signal=none", .. options, "-o", log, direct.FileName, .. direct.ArgumentList])
            {
                WorkingDirectory = workingDirectory,
            };
            foreach ((string name, string? value) in direct.Environment)
                start.Environment[name] = value;
            // Strace counts for each thread. Files are written on a thread of the pool: of one, always the same.
            start.Environment["DOTNET_ThreadPool_ForceMinWorkerThreads"] = "1";
            start.Environment["DOTNET_ThreadPool_ForceMaxWorkerThreads"] = "1";
            return (CommandResult.Of(start), File.ReadAllLines(log));
        }
        finally
        {
            File.Delete(log);
        }
    }

    /// <summary>The process (or thread) and the call of a line, unless it only ends one that was begun above.</summary>
    [GeneratedRegex(@"^(\d+) +(\w+)(?=\()")]
    private static partial Regex CallPattern { get; }
}
