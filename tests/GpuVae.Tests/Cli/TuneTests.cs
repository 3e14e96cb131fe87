using System.Diagnostics;
using GpuVae.Devices;

namespace GpuVae.Tests.Cli;

/// <summary>What <c>gpuvae tune</c> finds is used afterwards, and a run goes on with what it was started with.</summary>
public sealed class TuneTests : IDisposable
{
    private static readonly string[] Small =
    [
        "--images", "40", "--size", "8", "--hidden", "16", "--latent", "2", "--batch", "10", "--lr-schedule", "constant", "--device", "cpu",
    ];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void ATunedRunKeepsItsTableAndResumesToTheBit()
    {
        Assert.Contains("kept in", Run("tune", [.. Small]), StringComparison.Ordinal);
        string table = Assert.Single(Directory.GetFiles(folder["tables"]));

        Run("train", [.. Small, "--epochs", "2", "--out", "whole"]);
        Assert.True(File.Exists(Path.Combine(folder["whole"], "compute.json")));
        Run("train", [.. Small, "--epochs", "1", "--out", "parts"]);

        // Neither a damaged table nor a missing one stops or changes the run.
        File.WriteAllText(table, "{ damaged");
        Run("train", "--resume", "parts", "--epochs", "2", "--device", "cpu");
        Assert.Equal(
            File.ReadAllBytes(Path.Combine(folder["whole"], "model.safetensors")),
            File.ReadAllBytes(Path.Combine(folder["parts"], "model.safetensors")));

        Run("train", [.. Small, "--epochs", "1", "--out", "plain"]);
        Assert.False(File.Exists(Path.Combine(folder["plain"], "compute.json")));
    }

    [Fact]
    public void DeterministicRunsLeaveTheTableAside()
    {
        Run("tune", [.. Small]);
        Run("train", [.. Small, "--epochs", "1", "--deterministic", "--out", "run"]);
        Assert.False(File.Exists(Path.Combine(folder["run"], "compute.json")));
    }

    private string Run(string command, params string[] arguments)
    {
        ProcessStartInfo start = Gpuvae.StartInfo(folder["."], [command, .. arguments]);
        start.Environment[TuningTable.FolderVariable] = folder["tables"];
        var result = CommandResult.Of(start);
        Assert.True(result.ExitCode == 0, result.ToString());
        return result.Output;
    }
}
