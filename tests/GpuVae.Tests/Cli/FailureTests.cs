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

    [Fact]
    public void AFullDiskLeavesTheLastGoodCheckpoint()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "needs /dev/full, which stands for the full disk");
        Gpuvae.Succeed(folder.FullPath, [.. Tiny, "--epochs", "1"]);
        byte[] good = File.ReadAllBytes(folder["run/checkpoint"]);
        string[] before = Directory.GetFiles(folder["run"]);

        // The name under which the next checkpoint is begun leads to a device on which no byte finds room.
        File.CreateSymbolicLink(folder["run/checkpoint.tmp"], "/dev/full");
        CommandResult result = Gpuvae.Run(folder.FullPath, "train", "--resume", "run", "--epochs", "3", "--device", "cpu");

        Assert.True(result.ExitCode == 2, result.ToString());
        Assert.Matches(
            @"^gpuvae: \S*checkpoint could not be written: No space left on device.*The previous file was left as it is\.", result.Error);
        Assert.Equal(good, File.ReadAllBytes(folder["run/checkpoint"]));
        Assert.Equal(before, Directory.GetFiles(folder["run"]));
    }
}
