using GpuVae.Elbo;
using GpuVae.Options;
using GpuVae.Training;

namespace GpuVae.Tests.Training;

public sealed class RunFolderTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("gpuvae-run-").FullName;

    [Fact]
    public void MetricsAreOneSnakeCaseObjectPerEpoch()
    {
        var run = RunFolder.Create(RunFolder.PathOf(root, "one"));
        run.AppendMetrics([Epoch(1, new ElboParts(90, 10))]);
        string line = Assert.Single(File.ReadLines(run.Metrics));
        Assert.Equal(
            """{"epoch":1,"train_loss":125,"test_loss":100,"test_recon":90,"test_kl":10,""" +
            """
            "seconds":2,"images_per_second":50,"device":"cpu"}
            """,
            line);
    }

    [Fact]
    public void TheEpochThatCountsIsTheBestTestedOrElseTheLast()
    {
        MetricsLine[] untested = [Epoch(1, null), Epoch(2, null)];
        MetricsLine[] tested =
            [Epoch(1, new ElboParts(90, 10)), Epoch(2, new ElboParts(80, 9)), Epoch(3, new ElboParts(80, 9)), Epoch(4, null)];
        Assert.Equal([null, 2, 2], new[] { [], untested, tested }.Select(epochs => MetricsLine.Best(epochs)?.Epoch));
    }

    [Fact]
    public void WhatWasWrittenAfterTheCheckpointGoesAndWhatIsMissingComesBack()
    {
        var run = RunFolder.Create(RunFolder.PathOf(root, "two"));
        MetricsLine[] epochs = [.. Enumerable.Range(1, 4).Select(epoch => Epoch(epoch, null))];
        run.AppendMetrics([epochs[0], epochs[3]]);
        File.AppendAllText(run.Metrics, """{"epoch":4,"train_l""");
        List<MetricsLine> lines = run.RestoreMetrics([.. epochs[..3].Select(line => line.WithoutTimes)], 3);
        Assert.Equal([epochs[0], epochs[1].WithoutTimes, epochs[2].WithoutTimes], lines);
        Assert.Equal(lines, run.ReadMetrics());
    }

    [Fact]
    public void AFileThatIsNoTextIsRestoredFromTheHistory()
    {
        var run = RunFolder.Create(RunFolder.PathOf(root, "binary"));
        File.WriteAllBytes(run.Metrics, [0xC3, 0x28, 0xFF, (byte)'\n']);
        MetricsLine known = Epoch(1, null).WithoutTimes;
        Assert.Equal([known], run.RestoreMetrics([known], 1));
        Assert.Equal([known], run.ReadMetrics());
    }

    [Fact]
    public void WithoutAHistoryTheLinesUpToTheCheckpointAreKept()
    {
        var run = RunFolder.Create(RunFolder.PathOf(root, "old"));
        run.AppendMetrics([Epoch(1, null), Epoch(2, null), Epoch(3, null)]);
        Assert.Equal([1, 2], run.RestoreMetrics([], 2).Select(line => line.Epoch));
        Assert.Equal([1, 2], run.ReadMetrics().Select(line => line.Epoch));
    }

    [Theory]
    [InlineData("""{"epoch":2,"train_loss":1e999,"device":"cpu"}""")]
    [InlineData("""{"epoch":2,"train_l""")]
    [InlineData("null")]
    [InlineData("\u0000\u001b")]
    public void ADamagedLineIsNamed(string line)
    {
        var run = RunFolder.Create(RunFolder.PathOf(root, "damaged"));
        run.AppendMetrics([Epoch(1, null)]);
        File.AppendAllText(run.Metrics, line + "\n");
        Assert.Contains(
            $"{run.Metrics}, line 2,", Assert.Throws<BadInputException>(run.ReadMetrics).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void OnlyOneAtATimeTrainsIntoAFolderWhateverIsRemovedFromIt()
    {
        var run = RunFolder.Create(RunFolder.PathOf(root, "locked"));
        string victim = Path.Combine(root, "victim");
        File.CreateSymbolicLink(Path.Combine(run.Path, "lock"), victim);
        using (run.Lock())
        {
            File.Delete(Path.Combine(run.Path, "lock"));
            Assert.Contains("Another process", Assert.Throws<BadInputException>(run.Lock).Message, StringComparison.Ordinal);
        }
        run.Lock().Dispose();
        Assert.False(File.Exists(victim));
    }

    [Fact]
    public void ANameThatGoesThroughALinkIsBadInput()
    {
        Directory.CreateDirectory(Path.Combine(root, "elsewhere"));
        string runs = Path.Combine(root, "runs");
        Directory.CreateDirectory(runs);
        Directory.CreateSymbolicLink(Path.Combine(runs, "link"), Path.Combine(root, "elsewhere"));
        foreach (string name in (string[])["link", "link/x"])
            Assert.Contains(
                "goes through the link", Assert.Throws<BadInputException>(() => RunFolder.PathOf(runs, name)).Message,
                StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../out")]
    [InlineData("/tmp/out")]
    [InlineData("a/../..")]
    [InlineData(".")]
    public void ANameThatLeavesTheRootIsBadInput(string name) =>
        Assert.Contains(
            "leads out", Assert.Throws<BadInputException>(() => RunFolder.PathOf(root, name)).Message, StringComparison.Ordinal);

    [Fact]
    public void AFileInTheWayIsBadInput()
    {
        string file = Path.Combine(root, "file");
        File.WriteAllText(file, "");
        Assert.Throws<BadInputException>(() => RunFolder.Create(file));
        // One file may be a model; what is none is found out when it is read.
        Assert.Throws<BadInputException>(() => RunFolder.Open(file).ReadMetadata());
    }

    public void Dispose() => Directory.Delete(root, recursive: true);

    private static MetricsLine Epoch(int number, ElboParts? test) =>
        MetricsLine.Of(new EpochSummary(number, new ElboParts(100, 25), test, 2, 50, "cpu"));
}
