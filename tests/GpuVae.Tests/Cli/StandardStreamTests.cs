using GpuVae.Training;

namespace GpuVae.Tests.Cli;

/// <summary>Closed and full streams, and other surroundings in which a command must end as it would anywhere.</summary>
public sealed class StandardStreamTests : IDisposable
{
    private static readonly string[] Tiny =
    [
        "train", "--images", "64", "--size", "8", "--hidden", "16", "--latent", "2", "--batch", "16", "--epochs", "2", "--device", "cpu",
        "--out", "run",
    ];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("\"$@\" >&-", "")]
    [InlineData("\"$@\" >&- <&-", "")]
    [InlineData("\"$@\" >&- 2>&- <&-", "")]
    [InlineData("\"$@\" >/dev/full", "gpuvae: Standard output is lost from here on: No space left on device\n")]
    [InlineData("\"$@\" >/dev/full 2>&1", "")]
    [InlineData("{ \"$@\"; echo $? >code; } | :; exit $(cat code)", "")]
    public void ATrainingGoesOnWhereNobodyReadsWhatItPrints(string script, string error)
    {
        RequireFull(script);
        CommandResult result = Shell.Run(folder.FullPath, script, Tiny);
        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Equal(error, result.Error);
        Assert.Equal(2, RunFolder.Open(folder["run"]).ReadMetrics().Count);
        Assert.EndsWith("</html>", File.ReadAllText(folder["run/report.html"]).TrimEnd(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"$@\" 2>&-")]
    [InlineData("\"$@\" 2>/dev/full")]
    [InlineData("\"$@\" >&- 2>&- <&-")]
    [InlineData("\"$@\" >/dev/full 2>/dev/full")]
    public void AMessageThatNobodyReadsKeepsItsExitCode(string script)
    {
        RequireFull(script);
        Assert.Equal(2, Shell.Run(folder.FullPath, script, "generate", "--run", "nowhere").ExitCode);
        Assert.Equal(2, Shell.Run(folder.FullPath, script, "bogus").ExitCode);
    }

    [Theory]
    [InlineData("\"$@\" >&-")]
    [InlineData("\"$@\" >/dev/full")]
    [InlineData("{ \"$@\"; echo $? >code; } | :; exit $(cat code)")]
    public void HelpThatNobodyReadsIsNoFailure(string script)
    {
        RequireFull(script);
        Assert.Equal(0, Shell.Run(folder.FullPath, script, "train", "--help").ExitCode);
        Assert.Equal(0, Shell.Run(folder.FullPath, script, "devices").ExitCode);
    }

    [Fact]
    public void WhatIsPrintedLandsInNoFileThatTookTheClosedStreamsPlace()
    {
        CommandResult trained = Shell.Run(folder.FullPath, "\"$@\" >&- 2>&- <&-", Tiny);
        Assert.True(trained.ExitCode == 0, trained.ToString());
        Gpuvae.Succeed(folder.FullPath, [.. Tiny[..^1], "other"]);
        foreach (string file in (string[])["checkpoint", "model.safetensors", "samples.png", "config.json"])
            Assert.Equal(File.ReadAllBytes(folder[$"other/{file}"]), File.ReadAllBytes(folder[$"run/{file}"]));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("x")]
    [InlineData("1.5")]
    [InlineData("1000000000")]
    [InlineData("99999999999999999999")]
    public void AnImpossibleNumberOfWorkersIsRefused(string workers)
    {
        foreach (string[] command in (string[][])[Tiny, ["devices"]])
        {
            CommandResult result = Shell.Run(folder.FullPath, $"GPUVAE_CPU_WORKERS={workers} exec \"$@\"", command);
            Assert.True(result.ExitCode == 2, result.ToString());
            Assert.StartsWith($"gpuvae: GPUVAE_CPU_WORKERS is '{workers}'.", result.Error, StringComparison.Ordinal);
            Assert.Single(result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        }
        Assert.False(Directory.Exists(folder["run"]));
    }

    [Theory]
    [InlineData(24)]
    [InlineData(40)]
    [InlineData(64)]
    [InlineData(100)]
    public void TooFewFileDescriptorsAreOneMessage(int descriptors)
    {
        // Where not even the runtime starts it is the runtime that says so.
        CommandResult hello = Shell.Run(folder.FullPath, $"ulimit -n {descriptors} && \"$1\" --list-runtimes", []);
        Assert.SkipUnless(hello.ExitCode == 0, hello.ToString());
        CommandResult result = Shell.Run(folder.FullPath, $"ulimit -n {descriptors} && exec \"$@\"", Tiny);
        Assert.True(result.ExitCode == 1, result.ToString());
        Assert.Equal("gpuvae: This process may open too few files at once; raise the limit: ulimit -n 1024\n", result.Error);
        Assert.False(Directory.Exists(folder["run"]));
    }

    [Fact]
    public void ATrainingNeedsNoMoreFileDescriptorsThanItAsksFor()
    {
        // About the least limit with which the command starts.
        int least = Enumerable.Range(40, 25).Select(n => 4 * n).First(n =>
            Shell.Run(folder.FullPath, $"ulimit -n {n} && exec \"$@\"", "--version").ExitCode == 0);
        CommandResult result = Shell.Run(folder.FullPath, $"ulimit -n {least} && exec \"$@\"", Tiny);
        Assert.True(result is { ExitCode: 0, Error: "" }, result.ToString());
    }

    [Theory]
    [InlineData("env -i \"$@\"")]
    [InlineData("HOME=/nonexistent TMPDIR=/nonexistent exec \"$@\"")]
    [InlineData("LC_ALL=xx_YY.UTF-7 LANG=klingon.bogus-9 COLUMNS=-5 TERM=dumb exec \"$@\"")]
    [InlineData("TERM=../../etc/passwd COLUMNS=0 exec \"$@\"")]
    public void AnOddEnvironmentIsNoFailure(string script)
    {
        CommandResult result = Shell.Run(folder.FullPath, script, Tiny);
        Assert.True(result is { ExitCode: 0, Error: "" }, result.ToString());
    }

    private static void RequireFull(string script) =>
        Assert.SkipUnless(!script.Contains("full", StringComparison.Ordinal) || File.Exists("/dev/full"), "there is no /dev/full here");
}
