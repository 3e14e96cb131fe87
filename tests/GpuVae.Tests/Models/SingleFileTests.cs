using System.Text.Json;
using GpuVae.Data;
using GpuVae.Formats;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;

namespace GpuVae.Tests.Models;

/// <summary>A .safetensors file that is a model by itself.</summary>
public sealed class SingleFileTests(CpuDevice cpu) : IClassFixture<CpuDevice>
{
    private static readonly VaeOptions Options = new()
    {
        Shape = new(4, 4),
        Hidden = [6],
        Latent = 2,
        Classes = 2,
        LabelNames = ["cat", "dog"],
    };

    [Fact]
    public void TheWeightsOfARunAreAModelWithItsStory()
    {
        using var folder = new TemporaryFolder();
        ImageSet random = TestImages.Random(12, Options.Shape);
        var images = new ImageSet("random", 4, 4, 1, random.Pixels, [.. Enumerable.Range(0, 12).Select(i => i % 2)], ["cat", "dog"]);
        using var model = new Vae(cpu.Device, Options);
        using (var trainer = new Trainer(model, images, new TrainingOptions { Epochs = 2, BatchSize = 6 }, images))
        {
            trainer.Metadata = new Dictionary<string, string> { ["gpuvae.data"] = "{}" };
            trainer.KeepIn(RunFolder.Create(folder.FullPath));
            trainer.Run();
        }
        foreach (string name in (string[])["model.safetensors", "best.safetensors"])
        {
            string alone = Path.Combine(Directory.CreateDirectory(Path.Combine(folder.FullPath, "alone")).FullName, name);
            File.Copy(Path.Combine(folder.FullPath, name), alone);
            var run = RunFolder.Open(alone);
            Assert.True(run.IsFile);
            using Vae again = run.Load(cpu.Device);
            Assert.Equal(["cat", "dog"], again.Options.LabelNames);
            IReadOnlyDictionary<string, string> metadata = run.ReadMetadata();
            Assert.Equal("{}", metadata["gpuvae.data"]);
            Assert.Equal(2, JsonDocument.Parse(metadata["gpuvae.training"]).RootElement.GetProperty("epochs").GetInt32());
            Assert.True(JsonDocument.Parse(metadata["gpuvae.metrics"]).RootElement.GetProperty("test_loss").GetDouble() > 0);
            Assert.Empty(run.ReadMetrics());
        }
    }

    [Fact]
    public void HalfPrecisionHalvesTheFileAndRoundsTheWeights()
    {
        using var folder = new TemporaryFolder();
        string whole = Path.Combine(folder.FullPath, "whole.safetensors"), half = Path.Combine(folder.FullPath, "half.safetensors");
        using var model = new Vae(cpu.Device, Options);
        model.SaveWeights(whole);
        model.SaveWeights(half, half: true);
        long header = BitConverter.ToInt64(File.ReadAllBytes(half).AsSpan(0, 8)) + 8;
        Assert.Equal(2 * model.Parameters.Count, new FileInfo(half).Length - header);
        using var again = Vae.Load(cpu.Device, half);
        foreach (NamedTensor tensor in SafetensorsFile.Read(whole).Tensors)
        {
            float[] rounded = again.Parameters.Read(again.Parameters[tensor.Name]);
            Assert.All(tensor.Data.Zip(rounded), pair => Assert.Equal((float)(Half)pair.First, pair.Second));
        }
        // The digest covers what is in the file.
        byte[] content = File.ReadAllBytes(half);
        content[^1] ^= 1;
        File.WriteAllBytes(half, content);
        Assert.Contains("digest", Assert.Throws<BadInputException>(() => Vae.Load(cpu.Device, half)).Message);
    }

    [Fact]
    public void WeightsWithoutOptionsAndOtherFilesAreNoModel()
    {
        using var folder = new TemporaryFolder();
        string bare = Path.Combine(folder.FullPath, "bare.safetensors"), text = Path.Combine(folder.FullPath, "text.txt");
        SafetensorsFile.Write(bare, [new NamedTensor("a", [1], [1f])]);
        File.WriteAllText(text, "hello");
        Assert.Contains("does not say what model", Assert.Throws<BadInputException>(() => Vae.Load(cpu.Device, bare)).Message);
        Assert.Throws<BadInputException>(() => RunFolder.Open(text).Load(cpu.Device));
        using var model = new Vae(cpu.Device, Options);
        model.Parameters.Write(model.Parameters.Parameters[0], [.. Enumerable.Repeat(1e6f, model.Parameters.Parameters[0].Length)]);
        Assert.Contains("65504", Assert.Throws<BadInputException>(() => model.SaveWeights(bare, half: true)).Message);
    }
}
