using GpuVae.Imaging;

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
            "--device", "cpu", "--conditional", "--prior", "mixture", "--components", "3", "--posterior", "full", "--objective", "iwae",
            "--samples", "2", "--gradient", "dreg");
        Gpuvae.Succeed(folder.FullPath, "generate", "--run", "runs/c", "--label", "star", "--count", "4", "--device", "cpu");
        Assert.True(File.Exists(Path.Combine(folder.FullPath, "generated.png")));
        // The built-in test images have the same labels; a folder's are known by their names, not by their order.
        CommandResult unlike = Gpuvae.Run(folder.FullPath, "evaluate", "--run", "runs/c", "--data", "faces:both", "--images", "20",
            "--size", "28", "--channels", "1", "--device", "cpu");
        Assert.Equal(2, unlike.ExitCode);
        Assert.Contains("known are 0, 1, 2", unlike.Error, StringComparison.Ordinal);
        CommandResult unknown = Gpuvae.Run(folder.FullPath, "generate", "--run", "runs/c", "--label", "x", "--device", "cpu");
        Assert.Equal(2, unknown.ExitCode);
        Assert.Contains("does not know the label 'x'; it knows", unknown.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void AConditionalVampPriorOfFullCovariancesIsTrainedAndCompletesAndEnlargesWithLabelsAndWithout()
    {
        using var folder = new TemporaryFolder();
        Gpuvae.Succeed(
            folder.FullPath, "train", "--images", "200", "--epochs", "1", "--hidden", "16", "--latent", "4", "--name", "v",
            "--device", "cpu", "--conditional", "--prior", "vamp", "--components", "12", "--posterior", "full");
        string[] inpaint = ["inpaint", "--half", "lower", "--count", "2", "--samples", "1", "--steps", "4", "--device", "cpu"];
        string picture = Path.Combine(folder.FullPath, "inpainted.png");
        var seen = new List<byte[]>();
        foreach (string[] label in (string[][])[[], ["--label", "star"], ["--label", "star,0"]])
        {
            Gpuvae.Succeed(folder.FullPath, [.. inpaint, .. label]);
            seen.Add(File.ReadAllBytes(picture));
        }
        Assert.Equal(3, seen.Select(Convert.ToHexString).Distinct().Count());
        Gpuvae.Succeed(folder.FullPath, "upscale", "--count", "2", "--steps", "3", "--label", "star", "--device", "cpu");
        // A picture that comes without a label: the model guesses.
        string single = Path.Combine(folder.FullPath, "single.png");
        ImageFile.Write(single, new Image(28, 28, 1));
        Gpuvae.Succeed(folder.FullPath, ["inpaint", single, .. inpaint[1..]]);
        CommandResult three = Gpuvae.Run(folder.FullPath, [.. inpaint, "--label", "0,1,2"]);
        Assert.Equal(2, three.ExitCode);
        Assert.Contains("--label 0,1,2: 3 labels for 2 pictures", three.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void AHierarchyIsTrainedAndDrawnLevelByLevel()
    {
        using var folder = new TemporaryFolder();
        string[] small = ["--device", "cpu", "--images", "60"];
        string said = Gpuvae.Succeed(folder.FullPath, [
            "train", "--epochs", "1", "--batch", "20", "--hierarchy", "3", "--hidden", "12", "--skip-above", "1e6", "--name", "h",
            .. small]);
        Assert.Contains("--latent 48 (16 of each level)", said, StringComparison.Ordinal);
        Assert.Matches(@"levels \d+\.\d \+ \d+\.\d \+ \d+\.\d", said);
        string report = File.ReadAllText(Path.Combine(folder.FullPath, "runs", "h", "report.html"));
        Assert.Contains("<h2>Levels</h2>", report, StringComparison.Ordinal);
        Gpuvae.Succeed(
            folder.FullPath, "generate", "--run", "runs/h", "--by-level", "--count", "4", "--out", "levels.png", "--device", "cpu");
        Assert.True(File.Exists(Path.Combine(folder.FullPath, "levels.png")));
        string figures = Gpuvae.Succeed(
            folder.FullPath, ["evaluate", "--run", "runs/h", "--metrics", "elbo,nll", "--samples", "3", .. small]);
        Assert.Contains("level 3", figures, StringComparison.Ordinal);
        CommandResult other = Gpuvae.Run(folder.FullPath, ["train", "--hierarchy", "3", "--posterior", "full", .. small]);
        Assert.Equal(2, other.ExitCode);
        Assert.Contains("or use --hierarchy 1", other.Error, StringComparison.Ordinal);
        CommandResult uneven = Gpuvae.Run(folder.FullPath, ["train", "--hierarchy", "3", "--latent", "20", .. small]);
        Assert.Equal(2, uneven.ExitCode);
        Assert.Contains("choose a multiple of 3", uneven.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void LevelsAreMapsWhereUnitsOfTheirPlacesAreAskedFor()
    {
        using var folder = new TemporaryFolder();
        string[] small = ["--device", "cpu", "--images", "60"];
        string said = Gpuvae.Succeed(folder.FullPath, [
            "train", "--epochs", "1", "--batch", "20", "--hierarchy", "3", "--level-channels", "2", "--channels-per-stage", "4,4",
            "--hidden", "12", "--name", "m", .. small]);
        Assert.Matches(@"levels \d+\.\d \+ \d+\.\d \+ \d+\.\d", said);
        Gpuvae.Succeed(
            folder.FullPath, "generate", "--run", "runs/m", "--by-level", "--count", "4", "--out", "levels.png", "--device", "cpu");
        Assert.True(File.Exists(Path.Combine(folder.FullPath, "levels.png")));
        Gpuvae.Succeed(folder.FullPath, "interpolate", "--run", "runs/m", "--device", "cpu");
        Gpuvae.Succeed(folder.FullPath, ["evaluate", "--run", "runs/m", "--metrics", "elbo,nll", "--samples", "3", .. small]);
        CommandResult alone = Gpuvae.Run(folder.FullPath, ["train", "--level-channels", "2", .. small]);
        Assert.Equal(2, alone.ExitCode);
        Assert.Contains("--hierarchy 2 or more", alone.Error, StringComparison.Ordinal);
        CommandResult both = Gpuvae.Run(
            folder.FullPath, ["train", "--hierarchy", "3", "--level-channels", "2", "--latent", "20", .. small]);
        Assert.Equal(2, both.ExitCode);
        Assert.Contains("--level-channels 0", both.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void DiscreteCodesAreTrainedAndDrawnByAPriorOfTheirOwn()
    {
        using var folder = new TemporaryFolder();
        string[] small = ["--device", "cpu", "--images", "60"];
        string said = Gpuvae.Succeed(folder.FullPath, [
            "train", "--epochs", "1", "--batch", "20", "--quantize", "scalar", "--levels", "3,3", "--channels-per-stage", "4,4",
            "--name", "q", .. small]);
        Assert.Contains("of 9 codes, perplexity", said, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(folder.FullPath, "runs", "q", "samples.png")));
        CommandResult without = Gpuvae.Run(folder.FullPath, "generate", "--run", "runs/q", "--device", "cpu");
        Assert.Equal(2, without.ExitCode);
        Assert.Contains("Train one with 'gpuvae train-prior --run", without.Error, StringComparison.Ordinal);
        said = Gpuvae.Succeed(
            folder.FullPath, "train-prior", "--run", "runs/q", "--epochs", "1", "--layers", "1", "--width", "4", "--conditional",
            "--device", "cpu");
        Assert.Contains("bits per code", said, StringComparison.Ordinal);
        Assert.Contains("bits per dimension", said, StringComparison.Ordinal);
        string[] generate = ["generate", "--run", "runs/q", "--count", "2", "--label", "star", "--device", "cpu"];
        Gpuvae.Succeed(folder.FullPath, generate);
        byte[] drawn = File.ReadAllBytes(Path.Combine(folder.FullPath, "generated.png"));
        Gpuvae.Succeed(folder.FullPath, [.. generate, "--temperature", "0.2"]);
        Assert.NotEqual(drawn, File.ReadAllBytes(Path.Combine(folder.FullPath, "generated.png")));
        CommandResult frozen = Gpuvae.Run(folder.FullPath, [.. generate, "--temperature", "0"]);
        Assert.Equal(2, frozen.ExitCode);
        Assert.Contains("take a number above 0", frozen.Error, StringComparison.Ordinal);
        string[] transformer = ["train-prior", "--run", "runs/q", "--device", "cpu", "--out", "t.safetensors"];
        Gpuvae.Succeed(
            folder.FullPath, [.. transformer, "--epochs", "1", "--model", "transformer", "--layers", "1", "--width", "8", "--heads", "2"]);
        Assert.Contains(
            "going on after epoch 1 of 2", Gpuvae.Succeed(folder.FullPath, [.. transformer, "--resume", "--epochs", "2"]),
            StringComparison.Ordinal);
        Gpuvae.Succeed(folder.FullPath, "generate", "--run", "runs/q", "--code-prior", "t.safetensors", "--count", "2", "--device", "cpu");
        foreach ((string[] options, string message) in (ValueTuple<string[], string>[])
        [
            (["--heads", "2"], "--heads changes nothing without --model transformer"),
            (["--model", "transformer", "--width", "6"], "--width 6 does not fall into --heads 4"),
            (["--resume", "--layers", "2"], "leave out --layers"),
            (["--resume", "--out", "none.safetensors"], "There is no none.checkpoint"),
        ])
        {
            CommandResult refused = Gpuvae.Run(folder.FullPath, ["train-prior", "--run", "runs/q", "--device", "cpu", .. options]);
            Assert.Equal(2, refused.ExitCode);
            Assert.Contains(message, refused.Error, StringComparison.Ordinal);
        }
        Gpuvae.Succeed(folder.FullPath, "export", "--run", "runs/q", "--onnx", "onnx", "--device", "cpu");
        Assert.Equal(
            ["decoder.onnx", "encoder.onnx", "vae.onnx"],
            Directory.GetFiles(Path.Combine(folder.FullPath, "onnx")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Gpuvae.Succeed(folder.FullPath, "inpaint", "--run", "runs/q", "--half", "lower", "--count", "2", "--device", "cpu");
        Assert.True(File.Exists(Path.Combine(folder.FullPath, "inpainted.png")));
    }

    [Fact]
    public void TwoGridsOfCodesGoThroughAllCommands()
    {
        using var folder = new TemporaryFolder();
        string[] small = ["--device", "cpu", "--images", "60"], run = ["--run", "runs/q", "--device", "cpu"];
        string said = Gpuvae.Succeed(folder.FullPath, [
            "train", "--epochs", "1", "--batch", "20", "--quantize", "codebook", "--code-levels", "2", "--codes", "9", "--code-size", "3",
            "--channels-per-stage", "4,4", "--name", "q", .. small]);
        Assert.Matches(@"top \d of 9 codes, perplexity \d+, bottom \d of 9 codes, perplexity", said);
        string report = File.ReadAllText(Path.Combine(folder.FullPath, "runs", "q", "report.html"));
        Assert.Contains("Codes of the top grid", report, StringComparison.Ordinal);
        said = Gpuvae.Succeed(folder.FullPath, ["train-prior", .. run, "--epochs", "1", "--layers", "1", "--width", "4"]);
        Assert.Contains("bits per dimension", said, StringComparison.Ordinal);
        Gpuvae.Succeed(folder.FullPath, ["generate", .. run, "--count", "2"]);
        Gpuvae.Succeed(folder.FullPath, ["reconstruct", .. run, "--count", "2"]);
        Gpuvae.Succeed(folder.FullPath, ["interpolate", .. run]);
        Gpuvae.Succeed(folder.FullPath, ["inpaint", .. run, "--half", "lower", "--count", "2"]);
        string figures = Gpuvae.Succeed(folder.FullPath, ["evaluate", .. run, "--code-prior", "runs/q/prior.safetensors"]);
        Assert.Contains("bits/dimension", figures, StringComparison.Ordinal);
        Assert.Contains("top perplexity", figures, StringComparison.Ordinal);
        Gpuvae.Succeed(folder.FullPath, ["export", .. run, "--onnx", "onnx"]);
        Assert.Equal(3, Directory.GetFiles(Path.Combine(folder.FullPath, "onnx"), "*.onnx").Length);
        foreach ((string[] options, string message) in (ValueTuple<string[], string>[])
        [
            (["--code-levels", "2"], "--quantize codebook or scalar"),
            (["--code-levels", "2", "--quantize", "scalar", "--size", "8", "--channels-per-stage", "4,4,4"], "has too few"),
        ])
        {
            CommandResult refused = Gpuvae.Run(folder.FullPath, ["train", "--name", "none", .. options, .. small]);
            Assert.Equal(2, refused.ExitCode);
            Assert.Contains(message, refused.Error, StringComparison.Ordinal);
            Assert.False(Directory.Exists(Path.Combine(folder.FullPath, "runs", "none")));
        }
    }
}
