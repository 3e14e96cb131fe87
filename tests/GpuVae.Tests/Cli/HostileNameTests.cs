using System.Globalization;
using System.Text;
using System.Text.Json;

namespace GpuVae.Tests.Cli;

/// <summary>Names of folders, files, labels and attributes that would steer a terminal.</summary>
public sealed class HostileNameTests(HostileNameTests.HostileNames hostile) : IClassFixture<HostileNameTests.HostileNames>, IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>A conditional model in the folder "run", trained on images whose labels and attributes steer a terminal.</summary>
    public sealed class HostileNames : IDisposable
    {
        private const string Red = "\e[31mred\a";

        private readonly TemporaryFolder folder = new();

        public HostileNames()
        {
            Assert.SkipWhen(OperatingSystem.IsWindows(), "no file has such a name there");
            var table = new StringBuilder("file,\e[2Jsize\n");
            for (int i = 0; i < 8; i++)
            {
                byte[] picture = [.. "P5 6 6 255\n"u8, .. Enumerable.Repeat((byte)(i * 30), 36)];
                foreach (string label in (string[])[Red, "two\nlines", "<b>\u202Eleft\u009B1m"])
                    folder.Write($"{Data}/{label}/{i}.pgm", picture);
                folder.Write($"{Rated}/{Red}/{i}.pgm", picture);
                table.Append(CultureInfo.InvariantCulture, $"{Red}/{i}.pgm,{i}\n");
            }
            folder.Write($"{Rated}/attributes.csv", Encoding.UTF8.GetBytes(table.ToString()));
            Output = Gpuvae.Succeed(
                Root, "train", "--data", Data, "--conditional", "--hidden", "8", "--latent", "2", "--batch", "8", "--epochs", "1",
                "--device", "cpu", "--out", Run);
        }

        public static string Data => "pictures\e]0;title\a";

        /// <summary>Pictures with attributes.</summary>
        public static string Rated => "rated\u0085";

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
            hostile.Root, "evaluate", "--run", HostileNames.Run, "--metrics", "mig", "--data", HostileNames.Rated, "--device", "cpu",
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

    /// <summary>Nothing but line feeds and tabs may steer a terminal, and nothing may turn the text around.</summary>
    private static void AssertPrintable(string text) =>
        Assert.DoesNotContain(text, c => (char.IsControl(c) && c is not ('\n' or '\t')) || c is >= '\u202A' and <= '\u202E');
}
