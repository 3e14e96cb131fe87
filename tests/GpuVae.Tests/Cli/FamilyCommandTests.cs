namespace GpuVae.Tests.Cli;

/// <summary>Another posterior, prior and objective, and labels, from the command line.</summary>
public sealed class FamilyCommandTests
{
    [Fact]
    public void AConditionalModelWithAnotherPriorAndObjectiveIsTrainedAndAskedForALabel()
    {
        using var folder = new TemporaryFolder();
        Gpuvae.Succeed(
            folder.FullPath, "train", "--images", "200", "--epochs", "1", "--hidden", "16", "--latent", "4", "--name", "c",
            "--device", "cpu", "--conditional", "--prior", "mixture", "--components", "3", "--posterior", "full", "--objective", "iwae", "--samples", "2",
            "--gradient", "dreg");
        Gpuvae.Succeed(folder.FullPath, "generate", "--run", "runs/c", "--label", "star", "--count", "4", "--device", "cpu");
        Assert.True(File.Exists(Path.Combine(folder.FullPath, "generated.png")));
        CommandResult unknown = Gpuvae.Run(folder.FullPath, "generate", "--run", "runs/c", "--label", "x", "--device", "cpu");
        Assert.Equal(2, unknown.ExitCode);
        Assert.Contains("does not know the label x; it knows", unknown.Error, StringComparison.Ordinal);
    }
}
