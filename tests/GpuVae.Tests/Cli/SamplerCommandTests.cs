using System.Text.Json;
using GpuVae.Models;
using GpuVae.Onnx;
using GpuVae.Options;

namespace GpuVae.Tests.Cli;

/// <summary>What codes are drawn from, and how far the images are from the data, by the command.</summary>
public sealed class SamplerCommandTests(CpuDevice cpu) : IClassFixture<CpuDevice>
{
    [Fact]
    public void ATrainingFitsASamplerThatGenerateAndEvaluateUse()
    {
        using var folder = new TemporaryFolder();
        string trained = Gpuvae.Succeed(
            folder.FullPath, "train", "--images", "200", "--epochs", "1", "--batch", "20", "--hidden", "16", "--latent", "3", "--name", "s",
            "--device", "cpu");
        Assert.Contains("new codes are drawn from ", trained, StringComparison.Ordinal);
        string[] generate = ["generate", "--count", "4", "--device", "cpu", "--run", "runs/s"];
        string[] pictures =
        [
            .. ((string[][])[["--sampler", "gmm"], ["--sampler", "normal"], ["--sampler", "aggregate"], ["--temperature", "0.5"]])
                .Select(Picture),
        ];
        Assert.Equal(4, pictures.Distinct().Count());

        // One file has no images to make another sampler from.
        File.Copy(Path.Combine(folder.FullPath, "runs/s/best.safetensors"), Path.Combine(folder.FullPath, "m.safetensors"));
        generate[^1] = "m.safetensors";
        Assert.Equal(pictures[1], Picture(["--sampler", "normal"]));
        CommandResult without = Gpuvae.Run(folder.FullPath, [.. generate, "--sampler", "aggregate"]);
        Assert.Equal(2, without.ExitCode);
        Assert.Contains("Name them with --data", without.Error, StringComparison.Ordinal);

        using (var network = new Vae(cpu.Device, new VaeOptions { Shape = new(9, 8, 3), Hidden = [5], Latent = 2 }))
            network.ExportOnnx(Path.Combine(folder.FullPath, "network"));
        string[] evaluate =
            ["evaluate", "--metrics", "units", "--limit", "12", "--run", "runs/s", "--device", "cpu", "--json", "f.json", "--features"];
        string table = Gpuvae.Succeed(folder.FullPath, [.. evaluate, "network/encoder.onnx"]);
        Assert.Contains("FD (encoder)", table, StringComparison.Ordinal);
        Assert.DoesNotContain("FID", table, StringComparison.Ordinal);
        JsonElement distance = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder.FullPath, "f.json"))).RootElement
            .GetProperty("distance");
        Assert.Equal("RGB, 0 to 255, 9x8 by Lanczos-3", distance.GetProperty("preparation").GetString());
        Assert.Equal(12, distance.GetProperty("images").GetInt32());
        Assert.True(distance.GetProperty("samples").GetProperty("frechet").GetDouble() > 0);
        foreach ((string file, string why) in ((string, string)[])
            [("nowhere.onnx", "There is no file"), ("f.json", "no network"), ("network/decoder.onnx", "is to take images")])
        {
            CommandResult bad = Gpuvae.Run(folder.FullPath, [.. evaluate, file]);
            Assert.True(bad.ExitCode == 2 && bad.Error.Contains(why, StringComparison.Ordinal), bad.ToString());
        }

        string Picture(string[] options)
        {
            Gpuvae.Succeed(folder.FullPath, [.. generate, .. options]);
            return Convert.ToHexString(File.ReadAllBytes(Path.Combine(folder.FullPath, "generated.png")));
        }
    }
}
