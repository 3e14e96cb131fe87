using GpuVae.Applications;
using GpuVae.Data;
using GpuVae.Evaluation;
using GpuVae.Layers;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;

namespace GpuVae.Tests.Models;

/// <summary>
/// Models with levels of latent units, at odd sizes: three levels of two units and a state of four numbers; and a vector above maps of
/// 2 × 2 (two levels) and 3 × 4 places.
/// </summary>
public sealed class HierarchyTests(CpuDevice cpu) : IClassFixture<CpuDevice>
{
    private const int Batch = 3;

    private static readonly VaeOptions Small = new()
    {
        Shape = new(3, 2),
        Hidden = [5, 4],
        Hierarchy = 3,
        Latent = 6,
        Activation = ActivationKind.Tanh,
    };

    private static readonly VaeOptions Maps = Small with
    {
        Shape = new(5, 7),
        Network = NetworkKind.Convolutional,
        ChannelsPerStage = [3, 2],
        Hidden = [4],
        Hierarchy = 4,
        LevelChannels = 2,
    };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string> Objectives => ["elbo", "beta", "free bits", "conditional", "maps", "maps, conditional"];

    [Theory]
    [MemberData(nameof(Objectives))]
    public void EveryGradientAgreesWithCentralDifferences(string objective)
    {
        VaeOptions options = objective switch
        {
            "beta" => Small with { Beta = 0.3 },
            "free bits" => Small with { FreeBits = BetweenLevels() },
            "conditional" => Small with { Classes = 3 },
            "maps" => Maps,
            "maps, conditional" => Maps with { Classes = 3 },
            _ => Small,
        };
        int[]? labels = options.Classes > 0 ? [2, 0, 1] : null;
        using var step = new OneStep(cpu.Device, options, new TrainingOptions { BatchSize = Batch, Epochs = 1 }, labels);
        Dictionary<string, double[]> at = step.Parameters;
        int[] ofBatch = labels is null ? [] : [.. step.Order.Select(i => labels[i])];
        var reference = new ReferenceHierarchy(options, step.Images, ofBatch, step.Noise);
        (double reconstruction, double[] kl) = reference.Terms(at);
        Assert.Equal(1, step.Loss.Reconstruction / reconstruction, 1e-5);
        Assert.Equal(1, step.Loss.Kl / kl.Sum(), 1e-4);
        if (objective == "free bits")
            Assert.Equal(2, kl.Select(level => level > options.FreeBits).Distinct().Count());
        foreach ((Parameter parameter, float[] actual) in step.Gradients)
        {
            double[] expected = CentralDifferences.Of(at[parameter.Name], () => reference.Objective(at));
            double error = Norms.RelativeError(actual, expected);
            Assert.True(error < 5e-5, $"{parameter.Name}: relative error {error:e1}");
        }
    }

