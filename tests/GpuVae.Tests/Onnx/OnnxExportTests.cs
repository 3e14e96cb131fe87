using GpuVae.Data;
using GpuVae.Devices;
using GpuVae.Formats;
using GpuVae.Layers;
using GpuVae.Models;
using GpuVae.Onnx;
using GpuVae.Onnx.Graphs;
using GpuVae.Onnx.Layers;
using GpuVae.Options;
using GpuVae.Scheduling;
using GpuVae.Training;

namespace GpuVae.Tests.Onnx;

/// <summary>What stands in the files, what less precision costs, and what cannot be written.</summary>
public sealed class OnnxExportTests(OnnxExportTests.TrainedModels models) : IClassFixture<OnnxExportTests.TrainedModels>, IDisposable
{
    /// <summary>Little models that know digits.</summary>
    public sealed class TrainedModels : IDisposable
    {
        private readonly CpuDevice cpu = new();

        public TrainedModels()
        {
            Digits = SyntheticDigits.Create(600, seed: 3);
            Dense = Train(new VaeOptions { Hidden = [32], Latent = 6 });
            Convolutional = Train(new VaeOptions
            {
                Network = NetworkKind.Convolutional,
                ChannelsPerStage = [4, 6],
                Hidden = [16],
                Latent = 6,
                ResidualBlocks = 1,
            });
        }

        public ImageSet Digits { get; }

        public Vae Dense { get; }

        public Vae Convolutional { get; }

        public void Dispose()
        {
            Dense.Dispose();
            Convolutional.Dispose();
            cpu.Dispose();
        }

