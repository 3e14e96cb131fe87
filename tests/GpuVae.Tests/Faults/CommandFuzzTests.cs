using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using GpuVae.Tests.Cli;

namespace GpuVae.Tests.Faults;

/// <summary>
/// Damaged files of every kind, read by the command: it does its work, or says what is wrong with which file, soon and in little memory.
/// The seed makes them again.
/// </summary>
public sealed partial class CommandFuzzTests(FuzzedFormats whole) : IClassFixture<FuzzedFormats>, IDisposable
{
    private const int KilobytesOfMemory = 512 << 10;

    /// <summary>Not how fast it is, but that it ends.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly TemporaryFolder folder = new();

    public static IEnumerable<TheoryDataRow<string>> Files => FuzzedFormats.All.Select(format => new TheoryDataRow<string>(format.File));

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Files))]
    public void DamagedFilesEndInAResultOrAMessage(string file)
    {
        FuzzedFormat format = FuzzedFormats.All.Single(format => format.File == file);
        var random = new Random(20_26);
        int count = Nightly.IsOn ? 500 : 3;
        for (int i = 0; i < count; i++)
        {
            byte[] damaged = format.Damage(whole[file], random);
            whole.CopyTo(folder.FullPath, file, damaged);
            (CommandResult result, long kilobytes) = Measure(format.Command);
            string what = $"{file} {i}, {kilobytes} kB: {Convert.ToHexString(damaged.AsSpan(0, Math.Min(damaged.Length, 2000)))}\n{result}";
            Assert.True(result.ExitCode is 0 or 2, what);
            Assert.False(StackTrace.IsMatch(result.Output + result.Error), what);
            Assert.True(result.ExitCode == 0 || IsOneMessageAbout(file, result.Error), what);
            Assert.True(kilobytes < KilobytesOfMemory, what);
        }
    }

    /// <summary>Of the files of a run, which belong together, any may be the one that is told to differ.</summary>
    private bool IsOneMessageAbout(string file, string error)
    {
        string[] lines = error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string named = file.StartsWith(FuzzedFormats.Run, StringComparison.Ordinal)
            ? Path.GetRelativePath(folder.FullPath, folder[FuzzedFormats.Run])
            : Path.GetFileName(file);
        return lines.Length == 1 && lines[0].StartsWith("gpuvae: ", StringComparison.Ordinal)
            && lines[0].Contains(named, StringComparison.Ordinal);
    }

    /// <summary>Runs a command, and looks all the while how much memory it has taken at most.</summary>
    private (CommandResult Result, long Kilobytes) Measure(string command)
    {
        using Process process = CommandResult.Start(Gpuvae.StartInfo(folder.FullPath, command.Split(' ')));
        string status = $"/proc/{process.Id}/status";
        long kilobytes = 0;
        Task<CommandResult> result = Task.Run(() => CommandResult.Wait(process));
        for (var clock = Stopwatch.StartNew(); !result.Wait(5);)
        {
            if (clock.Elapsed > Limit)
            {
                process.Kill();
                Assert.Fail($"{command} hangs: {result.Result}");
            }
            try
            {
                Match peak = File.Exists(status) ? PeakPattern.Match(File.ReadAllText(status)) : Match.Empty;
                kilobytes = peak.Success ? long.Parse(peak.Groups[1].ValueSpan, CultureInfo.InvariantCulture) : kilobytes;
            }
            catch (IOException)
            {
                // It has just ended.
            }
        }
        return (result.Result, kilobytes);
    }

    [GeneratedRegex(@"VmHWM:\s+(\d+) kB")]
    private static partial Regex PeakPattern { get; }

    [GeneratedRegex(@"^ +at \w+\.|Exception", RegexOptions.Multiline)]
    private static partial Regex StackTrace { get; }
}
