using System.Text.Json.Nodes;

namespace GpuVae.Tests.Cli;

/// <summary>
/// What discrete codes of photographs are worth, without and with a discriminator; docs/discrete-codes.md and docs/adversarial.md have the
/// figures. Half an hour: only with GPUVAE_NIGHTLY=1.
/// </summary>
public sealed class PhotographBarTests : IDisposable
{
    private const string Codes = "--quantize codebook --channels-per-stage 32,64 --code-size 32 --epochs 24 --ema 0.999";

    private readonly TemporaryFolder folder = new();
    private readonly Lazy<string> photographs;
    private readonly Lazy<string[]> features;

    public PhotographBarTests()
    {
        photographs = new Lazy<string>(() => Find("shared/data/photos/cifar10-jpeg.zip", "the photographs of CIFAR-10"));
        features = new Lazy<string[]>(() =>
        [
            .. from file in (string[])["ResNetPreprocess.onnx", "ResNet18.onnx"]
               select Find($"artifacts/resnet18/{file}", "what benchmarks/fetch-resnet18.sh fetches"),
        ]);
    }

    [Fact]
    public void CodesAreAllUsedAndADiscriminatorBringsWhatTheyGiveNearer()
    {
        Nightly.Require("trains for half an hour");
        JsonNode plain = Trained("plain", Codes), adversarial = Trained("adversarial", $"{Codes} --adversarial");
        (double ofPlain, double ofAdversarial) = (Psnr(plain), Psnr(adversarial));
        TestContext.Current.SendDiagnosticMessage(
            $"PSNR {ofPlain:F2} and {ofAdversarial:F2} dB, FD {Frechet(plain):F1} and {Frechet(adversarial):F1}, codes {plain["codes"]}");

        Assert.True(ofPlain >= 22, $"{ofPlain:F2} dB");
        Assert.True((int)plain["codes"]!["used"]! >= 0.9 * 512, $"{plain["codes"]}");
        Assert.True((double)plain["codes"]!["perplexity"]! >= 250, $"{plain["codes"]}");
        Assert.True(ofAdversarial >= ofPlain - 1.5, $"{ofAdversarial:F2} against {ofPlain:F2} dB");
        Assert.True(Frechet(adversarial) <= 0.7 * Frechet(plain), $"{Frechet(adversarial):F1} against {Frechet(plain):F1}");
    }

    public void Dispose() => folder.Dispose();

    private static double Psnr(JsonNode report) => (double)report["reconstruction"]!["psnr"]!;

    private static double Frechet(JsonNode report) => (double)report["distance"]!["reconstructions"]!["frechet"]!;

    private static string Find(string path, string what)
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            string found = Path.Combine([at.FullName, .. path.Split('/')]);
            if (File.Exists(found))
                return found;
        }
        Assert.Skip($"{what} are not there: {path}, beside or above the repository.");
        return null!;
    }

    private JsonNode Trained(string run, string options)
    {
        string[] data = ["--data", photographs.Value], network = ["--features", .. features.Value];
        Gpuvae.Succeed(folder.FullPath, ["train", .. data, .. options.Split(' '), "--device", "cpu", "--out", run]);
        Gpuvae.Succeed(
            folder.FullPath, ["evaluate", "--run", run, .. network, "--metrics", "elbo,reconstruction", "--json", $"{run}.json"]);
        return JsonNode.Parse(File.ReadAllText(folder[$"{run}.json"]))!;
    }
}
