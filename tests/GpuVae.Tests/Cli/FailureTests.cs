using GpuVae.Tests.Faults;
using GpuVae.Training;

namespace GpuVae.Tests.Cli;

/// <summary>What goes wrong while a training runs.</summary>
public sealed class FailureTests : IDisposable
{
    private static readonly string[] Tiny =
    [
        "train", "--images", "64", "--size", "8", "--hidden", "32", "--latent", "2", "--batch", "16", "--device", "cpu", "--out", "run",
    ];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void ALossThatIsNoNumberEndsTheRunAndKeepsTheLastGoodCheckpoint()
    {
        CommandResult result = Gpuvae.Run(folder.FullPath, [.. Tiny, "--lr", "1e30", "--epochs", "3"]);
        Assert.True(result.ExitCode == 1, result.ToString());
        Assert.Matches(@"^gpuvae: Training diverged at step \d+: the (reconstruction term|KL term|weights)", result.Error);
        Assert.Contains("The last good state is in", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);

        // Reading checks the sums; only finite weights are ever written.
        Assert.InRange(TrainingCheckpoint.Read(folder["run/checkpoint"]).Step, 0, 11);
        Assert.False(File.Exists(folder["run/model.safetensors"]));
    }

    [Theory]
    [InlineData("pwrite64", "error=ENOSPC", "No space left on device")]
    [InlineData("fsync", "error=EIO", "fsync: Input/output error")]
    // The second flush is that of the folder, after the renaming.
    [InlineData("fsync", "error=EIO:when=2", "fsync of .*run: Input/output error")]
    [InlineData("rename", "error=EROFS", "Read-only file system")]
    public void ADiskThatFailsLeavesTheLastGoodCheckpoint(string call, string fault, string reason)
    {
        Strace.Require();
        Gpuvae.Succeed(folder.FullPath, [.. Tiny, "--epochs", "1"]);
        byte[] good = File.ReadAllBytes(folder["run/checkpoint"]);
        string[] before = Directory.GetFiles(folder["run"]);

        (CommandResult result, _) = Strace.Inject(
            folder.FullPath, call, fault, "train", "--resume", "run", "--epochs", "3", "--device", "cpu");

        Assert.True(result.ExitCode == 2, result.ToString());
        Assert.Matches($@"^gpuvae: \S*run\S* could not be written: .*{reason}.*The previous file was left as it is\.", result.Error);
        Assert.Equal(good, File.ReadAllBytes(folder["run/checkpoint"]));
        Assert.Equal(before, Directory.GetFiles(folder["run"]));
    }
}
