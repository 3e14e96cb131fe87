using System.ComponentModel;
using System.Diagnostics;

namespace GpuVae.Tests.Cli;

/// <summary>Runs the gpuvae command with faults in its system calls, as strace injects them.</summary>
internal static class Strace
{
    private static readonly Lazy<string?> Obstacle = new(Try);

    /// <summary>Skips the test where calls cannot be traced.</summary>
    public static void Require() => Assert.SkipWhen(Obstacle.Value is not null, Obstacle.Value ?? "");

    /// <param name="workingDirectory">Of the command.</param>
    /// <param name="faults">Such as <c>fsync:error=EIO</c> or <c>rename:signal=KILL:when=3</c>, of calls that all machines have.</param>
    /// <param name="arguments">Of gpuvae.</param>
    public static ProcessStartInfo StartInfo(string workingDirectory, string[] faults, params IEnumerable<string> arguments)
    {
        ProcessStartInfo direct = Gpuvae.StartInfo(workingDirectory, arguments);
        string calls = string.Join(',', faults.Select(fault => fault[..fault.IndexOf(':')]));
        string[] tracing = ["-f", "-qqq", "-o", "/dev/null", "--seccomp-bpf", "-e", $"trace={calls}"];
        var traced = new ProcessStartInfo(
            "strace",
            [.. tracing, .. faults.SelectMany(fault => (string[])["-e", $"inject={fault}"]), direct.FileName, .. direct.ArgumentList])
        {
            WorkingDirectory = workingDirectory,
        };
        foreach ((string name, string? value) in direct.Environment)
            traced.Environment[name] = value;
        return traced;
    }

    public static CommandResult Run(string workingDirectory, string[] faults, params IEnumerable<string> arguments) =>
        CommandResult.Of(StartInfo(workingDirectory, faults, arguments));

    private static string? Try()
    {
        try
        {
            var result = CommandResult.Of(new ProcessStartInfo("strace", ["-f", "--seccomp-bpf", "-e", "trace=fsync", "true"]));
            return result.ExitCode == 0 ? null : $"strace may not trace here: {result.Error.Trim()}";
        }
        catch (Win32Exception)
        {
            return "needs strace";
        }
    }
}
