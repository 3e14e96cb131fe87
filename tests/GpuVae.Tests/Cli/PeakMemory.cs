using System.Diagnostics;
using System.Globalization;

namespace GpuVae.Tests.Cli;

/// <summary>Runs a command and watches how much memory it has had, by the high-water mark that Linux keeps of every process.</summary>
internal static class PeakMemory
{
    /// <summary>How the command ended and the most memory it had, in MiB.</summary>
    public static (CommandResult Result, double Mebibytes) Of(ProcessStartInfo start)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the high-water mark is read from /proc");
        using Process process = CommandResult.Start(start);
        long most = 0;
        string status = $"/proc/{process.Id}/status";
        var watch = new Thread(() =>
        {
            // The mark never falls, so nothing is missed but what happens in the last moment.
            for (; !process.HasExited; Thread.Sleep(2))
                most = Math.Max(most, HighWaterMark(status));
        });
        watch.Start();
        var result = CommandResult.Wait(process);
        watch.Join();
        return (result, most / 1024.0);
    }

    /// <summary>In KiB; 0 where the process is gone.</summary>
    private static long HighWaterMark(string status)
    {
        try
        {
            string? line = File.ReadLines(status).FirstOrDefault(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(line.AsSpan(6, line.Length - 8), CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
