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
        run.AppendMetrics(Epoch(1, new ElboParts(90, 10)));
        string line = Assert.Single(File.ReadLines(run.Metrics));
        Assert.Equal(
            """{"epoch":1,"train_loss":125,"test_loss":100,"test_recon":90,"test_kl":10,""" +
            """
            "seconds":2,"images_per_second":50,"device":"cpu"}
            """,
            line);
    }

    [Fact]
    public void TruncateDropsLaterEpochsAndATornLine()
    {
        var run = RunFolder.Create(RunFolder.PathOf(root, "two"));
        for (int epoch = 1; epoch <= 3; epoch++)
            run.AppendMetrics(Epoch(epoch, null));
        File.AppendAllText(run.Metrics, """{"epoch":4,"train_l""");
        run.TruncateMetrics(2);
        Assert.Equal([1, 2], run.ReadMetrics().Select(line => line.Epoch));
        Assert.Equal(2, File.ReadAllLines(run.Metrics).Length);
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
        Assert.Throws<BadInputException>(() => RunFolder.Open(file));
    }

    public void Dispose() => Directory.Delete(root, recursive: true);

    private static EpochSummary Epoch(int number, ElboParts? test) => new(number, new ElboParts(100, 25), test, 2, 50, "cpu");
}
