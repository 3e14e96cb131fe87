using System.Diagnostics;

namespace GpuVae.Tests.Cli;

/// <summary>Runs the gpuvae command by a shell, which sets up what a <see cref="ProcessStartInfo"/> cannot.</summary>
internal static class Shell
{
    /// <param name="workingDirectory">Where the script runs.</param>
    /// <param name="script">
    /// In it <c>"$@"</c> is the command with its arguments; its streams, limits and environment are the script's.
    /// </param>
    /// <param name="arguments">The command's.</param>
    public static CommandResult Run(string workingDirectory, string script, params IEnumerable<string> arguments)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the test is a script for a Unix shell");
        return CommandResult.Of(StartInfo(workingDirectory, script, arguments));
    }

    public static ProcessStartInfo StartInfo(string workingDirectory, string script, params IEnumerable<string> arguments)
    {
        ProcessStartInfo direct = Gpuvae.StartInfo(workingDirectory, arguments);
        var start = new ProcessStartInfo("/bin/sh", ["-c", script, "sh", direct.FileName, .. direct.ArgumentList])
        {
            WorkingDirectory = workingDirectory,
        };
        foreach ((string name, string? value) in direct.Environment)
            start.Environment[name] = value;
        return start;
    }
}
