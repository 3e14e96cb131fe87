using GpuVae.Data;
using GpuVae.Elbo;
using GpuVae.Evaluation;
using GpuVae.Kernels.Common;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;

namespace GpuVae.Tests.Models;

/// <summary>Models with discrete codes, at sides that do not halve evenly: 7×6 pixels make a grid of 4×3 codes.</summary>
public sealed class QuantizedVaeTests(CpuDevice cpu) : IClassFixture<CpuDevice>, IDisposable
{
    private const int Places = 4 * 3;

    private static readonly VaeOptions Codebook = new()
    {
        Shape = new(7, 6, 2),
        Network = NetworkKind.Convolutional,
        ChannelsPerStage = [5],
        Likelihood = Likelihood.GaussianShared,
        Centered = true,
        Quantization = Quantization.Codebook,
        Codes = 6,
        CodeSize = 3,
    };

    private static readonly VaeOptions Two = Codebook with { CodeLevels = 2 };

    private static readonly VaeOptions Scalar = Codebook with { Quantization = Quantization.Scalar, Levels = [4, 3] };

    private static readonly ImageSet Images = TestImages.Random(11, Codebook.Shape);

    private readonly string folder = Directory.CreateTempSubdirectory("gpuvae-codes-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<Quantization, CodeGradient, int> Kinds => new()
    {
        { Quantization.Codebook, CodeGradient.Rotation, 1 },
        { Quantization.Codebook, CodeGradient.StraightThrough, 1 },
        { Quantization.Codebook, CodeGradient.StraightThrough, 2 },
        { Quantization.Scalar, default, 1 },
        { Quantization.Scalar, default, 2 },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void TheEncoderLearnsThroughTheCodes(Quantization quantization, CodeGradient gradient, int levels)
    {
        using var model = new Vae(
            cpu.Device,
            Codebook with { Quantization = quantization, Levels = [4, 3], CodeGradient = gradient, CodeLevels = levels });
        model.StartFrom(Images, seed: 1);
        float[] before = Encoder(model);
        using var trainer = new Trainer(model, Images, new TrainingOptions { BatchSize = 11, Epochs = 40, LearningRate = 1e-2 }, Images);
        var epochs = new List<EpochSummary>();
        trainer.EpochCompleted += epochs.Add;
        trainer.Run(Cancellation);
        Assert.True(epochs[^1].Train.Reconstruction < epochs[0].Train.Reconstruction - 5, $"{epochs[0].Train} -> {epochs[^1].Train}");
        Assert.NotEqual(before, Encoder(model));
        CodeUse use = epochs[^1].Codes!.Value;
        Assert.Equal(quantization == Quantization.Codebook ? 6 : 12, use.Codes);
        Assert.InRange(use.Used, 2, use.Codes);
        Assert.InRange(use.Perplexity, 1, use.Used + 1e-9);
        Assert.Equal(levels == 2, epochs[^1].TopCodes is not null);
        Assert.Equal(epochs[^1].TopCodes?.Used, trainer.History[^1].TopCodesUsed);
        Assert.Equal((use.Used, use.Perplexity), (trainer.History[^1].CodesUsed!.Value, trainer.History[^1].Perplexity!.Value));

        static float[] Encoder(Vae model) => model.Parameters.Read(model.Parameters["encoder.0.weight"]);
    }

    [Fact]
    public void EveryPlaceHasTheNearestVectorOfTheCodebook()
    {
        using Vae model = Trained(Codebook);
        float[] images = Pixels(), vectors = new float[11 * Places * 3], logVariances = new float[vectors.Length];
        int[] numbers = new int[11 * Places];
        model.Encode(images, vectors, logVariances, cancellation: Cancellation);
        model.EncodeNumbers(images, numbers, Cancellation);
        float[] codebook = model.Parameters.Read(model.Parameters["codebook.weight"]);
        Assert.All(logVariances, value => Assert.Equal(LogVariance.Min, value));
        Assert.True(numbers.Distinct().Count() > 1);
        for (int place = 0; place < numbers.Length; place++)
        {
            double[] distances =
            [
                .. Enumerable.Range(0, 6).Select(code => Enumerable.Range(0, 3).Sum(
                    d => Math.Pow(vectors[place * 3 + d] - codebook[code * 3 + d], 2))),
            ];
            Assert.True(distances[numbers[place]] <= distances.Min() + 1e-5);
        }
    }

    [Fact]
    public void AllWaysFromImagesToReconstructionsMeet()
    {
        foreach (VaeOptions options in (VaeOptions[])[Codebook, Two, Scalar, Scalar with { Levels = [9, 8, 7], CodeLevels = 2 }])
        {
            using Vae model = Trained(options);
            float[] images = Pixels(), reconstructions = new float[images.Length], others = new float[images.Length];
            float[] vectors = new float[11 * model.Options.Latent], logVariances = new float[vectors.Length];
            int[] numbers = new int[11 * model.Places];
            model.Reconstruct(images, reconstructions, cancellation: Cancellation);
            model.Encode(images, vectors, logVariances, cancellation: Cancellation);
            model.Decode(vectors, others, cancellation: Cancellation);
            Assert.Equal(reconstructions, others);
            model.EncodeNumbers(images, numbers, Cancellation);
            model.DecodeNumbers(numbers, others, Cancellation);
            Assert.Equal(reconstructions, others);
            numbers[3] = -1;
            Assert.Throws<ArgumentException>(() => model.DecodeNumbers(numbers, others, Cancellation));
        }
    }

    [Theory]
    [InlineData(Quantization.Codebook, 1)]
    [InlineData(Quantization.Codebook, 2)]
    [InlineData(Quantization.Scalar, 1)]
    public void StoppedAndResumedTheBytesAreThoseOfAnUninterruptedRun(Quantization quantization, int levels)
    {
        VaeOptions options = Codebook with { Quantization = quantization, Levels = [4, 3], CodeLevels = levels };
        var training = new TrainingOptions { BatchSize = 2, Accumulation = 2, AverageDecay = 0.9, Epochs = 2, LogEverySteps = 2 };
        string Run(int stopAt)
        {
            var run = RunFolder.Create(Path.Combine(folder, $"stop{stopAt}{quantization}"));
            using (var model = new Vae(cpu.Device, options))
            using (var trainer = new Trainer(model, Images, training, Images))
            {
                trainer.KeepIn(run);
                using var stop = new CancellationTokenSource();
                trainer.Stepped += () =>
                {
                    if (trainer.Step == stopAt)
                        stop.Cancel();
                };
                trainer.Run(stop.Token);
            }
            using var resumed = Trainer.Resume(cpu.Device, TrainingCheckpoint.Read(run.Checkpoint), Images, Images);
            resumed.KeepIn(run);
            resumed.Run(Cancellation);
            return Convert.ToHexString(File.ReadAllBytes(run.Checkpoint)) + Convert.ToHexString(File.ReadAllBytes(run.Model));
        }
        string whole = Run(0);
        Assert.Equal(whole, Run(2));
        Assert.Equal(whole, Run(3));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void OneFileIsAModelAndNoOtherCodebooksIs(int levels)
    {
        VaeOptions options = Codebook with { CodeLevels = levels };
        using Vae model = Trained(options);
        string path = Path.Combine(folder, "model.safetensors"), half = Path.Combine(folder, "half.safetensors");
        model.SaveWeights(path);
        model.SaveWeights(half, half: true);
        float[] images = Pixels(), expected = new float[images.Length], actual = new float[images.Length];
        model.Reconstruct(images, expected, cancellation: Cancellation);
        using (var loaded = Vae.Load(cpu.Device, path))
            loaded.Reconstruct(images, actual, cancellation: Cancellation);
        Assert.Equal(expected, actual);
        using (var loaded = Vae.Load(cpu.Device, half))
            loaded.Reconstruct(images, actual, cancellation: Cancellation);
        Assert.InRange(ImageQuality.Compare(cpu.Device, expected, actual, Codebook.Shape, Cancellation).Psnr, 30, ImageQuality.MaxPsnr);
        foreach (VaeOptions of in (VaeOptions[])[options with { Codes = 7 }, options with { CodeLevels = 3 - levels }])
        {
            using var other = new Vae(cpu.Device, of);
            Assert.Throws<BadInputException>(() => other.LoadWeights(path));
        }
        using var straight = new Vae(cpu.Device, Scalar);
        Assert.Throws<BadInputException>(() => straight.LoadWeights(path));
    }

    [Fact]
    public void OnlyTrainingMovesTheCodebook()
    {
        using Vae model = Trained(Codebook);
        float[] shares = model.Parameters.Read(model.Parameters["codebook.share"]);
        Assert.InRange(shares.Sum(), 0.01, 1.5);
        EvaluationReport report = ModelEvaluation.Run(model, Images, cancellation: Cancellation);
        Assert.NotNull(report.Codes);
        Assert.NotNull(report.Reconstruction);
        Assert.Null(report.Elbo);
        Assert.Null(report.Units);
        Assert.Equal(shares, model.Parameters.Read(model.Parameters["codebook.share"]));
    }

    [Fact]
    public void BothGridsHaveCodesOfTheirOwnAndTheDecoderSeesBoth()
    {
        using Vae model = Trained(Two);
        Assert.Equal((new ImageShape(4, 3, 3), new ImageShape(2, 2, 3), Places + 4), (model.Grid, model.TopGrid, model.Places));
        Assert.NotEqual(Read("codebook.top.weight"), Read("codebook.bottom.weight"));
        EvaluationReport report = ModelEvaluation.Run(model, Images, cancellation: Cancellation);
        int[] numbers = new int[11 * model.Places];
        model.EncodeNumbers(Pixels(), numbers, Cancellation);
        // Of the top grid first, image by image.
        Assert.Equal(Used(numbers.Where((_, i) => i % model.Places < 4)), report.TopCodes!.Value.Used);
        Assert.Equal(Used(numbers.Where((_, i) => i % model.Places >= 4)), report.Codes!.Value.Used);
        float[] before = Decoded(numbers);
        foreach (int place in (int[])[0, 4])
        {
            int[] others = [.. numbers];
            others[place] = (others[place] + 1) % 6;
            Assert.NotEqual(before[..84], Decoded(others)[..84]);
            Assert.Equal(before[84..], Decoded(others)[84..]);
        }

        float[] Read(string name) => model.Parameters.Read(model.Parameters[name]);

        static int Used(IEnumerable<int> codes) => codes.Distinct().Count();

        float[] Decoded(int[] of)
        {
            float[] images = new float[11 * 84];
            model.DecodeNumbers(of, images, Cancellation);
            return images;
        }
    }

    [Fact]
    public void WhatDiscreteCodesDoNotHaveIsRefused()
    {
        using Vae model = Trained(Codebook);
        Assert.False(model.HasPrior);
        Assert.Throws<BadInputException>(() => model.SamplePrior(2, seed: 1));
        foreach (EvaluationMetrics metric in (EvaluationMetrics[])[EvaluationMetrics.Nll, EvaluationMetrics.Mig])
            Assert.Contains("discrete", Assert.Throws<BadInputException>(
                () => ModelEvaluation.Run(model, Images, new EvaluationOptions { Metrics = metric })).Message, StringComparison.Ordinal);
        Assert.Contains("warm up", Assert.Throws<BadInputException>(
            () => new Trainer(model, Images, new TrainingOptions { BatchSize = 2, KlWarmupEpochs = 1 })).Message, StringComparison.Ordinal);
        using var dense = new Vae(cpu.Device, new VaeOptions { Shape = new(7, 6, 2), Hidden = [3] });
        Assert.Throws<BadInputException>(() => dense.EncodeNumbers(Pixels(), new int[11 * Places], Cancellation));
    }

    [Fact]
    public void ACollapseOfTheCodebookIsNamedWithWhatHelps()
    {
        using Vae model = Trained(Codebook with { Codes = 64 });
        using var watch = new HealthWatch(model, Images, Images, isBinarized: false);
        using Vae ofTwo = Trained(Two with { Codes = 64 });
        using var two = new HealthWatch(ofTwo, Images, Images, isBinarized: false);
        HealthWarning warning = Assert.Single(
            watch.Look(new CodeUse(64, 3, 2)), warning => warning.Issue == HealthIssue.CodebookCollapse);
        Assert.Contains("3 of 64", warning.Seen, StringComparison.Ordinal);
        Assert.Contains("VaeOptions.CodeGradient = Rotation", warning.Advice, StringComparison.Ordinal);
        HealthWarning ofTop = Assert.Single(
            two.Look(new CodeUse(64, 40, 30), new CodeUse(64, 1, 1)), warning => warning.Issue == HealthIssue.CodebookCollapse);
        Assert.Contains("1 of 64 codes of the top grid", ofTop.Seen, StringComparison.Ordinal);
        Assert.DoesNotContain(watch.Look(new CodeUse(64, 40, 30)), warning => warning.Issue == HealthIssue.CodebookCollapse);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    /// <summary>A step or two, so that the codebook stands among the encoder's vectors.</summary>
    private Vae Trained(VaeOptions options)
    {
        var model = new Vae(cpu.Device, options);
        using var trainer = new Trainer(model, Images, new TrainingOptions { BatchSize = 11, Epochs = 2 });
        trainer.Run(Cancellation);
        return model;
    }

    private static float[] Pixels() => [.. TestImages.AsDoubles(Images.Pixels).Select(pixel => (float)pixel)];
}
