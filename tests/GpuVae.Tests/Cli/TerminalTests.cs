using System.Globalization;
using System.Text;
using System.Text.Json;
using GpuVae.Training;

namespace GpuVae.Tests.Cli;

/// <summary>What the command prints, to whom, and what happens where nobody can read it.</summary>
public sealed class TerminalTests(TerminalTests.HostileNames hostile) : IClassFixture<TerminalTests.HostileNames>, IDisposable
{
    private static readonly string[] Tiny =
    [
        "train", "--images", "64", "--size", "8", "--hidden", "16", "--latent", "2", "--batch", "16", "--epochs", "2", "--device", "cpu",
        "--out", "run",
    ];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>A conditional model in the folder "run", trained on images whose labels and attributes steer a terminal.</summary>
    public sealed class HostileNames : IDisposable
    {
        private readonly TemporaryFolder folder = new();

        public HostileNames()
        {
            Assert.SkipWhen(OperatingSystem.IsWindows(), "no file has such a name there");
            var table = new StringBuilder("file,\e[2Jsize\n");
            foreach (string label in (string[])["\e[31mred\a", "two\nlines", "<b>\u202Eleft\u009B1m"])
            {
                for (int i = 0; i < 8; i++)
                {
                    byte shade = (byte)(i * 30);
                    folder.Write($"{Data}/{label}/{i}.pgm", [.. "P5 6 6 255\n"u8, .. Enumerable.Repeat(shade, 36)]);
                    if (!label.Contains('\n'))
                        table.Append(CultureInfo.InvariantCulture, $"{label}/{i}.pgm,{i}\n");
                }
            }
            folder.Write($"{Data}/attributes.csv", Encoding.UTF8.GetBytes(table.ToString()));
            Output = Gpuvae.Succeed(
                Root, "train", "--data", Data, "--conditional", "--hidden", "8", "--latent", "2", "--batch", "8", "--epochs", "1",
                "--device", "cpu", "--out", Run);
        }

        public static string Data => "pictures\e]0;title\a";

        public static string Run => "run\e[1m";

        public string Root => folder.FullPath;

        public string Output { get; }

        public string this[string file] => Path.Combine(Root, Run, file);

        public void Dispose() => folder.Dispose();
    }

    [Fact]
    public void WhatATrainingPrintsHoldsNoControlCharacters()
    {
        Assert.Contains(@"loading pictures\u001b]0;title\u0007", hostile.Output, StringComparison.Ordinal);
        Assert.Contains(@"gpuvae generate --run run\u001b[1m", hostile.Output, StringComparison.Ordinal);
        AssertPrintable(hostile.Output);
    }

    [Fact]
    public void LabelsAndAttributesArePrintedEscaped()
    {
        CommandResult unknown = Gpuvae.Run(hostile.Root, "generate", "--run", HostileNames.Run, "--label", "none\e", "--device", "cpu");
        Assert.True(unknown.ExitCode == 2, unknown.ToString());
        Assert.Contains(@"\u001b[31mred\u0007", unknown.Error, StringComparison.Ordinal);
        Assert.Contains(@"two\u000alines", unknown.Error, StringComparison.Ordinal);
        Assert.Contains(@"<b>\u202eleft\u009b1m", unknown.Error, StringComparison.Ordinal);
        AssertPrintable(unknown.Error);
        Assert.Single(unknown.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));

        string evaluated = Gpuvae.Succeed(
            hostile.Root, "evaluate", "--run", HostileNames.Run, "--metrics", "mig", "--data", HostileNames.Data, "--device", "cpu",
            "--json", "figures.json");
        Assert.Contains(@"\u001b[2Jsize", evaluated, StringComparison.Ordinal);
        AssertPrintable(evaluated);
        string json = File.ReadAllText(Path.Combine(hostile.Root, "figures.json"));
        AssertPrintable(json);
        Assert.Equal(JsonValueKind.Object, JsonDocument.Parse(json).RootElement.ValueKind);
    }

    [Fact]
    public void TheReportHoldsNoControlCharacters()
    {
        string html = File.ReadAllText(hostile["report.html"]);
        Assert.Contains(@"<h1>run\u001b[1m</h1>", html, StringComparison.Ordinal);
        Assert.Contains(@"pictures\u001b]0;title\u0007", html, StringComparison.Ordinal);
        AssertPrintable(html);
    }

    [Theory]
    [InlineData("no\e[31mwhere", @"no\u001b[31mwhere")]
    [InlineData("no\nwhere", @"no\u000awhere")]
    [InlineData("no\r\u0085\u2028where", @"no\u000d\u0085\u2028where")]
    [InlineData("no\u009b\u007fwhere\u202e\u2066", @"no\u009b\u007fwhere\u202e\u2066")]
    [InlineData("näher 😀\twhere", "näher 😀\twhere")]
    public void ANameInAMessageIsEscapedAndForgesNoLine(string name, string shown)
    {
        CommandResult result = Gpuvae.Run(folder.FullPath, "generate", "--run", name);
        Assert.True(result.ExitCode == 2, result.ToString());
        Assert.StartsWith($"gpuvae: There is no run folder '{shown}'", result.Error, StringComparison.Ordinal);
        Assert.Single(result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        AssertPrintable(result.Error);

        CommandResult unknown = Gpuvae.Run(folder.FullPath, name);
        Assert.Contains($"There is no command '{shown}'", unknown.Error, StringComparison.Ordinal);
        AssertPrintable(unknown.Error);
    }

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
        // The least limit with which the command starts is found by asking for less.
        int least = Enumerable.Range(100, 60).First(n =>
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

    /// <summary>Nothing but line feeds and tabs may steer a terminal, and nothing may turn the text around.</summary>
    private static void AssertPrintable(string text) =>
        Assert.DoesNotContain(text, c => (char.IsControl(c) && c is not ('\n' or '\t')) || c is >= '\u202A' and <= '\u202E');
}
