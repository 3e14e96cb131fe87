using System.Text.Json.Nodes;

namespace GpuVae.Tests.Cli;

/// <summary>
/// What levels that are maps are worth on MNIST with pixels drawn anew in each epoch, against the seed article's networks in about the
/// same time; docs/hierarchical.md has the figures of longer trainings. Twenty minutes: only with GPUVAE_NIGHTLY=1.
/// </summary>
public sealed class HierarchyBarTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    [Fact]
    public void LevelsThatAreMapsAreThreeNatsMoreLikelyThanOneVector()
    {
        Nightly.Require("trains for twenty minutes");
        double vector = LogLikelihood("vector", "--model seed --epochs 100");
        double maps = LogLikelihood(
            "maps",
            "--model convolutional --likelihood bernoulli --channels-per-stage 16,32 --residual 1 --group-norm false "
            + "--upsampling transposed --hierarchy 4 --level-channels 4 --batch 64 --lr 1.5e-3 --free-bits 1 --ema 0.999 --clip 500 "
            + "--epochs 6");
        Assert.True(maps >= vector + 3, $"log p(x): {maps:F2} nats by maps, {vector:F2} by one vector");
    }

    public void Dispose() => folder.Dispose();

    /// <summary>The mean log p(x) of the first 300 test images by 500 samples, nats.</summary>
    private double LogLikelihood(string run, string training)
    {
        Gpuvae.Succeed(
            folder.FullPath,
            [
                "train", "--data", OutsideFiles.MnistFolder(), "--binarize", "--lr-schedule", "cosine", .. training.Split(' '),
                "--device", "cpu", "--out", run,
            ]);
        JsonNode report = Gpuvae.Evaluate(
            folder.FullPath, run, "--metrics elbo,nll --samples 500 --limit 300 --binarize dynamic".Split(' '));
        double nats = (double)report["importance_sampled"]!["nats"]!;
        TestContext.Current.SendDiagnosticMessage($"{run}: log p(x) {nats:F2} nats");
        return nats;
    }
}