    /// <summary>By importance sampling, which needs codes, log q and p to fit together: no image too likely, none too unlikely.</summary>
    [Fact]
    public void TheProbabilitiesOfAllImagesAddUpToOne()
    {
        using Vae model = Trained(Small);
        byte[] all = [.. Enumerable.Range(0, 64).SelectMany(image => Enumerable.Range(0, 6).Select(p => (byte)((image >> p & 1) * 255)))];
        double[] logs = ImportanceSampling.LogLikelihoods(model, new ImageSet("all", 3, 2, 1, all, null), 2000, cancellation: Cancellation);
        // Standard error of each below one percent.
        Assert.InRange(logs.Sum(Math.Exp), 0.99, 1.01);
        Assert.True(logs.Max() - logs.Min() > 1, "the model tells images apart");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AllWaysFromImagesToReconstructionsMeet(bool ofMaps)
    {
        VaeOptions options = ofMaps ? Maps : Small;
        using var model = new Vae(cpu.Device, options);
        ImageSet set = TestImages.Random(11, options.Shape);
        float[] images = PictureInput.Rows(set), reconstructions = new float[images.Length], others = new float[images.Length];
        float[] means = new float[set.Count * options.Latent], logVariances = new float[means.Length];
        model.Reconstruct(images, reconstructions, cancellation: Cancellation);
        model.Encode(images, means, logVariances, cancellation: Cancellation);
        model.Decode(means, others, cancellation: Cancellation);
        Assert.Equal(reconstructions, others);
        Assert.All(logVariances, value => Assert.InRange(value, -20, 3));
        Assert.True(means.Chunk(options.Latent).Select(code => code[^1]).Distinct().Count() > 1, "the lowest level knows the image");
    }

    [Fact]
    public void TheTermsOfTheLevelsAddUpToTheDivergence()
    {
        using var model = new Vae(cpu.Device, Small);
        using var trainer = new Trainer(model, Images(), new TrainingOptions { BatchSize = 4, Epochs = 1 }, Images());
        EpochSummary? last = null;
        trainer.EpochCompleted += epoch => last = epoch;
        trainer.Run(Cancellation);
        Assert.Equal(3, last!.LevelKl!.Count);
        Assert.Equal(1, last.LevelKl.Sum() / last.Test!.Value.Kl, 1e-5);
        Assert.Equal(last.LevelKl, trainer.History[^1].LevelKl);
        Assert.Equal(last.LevelKl, MetricsLine.Parse(trainer.History[^1].ToJson()).LevelKl);
    }

    [Fact]
    public void CodesHoldAVectorAndThenMaps()
    {
        using var model = new Vae(cpu.Device, Maps);
        int[] ends = [32, 40, 48, 72];
        Assert.Equal(72, Maps.Latent);
        float[][] codes = [.. LevelCodes.Draw(model, columns: 2, seed: 3).Chunk(72)];
        for (int level = 0; level < 4; level++)
        {
            int kept = codes[2 * level + 1].Zip(codes[0]).TakeWhile(pair => pair.First == pair.Second).Count();
            Assert.Equal(level == 0 ? 0 : ends[level - 1], kept);
        }
        // What a level draws reaches the image from each of its places.
        float[] start = codes[0], image = new float[35], other = new float[35];
        model.Decode(start, image, cancellation: Cancellation);
        for (int unit = 0; unit < 72; unit++)
        {
            float[] moved = [.. start];
            moved[unit] += 1;
            model.Decode(moved, other, cancellation: Cancellation);
            Assert.NotEqual(image, other);
        }
    }

    [Fact]
    public void ASamplerOfManyUnitsIsThePriorUnlessItIsAskedFor()
    {
        VaeOptions options = Maps with { Shape = new(20, 18), LevelChannels = 4 };
        Assert.True(options.Latent > 512);
        using var model = new Vae(cpu.Device, options);
        ImageSet images = TestImages.Random(50, options.Shape);
        Assert.Null(SamplerFit.Run(model, images, cancellation: Cancellation).Sampler);
        model.Sampler = SamplerFit.Run(model, images, new SamplerOptions { Kind = SamplerKind.Aggregate }, Cancellation).Sampler;
        Assert.Equal(3 * 360, model.Generate(3, seed: 1).Length);
        Assert.Throws<BadInputException>(() =>
            SamplerFit.Run(model, images, new SamplerOptions { Kind = SamplerKind.Gmm }, Cancellation));
    }

    [Fact]
    public void RowsOfLevelsKeepWhatIsAboveThem()
    {
        using var model = new Vae(cpu.Device, Small);
        float[][] codes = [.. LevelCodes.Draw(model, columns: 4, seed: 3).Chunk(6)];
        Assert.Equal(12, codes.Length);
        for (int row = 0; row < 12; row++)
            for (int unit = 0; unit < 6; unit++)
                Assert.Equal(row % 4 == 0 || unit < row / 4 * 2, codes[row][unit] == codes[0][unit]);
        using var usual = new Vae(cpu.Device, new VaeOptions { Shape = new(3, 2) });
        Assert.Throws<BadInputException>(() => LevelCodes.Draw(usual, 4, 3));
    }

    [Fact]
    public void WhatAHierarchyBringsItselfIsRefusedBesideIt()
    {
        VaeOptions[] refused =
        [
            Small with { Posterior = Posterior.Full }, Small with { Prior = Prior.Mixture }, Small with { Objective = Objective.Iwae },
            Small with { Capacity = 3 }, Small with { Latent = 7 }, Small with { Hierarchy = 9 }, Small with { Hierarchy = 0 },
            Small with { LevelChannels = 2 }, Maps with { Hierarchy = 1 }, Maps with { LevelChannels = -1 },
            Maps with { LevelChannels = 33 },
        ];
        Assert.All(refused, options => Assert.Throws<BadInputException>(options.Validate));
    }

    [Theory]
    [InlineData(3, 0)]
    [InlineData(2, 1)]
    [InlineData(5, 2)]
    public void ConvolutionsHaveLevelsBetweenThem(int levels, int levelChannels)
    {
        VaeOptions options = Small with
        {
            Shape = new(7, 6, 3),
            Network = NetworkKind.Convolutional,
            ChannelsPerStage = levelChannels > 0 ? [4, 8] : [4],
            ResidualBlocks = 1,
            GroupNorm = levelChannels == 2,
            Upsampling = levelChannels == 2 ? UpsamplingKind.Bilinear : UpsamplingKind.Transposed,
            Likelihood = Likelihood.GaussianShared,
            Hierarchy = levels,
            LevelChannels = levelChannels,
        };
        using var model = new Vae(cpu.Device, options);
        ImageSet images = TestImages.Random(9, options.Shape);
        using var trainer = new Trainer(model, images, new TrainingOptions { BatchSize = 9, Epochs = 60, LearningRate = 3e-3 });
        var epochs = new List<EpochSummary>();
        trainer.EpochCompleted += epochs.Add;
        trainer.Run(Cancellation);
        Assert.True(epochs[^1].Train.Loss < epochs[0].Train.Loss - 5, $"{epochs[0].Train} -> {epochs[^1].Train}");
        Assert.Equal(9 * options.Shape.Pixels, model.Generate(9, seed: 1).Length);
    }

    /// <summary>Nats between the terms of two levels at the start, so that rounding decides nothing.</summary>
    private double BetweenLevels()
    {
        using var step = new OneStep(cpu.Device, Small, new TrainingOptions { BatchSize = Batch, Epochs = 1 });
        double[] kl = [.. new ReferenceHierarchy(Small, step.Images, [], step.Noise).Terms(step.Parameters).Kl.Order()];
        return 0.5 * (kl[0] + kl[1]);
    }

    private static ImageSet Images() => TestImages.Random(11, Small.Shape);

    private Vae Trained(VaeOptions options)
    {
        var model = new Vae(cpu.Device, options);
        using var trainer = new Trainer(
            model, Images(), new TrainingOptions { BatchSize = 11, Epochs = 150, LearningRate = 1e-2, DynamicBinarization = true });
        trainer.Run(Cancellation);
        return model;
    }
}
