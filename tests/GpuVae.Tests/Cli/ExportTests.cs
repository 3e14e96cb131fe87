using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace GpuVae.Tests.Cli;

/// <summary>The command that takes a model elsewhere.</summary>
public sealed partial class ExportTests(TrainedRun run) : IClassFixture<TrainedRun>, IDisposable
{
    private static readonly string[] Parts = ["encoder", "decoder", "vae", "prior", "sampler"];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void TheFilesAreNamedWithWhatTheySaveAndCost()
    {
        string output = Gpuvae.Succeed(run.Root, "export", "--onnx", folder["small"], "--int8", "--device", "cpu");
        foreach (string part in Parts)
        {
            string path = folder[$"small/{part}.onnx"];
            Assert.Contains(
                string.Create(CultureInfo.InvariantCulture, $"wrote {path}, {new FileInfo(path).Length / 1e3:F1} kB"), output,
                StringComparison.Ordinal);
        }
        Match cost = Cost().Match(output);
        Assert.True(cost.Success, output);
        Assert.InRange(double.Parse(cost.Groups[1].Value, CultureInfo.InvariantCulture), 300, 1000);
        Assert.InRange(double.Parse(cost.Groups[2].Value, CultureInfo.InvariantCulture), -0.1, 1);
        Assert.Equal(Parts.Length, Directory.GetFiles(folder["small"]).Length);
    }

    [Theory]
    [InlineData("Say where to: --onnx FOLDER, --web FOLDER or --safetensors FILE.")]
    [InlineData("--onnxruntime-web is for --web FOLDER", "--onnx", "out", "--onnxruntime-web", ".")]
    [InlineData("runs is no onnxruntime-web: ort.wasm", "--run", "runs/small", "--web", "out", "--onnxruntime-web", "runs")]
    [InlineData("is a file, not a folder", "--web", "runs/small/config.json")]
    [InlineData("--half and --int8: choose one of them.", "--onnx", "out", "--half", "--int8")]
    [InlineData("is a file, not a folder", "--onnx", "runs/small/config.json")]
    [InlineData("holds no config.json, so it is no trained model", "--onnx", "out", "--run", "runs")]
    [InlineData("nowhere does not exist", "--run", "runs/small", "--onnx", "out", "--half", "--data", "nowhere")]
    public void BadInputIsSaidInOneLineAndLeavesNothing(string fragment, params string[] arguments)
    {
        CommandResult result = Gpuvae.Run(run.Root, ["export", .. arguments, "--device", "cpu"]);
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Contains(fragment, result.Error, StringComparison.Ordinal);
        Assert.Single(result.Error.Split('\n'), line => line.StartsWith("gpuvae: ", StringComparison.Ordinal));
        Assert.False(Directory.Exists(Path.Combine(run.Root, "out")));
    }

    [Fact]
    public void APageIsWrittenWithAllThatItNeeds()
    {
        folder.Write("npm/dist/ort.wasm.bundle.min.mjs", [1]);
        folder.Write("npm/dist/ort-wasm-simd-threaded.wasm", [2]);
        string page = folder["page"];
        string output = Gpuvae.Succeed(
            run.Root, "export", "--web", page, "--onnxruntime-web", folder["npm"], "--half", "--device", "cpu");
        Assert.Contains($"wrote {Path.Combine(page, "index.html")} and what it needs", output, StringComparison.Ordinal);
        Assert.Contains("loss in PSNR", output, StringComparison.Ordinal);
        Assert.Equal(
            [
                "app.js", "decoder.onnx", "elements.js", "explore.js", "icon.svg", "index.html", "local.js", "map.js", "model.json",
                "onnxruntime/ort-wasm-simd-threaded.wasm", "onnxruntime/ort.wasm.bundle.min.mjs", "philox.js", "sampler.onnx", "style.css",
                "words.js",
            ],
            Directory.EnumerateFiles(page, "*", SearchOption.AllDirectories)
                .Select(path => Path.GetRelativePath(page, path).Replace('\\', '/')).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void ThePageNeedsOnnxRuntimeFromAFolderOrNpm()
    {
        ProcessStartInfo start = Gpuvae.StartInfo(run.Root, "export", "--run", "runs/small", "--web", "out", "--device", "cpu");
        // Only dotnet itself is found, and it is named by its path.
        start.Environment["PATH"] = folder[""];
        var result = CommandResult.Of(start);
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Contains("npm cannot be run", result.Error, StringComparison.Ordinal);
        Assert.Contains("name a folder that holds the package: --onnxruntime-web.", result.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(run.Root, "out")));
    }

    [GeneratedRegex(@"^saved (\d+\.\d) kB; loss in PSNR (-?\d+\.\d{3}) dB, over the reconstructions of 60 images$", RegexOptions.Multiline)]
    private static partial Regex Cost();
}
