using GpuVae.Tests.Onnx;

namespace GpuVae.Tests.Cli;

/// <summary>A training with a perceptual term, by the command.</summary>
public sealed class PerceptualCommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void ARunGoesOnWhereItsNetworkLiesNow()
    {
        TinyNetwork.Write(folder["net.onnx"]);
        string printed = Gpuvae.Succeed(
            folder.FullPath, "train", "--data", "faces", "--images", "40", "--size", "16", "--hidden", "8", "--latent", "2", "--batch",
            "20", "--epochs", "1", "--device", "cpu", "--perceptual", "net.onnx", "--perceptual-weight", "0.2", "--tensorboard", "--out",
            "run");
        Assert.Contains("compared in maps of 8×8×5, 4×4×5, 2×2×7", printed, StringComparison.Ordinal);
        Assert.Contains("  perceptual ", printed, StringComparison.Ordinal);
        Assert.Contains("Perceptual term", File.ReadAllText(folder["run/report.html"]), StringComparison.Ordinal);

        string[] resume = ["train", "--resume", "run", "--epochs", "2", "--device", "cpu"];
        File.Move(folder["net.onnx"], folder["moved.onnx"]);
        Refused([.. resume], "net.onnx could not be read: it does not exist");
        var other = new TinyNetwork([1, 3, 24, 32], seed: 2);
        other.Save(folder["net.onnx"], (other.Relu(other.Conv(TinyNetwork.Input, 3, 4, 3)), [1, 4, 24, 32]));
        Refused([.. resume], "The network net is not the one that the checkpoint was trained with");
        Refused([.. resume, "--perceptual-weight", "1"], "leave out --perceptual-weight");
        Gpuvae.Succeed(folder.FullPath, [.. resume, "--perceptual", "moved.onnx"]);

        // The model needs no network.
        Gpuvae.Succeed(folder.FullPath, "generate", "--run", "run", "--count", "4", "--device", "cpu", "--out", "some.png");
    }

    private void Refused(string[] arguments, string named)
    {
        CommandResult result = Gpuvae.Run(folder.FullPath, arguments);
        Assert.True(result.ExitCode == 2 && result.Error.Contains(named, StringComparison.Ordinal), result.ToString());
    }
}