        private Vae Train(VaeOptions options)
        {
            var model = new Vae(cpu.Device, options);
            using var trainer = new Trainer(model, Digits, new TrainingOptions { BatchSize = 20, Epochs = 3, LearningRate = 3e-3 });
            trainer.Run(TestContext.Current.CancellationToken);
            return model;
        }
    }

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(OnnxPrecision.Half, false, 0.1, 0.5)]
    [InlineData(OnnxPrecision.Half, true, 0.1, 0.5)]
    [InlineData(OnnxPrecision.Int8, false, 1, 0.75)]
    [InlineData(OnnxPrecision.Int8, true, 1, 0.75)]
    public void LessPrecisionSavesBytesAndCostsFewDecibels(OnnxPrecision precision, bool isConvolutional, double mostLoss, double saved)
    {
        Vae model = isConvolutional ? models.Convolutional : models.Dense;
        ImageSet images = models.Digits.Select([.. Enumerable.Range(0, 100)]);
        IReadOnlyList<OnnxFile> whole = model.ExportOnnx(folder["whole"]), small = model.ExportOnnx(folder["small"], precision);
        double loss = Psnr(folder["whole/vae.onnx"], images) - Psnr(folder["small/vae.onnx"], images);
        Assert.InRange(loss, -0.05, mostLoss);
        Assert.Equal(model.PsnrLoss(images, precision, TestContext.Current.CancellationToken), loss, 1e-3);

        foreach ((OnnxFile before, OnnxFile after) in whole.Zip(small))
        {
            Assert.Equal(new FileInfo(after.Path).Length, after.Bytes);
            Assert.Equal(0, before.BytesSaved);
            // Each weight takes a node more, and the name of the precision has another length.
            Assert.InRange(after.BytesSaved, before.Bytes - after.Bytes - 2, before.Bytes - after.Bytes + 8192);
        }
        long weights = model.Parameters.Parameters.Where(parameter => parameter.Shape.Count > 1).Sum(parameter => 4L * parameter.Length);
        Assert.InRange(small[2].BytesSaved, (saved - 0.05) * weights, saved * weights);
    }

    private static double Psnr(string file, ImageSet images)
    {
        float[] values = [.. images.Pixels.ToArray().Select(pixel => pixel / 255f)];
        using var session = new OnnxSession(file);
        float[] reconstructions =
            session.Run(images.Count, ("image", values), ("noise", new float[images.Count * 6]))["reconstruction"];
        return values.Chunk(784).Zip(reconstructions.Chunk(784)).Average(pair =>
            -10 * Math.Log10(pair.First.Zip(pair.Second).Average(pixel => Math.Pow(pixel.First - pixel.Second, 2))));
    }

    [Fact]
    public void FilesSayWhatTheyTakeAndGiveAndWhatModelTheyAre()
    {
        models.Dense.ExportOnnx(folder.FullPath, OnnxPrecision.Half);
        using var encoder = new OnnxSession(folder["encoder.onnx"]);
        Assert.Equal(["image batch 1 28 28"], encoder.Inputs);
        Assert.Equal(["mean batch 6", "log_variance batch 6"], encoder.Outputs);
        using var decoder = new OnnxSession(folder["decoder.onnx"]);
        Assert.Equal(["code batch 6"], decoder.Inputs);
        Assert.Equal(["image batch 1 28 28", "logits batch 1 28 28"], decoder.Outputs);
        Assert.Equal(
            new Dictionary<string, string>
            {
                ["gpuvae.part"] = "decoder",
                ["gpuvae.precision"] = "Half",
                ["gpuvae.options"] = VaeConfig.ToJson(models.Dense.Options),
            },
            decoder.Metadata.ToDictionary());
        using var vae = new OnnxSession(folder["vae.onnx"]);
        Assert.Equal(["image batch 1 28 28", "noise batch 6"], vae.Inputs);
        Assert.Equal(
            ["reconstruction batch 1 28 28", "code batch 6", "reconstruction_loss batch", "kl batch"],
            vae.Outputs);
    }

    [Fact]
    public void TheSameModelGivesTheSameBytes()
    {
        models.Convolutional.ExportOnnx(folder["a"], OnnxPrecision.Int8);
        models.Convolutional.ExportOnnx(folder["b"], OnnxPrecision.Int8);
        foreach (string file in Directory.GetFiles(folder["a"]))
            Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(Path.Combine(folder["b"], Path.GetFileName(file))));
    }

    [Fact]
    public void WhatCannotBeWrittenLeavesNothing()
    {
        // The third of four.
        Directory.CreateDirectory(folder["taken/vae.onnx"]);
        Assert.Contains(
            "vae.onnx could not be written: it is a folder",
            Assert.Throws<IOException>(() => models.Dense.ExportOnnx(folder["taken"])).Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(folder["taken"]));
        Assert.Contains(
            "is a file, not a folder",
            Assert.Throws<IOException>(() => models.Dense.ExportOnnx(folder.Write("file", []))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AWeightThatFloat16DoesNotHoldIsNamed()
    {
        using var model = new Vae(models.Dense.Device, new VaeOptions { Hidden = [4], Latent = 2 });
        Parameter weight = model.Parameters["decoder.2.weight"];
        float[] values = model.Parameters.Read(weight);
        values[5] = -70_000;
        model.Parameters.Write(weight, values);
        string refusal = Assert.Throws<BadInputException>(() => model.ExportOnnx(folder["half"], OnnxPrecision.Half)).Message;
        Assert.Contains("decoder.2.weight has weights beyond 65504", refusal, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["half"]));
        Assert.Throws<BadInputException>(() => model.ExportOnnx(folder["none"], (OnnxPrecision)7));
    }

    [Fact]
    public void AConditionalHierarchyOfMapsIsRefused()
    {
        using var model = new Vae(models.Dense.Device, new VaeOptions
        {
            Shape = new(4, 4),
            Network = NetworkKind.Convolutional,
            ChannelsPerStage = [2],
            Hierarchy = 2,
            LevelChannels = 1,
            Classes = 2,
        });
        string refusal = Assert.Throws<BadInputException>(() => model.ExportOnnx(folder["conditional"])).Message;
        Assert.Contains("without VaeOptions.LevelChannels", refusal, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["conditional"]));
    }

    [Fact]
    public void ALayerWithoutAFormInOnnxIsNamed()
    {
        var graph = new Graph("decoder", new Dictionary<string, NamedTensor>(), new SingleWeights());
        string refusal = Assert.Throws<BadInputException>(() =>
            NetworkNodes.Append(new Network([new Novelty()]), graph.Constant(1))).Message;
        Assert.Equal(
            "The layer decoder.7 is a Novelty, which cannot be exported to ONNX, so neither can the model. Train one without it.", refusal);
    }

    [Fact]
    public void APartBeyondTwoGibibytesIsRefused()
    {
        var graph = new Graph("prior", new Dictionary<string, NamedTensor>(), new SingleWeights());
        Assert.Contains(
            "'prior' of the model takes 3072 MiB", Assert.Throws<BadInputException>(() => graph.Require(3L << 30)).Message,
            StringComparison.Ordinal);
    }

    private sealed class Novelty() : Layer("decoder.7", 1, 1, null)
    {
        public override LayerPass Forward(LayerContext context, LayerOutput x) => throw new NotSupportedException();

        public override void Infer(LayerContext context, PlannedTensor x, PlannedTensor y, Activation? activation) =>
            throw new NotSupportedException();
    }
}
