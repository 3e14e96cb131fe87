using System.Text.Json.Nodes;

namespace GpuVae.Tests.Cli;

/// <summary>
/// What makes reconstructions sharper, and what that costs: discrete codes, a discriminator, the features of another network.
/// docs/discrete-codes.md and docs/adversarial.md have the figures. Minutes to half an hour: only with GPUVAE_NIGHTLY=1.
/// </summary>
public sealed class SharpnessBarTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    [Fact]
    public void CodesOfPhotographsAreAllUsedAndADiscriminatorBringsWhatTheyGiveNearer()
    {
        Nightly.Require("trains for half an hour");
        string[] training =
        [
            "--data", OutsideFiles.Photographs(),
            .. "--quantize codebook --channels-per-stage 32,64 --code-size 32 --epochs 24 --ema 0.999".Split(' '),
        ];
        JsonNode plain = Trained("plain", training), adversarial = Trained("adversarial", [.. training, "--adversarial"]);

        Assert.True(Psnr(plain) >= 22, $"{Psnr(plain):F2} dB");
        Assert.True((int)plain["codes"]!["used"]! >= 0.9 * 512, $"{plain["codes"]}");
        Assert.True((double)plain["codes"]!["perplexity"]! >= 250, $"{plain["codes"]}");
        Assert.True(Psnr(adversarial) >= Psnr(plain) - 1.5, $"{Psnr(adversarial):F2} against {Psnr(plain):F2} dB");
        Assert.True(Frechet(adversarial) <= 0.7 * Frechet(plain), $"{Frechet(adversarial):F1} against {Frechet(plain):F1}");
    }

    [Fact]
    public void FacesSeenThroughAnotherNetworkBecomeSharperAndNearer()
    {
        Nightly.Require("trains for two minutes");
        string[] training =
        [
            .. ("--data faces --images 1500 --size 32 --batch 32 --latent 32 --model convolutional --channels-per-stage 16,32,64 "
                + "--epochs 12 --seed 1").Split(' '),
        ];
        JsonNode plain = Trained("plain", training);
        string[] term = ["--perceptual", .. OutsideFiles.Features(), "--perceptual-weight", "0.5"];
        JsonNode perceptual = Trained("perceptual", [.. training, .. term]);

        // 0.8 times the distance, 1.5 times as sharp and 0.17 dB were measured.
        Assert.True(Frechet(perceptual) <= 0.9 * Frechet(plain), $"{Frechet(perceptual):F1} against {Frechet(plain):F1}");
        Assert.True(Sharpness(perceptual) >= 1.25 * Sharpness(plain), $"{Sharpness(perceptual):F4} against {Sharpness(plain):F4}");
        Assert.True(Psnr(perceptual) >= Psnr(plain) - 0.5, $"{Psnr(perceptual):F2} against {Psnr(plain):F2} dB");
    }

    public void Dispose() => folder.Dispose();

    private static double Psnr(JsonNode report) => (double)report["reconstruction"]!["psnr"]!;

    private static double Frechet(JsonNode report) => (double)report["distance"]!["reconstructions"]!["frechet"]!;

    private static double Sharpness(JsonNode report) => (double)report["distance"]!["reconstructions"]!["sharpness"]!;

    private JsonNode Trained(string run, string[] training)
    {
        string[] features = OutsideFiles.Features();
        Gpuvae.Succeed(folder.FullPath, ["train", .. training, "--device", "cpu", "--out", run]);
        JsonNode report = Gpuvae.Evaluate(
            folder.FullPath, run, ["--features", .. features, "--metrics", "elbo,reconstruction"]);
        TestContext.Current.SendDiagnosticMessage(
            $"{run}: PSNR {Psnr(report):F2} dB, FD {Frechet(report):F1}, sharpness {Sharpness(report):F4}, codes {report["codes"]}");
        return report;
    }
}
