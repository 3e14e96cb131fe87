using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using GpuVae.Formats;
using GpuVae.Imaging;
using GpuVae.Training;

namespace GpuVae.Tests.Cli;

public sealed partial class MainJobTests(TrainedRun run) : IClassFixture<TrainedRun>
{
    [Fact]
    public void TrainingLeavesAllFilesAndNothingHalfWritten()
    {
        string[] expected =
        [
            "best.safetensors", "checkpoint", "commands.json", "config.json", "data.json", "epochs.png", "metrics.jsonl",
            "model.safetensors", "reconstructions.png", "report.html", "samples.png", "train.json",
        ];
        Assert.Equal(expected, Directory.GetFiles(run["."]).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void TrainingSaysInPlainLinesWhereToLookAndWhatToRunNext()
    {
        Assert.Contains(Path.Combine("runs", "small", "report.html"), run.Output, StringComparison.Ordinal);
        Assert.Contains("gpuvae generate --run " + Path.Combine("runs", "small"), run.Output, StringComparison.Ordinal);
        Assert.Contains("nats per image", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', run.Output);
    }

    [Fact]
    public void MetricsHaveOneObjectPerEpochWithTheDocumentedFields()
    {
        string[] lines = File.ReadAllLines(run["metrics.jsonl"]);
        Assert.Equal(2, lines.Length);
        for (int i = 0; i < lines.Length; i++)
        {
            using var line = JsonDocument.Parse(lines[i]);
            string[] names = [.. line.RootElement.EnumerateObject().Select(property => property.Name)];
            Assert.Equal(
                ["epoch", "train_loss", "test_loss", "test_recon", "test_kl", "seconds", "images_per_second", "device"], names[..8]);
            // What the health watch saw, where it saw something, as it does in trainings as short as this one.
            Assert.All(names[8..], name => Assert.Equal("warnings", name));
            Assert.Equal(i + 1, line.RootElement.GetProperty("epoch").GetInt32());
            Assert.Equal("cpu", line.RootElement.GetProperty("device").GetString());
            double Value(string name) => line.RootElement.GetProperty(name).GetDouble();
            Assert.Equal(Value("test_loss"), Value("test_recon") + Value("test_kl"), 1e-9);
            Assert.True(Value("seconds") > 0 && Value("images_per_second") > 0);
        }
        double Loss(int i) => JsonDocument.Parse(lines[i]).RootElement.GetProperty("train_loss").GetDouble();
        Assert.True(Loss(1) < Loss(0), "the loss falls");
    }

    [Theory]
    [InlineData("samples.png", 8 * 28)]
    [InlineData("reconstructions.png", 16 * 28)]
    public void ThePicturesDecodeAndAreNotBlank(string file, int leastWidth)
    {
        Image picture = ImageFile.Read(run[file]);
        Assert.True(picture.Width >= leastWidth, $"{picture.Width} pixels wide");
        Assert.True(picture.Pixels.Distinct().Count() > 16);
    }

    [Fact]
    public void WeightsAreNamedLikeThePyTorchModule()
    {
        var weights = SafetensorsFile.Read(run["model.safetensors"]);
        Assert.Equal([64, 784], weights.Get("encoder.0.weight", 64, 784).Shape);
        Assert.Equal([784], weights.Get("decoder.4.bias", 784).Shape);
        Assert.Equal(12, weights.Tensors.Count);
    }

    [Fact]
    public void TheReportIsOneSelfContainedPage()
    {
        string html = File.ReadAllText(run["report.html"]);
        // Any four letters may stand in the data of a picture.
        Assert.DoesNotContain("http", ImageSource().Replace(html, ""), StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<link", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(3, html.Split("<svg ").Length - 1);
        Assert.Contains("<code>gpuvae train --images 600", html, StringComparison.Ordinal);
        Assert.Contains("<polyline", html, StringComparison.Ordinal);
        MatchCollection sources = ImageSource().Matches(html);
        Assert.Equal(3, sources.Count);
        Assert.Equal(["samples.png", "reconstructions.png"], sources.Take(2).Select(source =>
        {
            byte[] embedded = Convert.FromBase64String(source.Groups[1].Value);
            string[] files = ["samples.png", "reconstructions.png"];
            return files.Single(file => File.ReadAllBytes(run[file]).SequenceEqual(embedded));
        }));
    }

    [Fact]
    public void TheSameSeedGivesTheSameWeights()
    {
        Gpuvae.Succeed(
            run.Root, "train", "--images", "600", "--epochs", "2", "--hidden", "64,32", "--latent", "8", "--out", "again",
            "--device", "cpu");
        Assert.Equal(File.ReadAllBytes(run["model.safetensors"]), File.ReadAllBytes(Path.Combine(run.Root, "again", "model.safetensors")));
    }

    [Fact]
    public void GenerateWritesAGridOrSingleFiles()
    {
        // Without --run the newest run is meant.
        Gpuvae.Succeed(run.Root, "generate", "--count", "10", "--seed", "7", "--out", "pictures/grid.png");
        Gpuvae.Succeed(run.Root, "generate", "--run", run["."], "--count", "10", "--seed", "7", "--files", "--out", "single");
        string[] files = [.. Directory.GetFiles(Path.Combine(run.Root, "single")).Order(StringComparer.Ordinal)];
        Assert.Equal(10, files.Length);
        Assert.Equal("0000.png", Path.GetFileName(files[0]));
        Assert.All(files, file => Assert.Equal((28, 28, 1), Size(ImageFile.Read(file))));
        Assert.True(ImageFile.Read(Path.Combine(run.Root, "pictures", "grid.png")).Width > 28);
    }

    [Fact]
    public void OneOfManyPicturesThatCannotBeWrittenIsNamed()
    {
        string taken = Directory.CreateDirectory(Path.Combine(run.Root, "taken", "0007.png")).FullName;
        CommandResult result = Gpuvae.Run(run.Root, "generate", "--run", run["."], "--count", "10", "--files", "--out", "taken");
        Assert.True(result.ExitCode == 2, result.ToString());
        Assert.Contains(Path.GetFileName(taken), Assert.Single(result.Error.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    [Fact]
    public void ReconstructAndInterpolateWritePictures()
    {
        Gpuvae.Succeed(run.Root, "reconstruct", "--run", "runs/small", "--count", "5", "--out", "r.png", "--scale", "1");
        Gpuvae.Succeed(
            run.Root, "interpolate", "--run", "runs/small", "--from", "3", "--to", "9", "--steps", "6", "--out", "i.png", "--scale", "1");
        Image reconstructions = ImageFile.Read(Path.Combine(run.Root, "r.png"));
        Image walk = ImageFile.Read(Path.Combine(run.Root, "i.png"));
        Assert.True(reconstructions.Width >= 5 * 28 && reconstructions.Height >= 2 * 28);
        Assert.True(walk.Width >= 6 * 28 && walk.Height < 2 * 28);
    }

    [Theory]
    [InlineData("edit --add label=3:1.5 --remove slant --count 2 --steps 4", "edited.png", 6, 2)]
    [InlineData("edit --traverse 0,3,7 --steps 5", "traversal.png", 5, 3)]
    [InlineData("art styles --attributes slant,thickness --columns 3 --seed 5", "styles-seed5.png", 3, 2)]
    [InlineData("art blend --count 3 --weights 1,2,0.5", "blend.png", 4, 1)]
    [InlineData("art mosaic --units 1,2 --side 3 --seed 9 --scale 2", "mosaic-units1-2-seed9.png", 6, 6)]
    [InlineData("art mosaic --side 4", "mosaic-seed1.png", 4, 4)]
    public void EditAndArtWritePictures(string command, string file, int columns, int rows)
    {
        string[] scale = command.Contains("--scale", StringComparison.Ordinal) ? [] : ["--scale", "1"];
        Gpuvae.Succeed(run.Root, [.. command.Split(' '), "--run", "runs/small", .. scale]);
        Image picture = ImageFile.Read(Path.Combine(run.Root, file));
        // Names stand before the rows and above the columns.
        Assert.InRange(picture.Width / 28.0, columns, 1.3 * columns + 2);
        Assert.InRange(picture.Height / 28.0, rows, 1.3 * rows + 0.5);
        Assert.True(picture.Pixels.Distinct().Count() > 16);
    }

    [Fact]
    public void ConditionalModelsTranslateAndShowOtherLabels()
    {
        Gpuvae.Succeed(
            run.Root, "train", "--domains", "faces", "faces:drawn", "--size", "12", "--images", "60", "--epochs", "1", "--batch", "20",
            "--hidden", "16", "--latent", "4", "--out", "domains", "--device", "cpu");
        Gpuvae.Succeed(run.Root, "translate", "--run", "domains", "--to", "faces:drawn", "--count", "5", "--scale", "1");
        Gpuvae.Succeed(
            run.Root, "edit", "--run", "domains", "--label", "faces,faces:drawn", "--count", "2", "--out", "labels.png", "--scale", "1");
        Gpuvae.Succeed(run.Root, "art", "mosaic", "--run", "domains", "--side", "3", "--label", "1", "--out", "drawn.png", "--scale", "1");
        Assert.Equal((5 * 14 + 2 + 11 * 6 + 5, 2 * 14 + 2, 3), Size(ImageFile.Read(Path.Combine(run.Root, "translated.png"))));
        Assert.Equal((4 * 14 + 2, 2 * 14 + 2 + 13, 3), Size(ImageFile.Read(Path.Combine(run.Root, "labels.png"))));
        Assert.Equal((3 * 12, 3 * 12, 3), Size(ImageFile.Read(Path.Combine(run.Root, "drawn.png"))));
    }

    [Fact]
    public void OneFileIsAModelForOtherCommands()
    {
        const string file = "shared/small.safetensors";
        Gpuvae.Succeed(run.Root, "export", "--run", "runs/small", "--safetensors", file, "--half", "--licence", "mit");
        Gpuvae.Succeed(run.Root, "reconstruct", "--run", file, "--count", "2", "--out", "shared.png");
        Gpuvae.Succeed(run.Root, "card", "--model", file, "--limit", "20", "--title", "Digits | <b>", "--out", "card");
        string card = File.ReadAllText(Path.Combine(run.Root, "card", "README.md"));
        Assert.Contains("license: \"mit\"", card, StringComparison.Ordinal);
        Assert.Contains("# Digits \\| &lt;b>", card, StringComparison.Ordinal);
        Assert.Contains("`digits`, 600 images drawn, seed 1", card, StringComparison.Ordinal);
        Assert.Contains("\"test_loss\"", card, StringComparison.Ordinal);
        Assert.Contains("20 images of digits, split test, first 20", card, StringComparison.Ordinal);
        Assert.True(ImageFile.Read(Path.Combine(run.Root, "card", "reconstructions.png")).Width >= 600);
        CommandResult missing = Gpuvae.Run(run.Root, "generate", "--run", "none.safetensors");
        Assert.True(missing.ExitCode == 2, missing.ToString());
    }

    [Fact]
    public void AModelThatIsReadyIsFoundByItsName()
    {
        Gpuvae.Succeed(run.Root, "generate", "--model", "conditional-digits", "--count", "20", "--out", "ready.png");
        Image picture = ImageFile.Read(Path.Combine(run.Root, "ready.png"));
        Assert.True(picture.Width >= 600 && picture.Pixels.Distinct().Count() > 16);
    }

    [Fact]
    public void AWalkIsAnAnimationThatItsSeedMakesAgain()
    {
        string[] walk = ["art", "walk", "--run", "runs/small", "--stops", "3", "--frames", "4", "--seed", "7"];
        Gpuvae.Succeed(run.Root, walk);
        byte[] first = File.ReadAllBytes(Path.Combine(run.Root, "walk-seed7.png"));
        // The chunk acTL says how many frames there are.
        Assert.Equal([0, 0, 0, 12], first.AsSpan(first.AsSpan().IndexOf("acTL"u8) + 4, 4).ToArray());
        Gpuvae.Succeed(run.Root, [.. walk, "--out", "again.png"]);
        Assert.Equal(first, File.ReadAllBytes(Path.Combine(run.Root, "again.png")));
    }

    [Fact]
    public void EvaluatePrintsPartsThatAddUp()
    {
        string output = Gpuvae.Succeed(run.Root, "evaluate", "--run", "runs/small", "--seed", "3");
        double Figure(string name)
        {
            Match line = Regex.Match(output, $@"^{name}\s+(-?[\d.]+) nats per image", RegexOptions.Multiline);
            return double.Parse(line.Groups[1].Value, CultureInfo.InvariantCulture);
        }
        Assert.StartsWith("60 images of digits", output, StringComparison.Ordinal);
        Assert.Equal(Figure("loss"), Figure("reconstruction") + Figure("KL divergence"), 2e-3);
        Assert.Equal(-Figure("loss"), Figure("ELBO"), 2e-3);

        Gpuvae.Succeed(
            run.Root, "evaluate", "--run", "runs/small", "--metrics", "elbo,mig", "--samples", "20", "--limit", "30", "--binarize",
            "static", "--json", "figures.json");
        JsonElement figures = JsonDocument.Parse(File.ReadAllText(Path.Combine(run.Root, "figures.json"))).RootElement;
        Assert.Equal("test, first 30", figures.GetProperty("protocol").GetProperty("split").GetString());
        Assert.Equal(20, figures.GetProperty("importance_sampled").GetProperty("k").GetInt32());
        Assert.True(
            figures.GetProperty("importance_sampled").GetProperty("nats").GetDouble()
            > figures.GetProperty("elbo").GetProperty("nats").GetDouble());
        // The built-in set knows what it drew.
        Assert.Contains(
            "slant", figures.GetProperty("mig").GetProperty("factors").EnumerateArray().Select(f => f.GetProperty("factor").GetString()));

        MetricsLine last = RunFolder.Open(run["."]).ReadMetrics()[^1];
        Assert.Equal(last.TestLoss!.Value, Figure("loss"), 0.05 * last.TestLoss.Value);
    }

    [Fact]
    public void DevicesListsTheCpu()
    {
        string output = Gpuvae.Succeed(run.Root, "devices");
        // A GPU that is there is listed; one that is not has a reason.
        Assert.True(
            output.Contains("cuda:0", StringComparison.Ordinal) || output.Contains("not usable: CUDA", StringComparison.Ordinal), output);
        Assert.Matches(new Regex(@"^\s*cpu\s+CPU\s", RegexOptions.Multiline), output);
    }

    [Theory]
    [InlineData]
    [InlineData("devices")]
    [InlineData("train")]
    [InlineData("generate")]
    [InlineData("reconstruct")]
    [InlineData("interpolate")]
    [InlineData("inpaint")]
    [InlineData("upscale")]
    [InlineData("edit")]
    [InlineData("translate")]
    [InlineData("art")]
    [InlineData("art", "walk")]
    [InlineData("evaluate")]
    [InlineData("export")]
    public void HelpEndsWithExamples(params string[] command)
    {
        string help = Gpuvae.Succeed(run.Root, [.. command, "--help"]);
        Assert.Contains($"Examples:{Environment.NewLine}  gpuvae {string.Join(' ', command)}", help, StringComparison.Ordinal);
    }

    [Fact]
    public void HelpListsTheValuesOfAChoice()
    {
        string page = Gpuvae.Succeed(run.Root, "train", "--help");
        string help = string.Join(' ', page.Split(default(char[]), StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains("One of relu, leaky-relu, silu, gelu, tanh, sigmoid, softplus.", help, StringComparison.Ordinal);
        Assert.Contains("One of bernoulli, gaussian, gaussian-learned, ", help, StringComparison.Ordinal);
        Assert.Contains(
            "--latent N Units of the latent code. From 1 to 65536. Without it what fits the images.", help, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("train")]
    [InlineData("edit")]
    [InlineData("art", "walk")]
    [InlineData("evaluate")]
    public void HelpFitsTheScreen(params string[] command)
    {
        string[] lines = Gpuvae.Succeed(run.Root, [.. command, "--help"]).Split('\n');
        Assert.All(
            lines.TakeWhile(line => !line.StartsWith("Examples", StringComparison.Ordinal)), line => Assert.InRange(line.Length, 0, 120));
    }

    [Theory]
    [InlineData("leaky-relu", "gaussian-learned")]
    [InlineData("LeakyReLU", "GaussianLearned")]
    public void ChoicesMayBeWrittenInTheUsualWays(string activation, string likelihood)
    {
        string name = $"choice-{activation}";
        Gpuvae.Succeed(
            run.Root, "train", "--images", "20", "--size", "6", "--batch", "10", "--epochs", "1", "--hidden", "8", "--latent", "2",
            "--activation", activation, "--likelihood", likelihood, "--out", name, "--device", "cpu");
        string config = File.ReadAllText(Path.Combine(run.Root, name, "config.json"));
        Assert.Contains("LeakyRelu", config, StringComparison.Ordinal);
        Assert.Contains("GaussianLearned", config, StringComparison.Ordinal);
    }

    [Fact]
    public void BuiltInFacesAreNamedLikeData()
    {
        Gpuvae.Succeed(
            run.Root, "train", "--data", "faces:drawn", "--images", "20", "--size", "8", "--batch", "10", "--epochs", "1", "--hidden", "8",
            "--latent", "2", "--out", "faces", "--device", "cpu");
        string data = File.ReadAllText(Path.Combine(run.Root, "faces", "data.json"));
        Assert.Contains("\"faces:drawn\"", data, StringComparison.Ordinal);
        string output = Gpuvae.Succeed(run.Root, "evaluate", "--run", "faces", "--data", "faces:both", "--images", "30");
        Assert.StartsWith("3 images of faces", output, StringComparison.Ordinal);
    }

    [Fact]
    public void AConvolutionalModelIsTrainedResumedAndDrawnFrom()
    {
        Gpuvae.Succeed(
            run.Root, "train", "--data", "faces", "--images", "20", "--size", "9x7", "--batch", "10", "--epochs", "1", "--latent", "2",
            "--model", "convolutional", "--channels-per-stage", "4,8", "--hidden", "6", "--residual", "1", "--group-norm", "--upsampling",
            "nearest", "--out", "convolutional", "--device", "cpu");
        string config = File.ReadAllText(Path.Combine(run.Root, "convolutional", "config.json"));
        Assert.Contains("\"network\": \"Convolutional\"", config, StringComparison.Ordinal);
        Gpuvae.Succeed(run.Root, "train", "--resume", "convolutional", "--epochs", "2", "--device", "cpu");
        Gpuvae.Succeed(run.Root, "generate", "--run", "convolutional", "--count", "3", "--out", "convolutional.png", "--device", "cpu");
        Assert.True(ImageFile.Read(Path.Combine(run.Root, "convolutional.png")).Pixels.Distinct().Count() > 3);
    }

    [Fact]
    public void AMixtureOfLogisticsIsTrainedKeptAndDrawnFrom()
    {
        Gpuvae.Succeed(
            run.Root, "train", "--images", "20", "--size", "6", "--batch", "10", "--epochs", "1", "--hidden", "8", "--latent", "2",
            "--likelihood", "logistic-mixture", "--mixture-components", "2", "--out", "mixture", "--device", "cpu");
        Assert.Contains(
            "\"mixtureComponents\": 2", File.ReadAllText(Path.Combine(run.Root, "mixture", "config.json")), StringComparison.Ordinal);
        Gpuvae.Succeed(run.Root, "generate", "--run", "mixture", "--count", "4", "--out", "mixture.png", "--device", "cpu");
        Assert.True(File.Exists(Path.Combine(run.Root, "mixture.png")));
    }

    private static (int, int, int) Size(Image image) => (image.Width, image.Height, image.Channels);

    [GeneratedRegex("src=\"data:image/png;base64,([^\"]*)\"")]
    private static partial Regex ImageSource();
}
