using GpuVae.Applications;
using GpuVae.Data;
using GpuVae.Formats;
using GpuVae.Latent;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;

namespace GpuVae.Tests.Applications;

/// <summary>Distributions that are fitted to codes.</summary>
public sealed class SamplerFitTests(CpuDevice cpu) : IClassFixture<CpuDevice>
{
    private static readonly VaeOptions Options = new() { Shape = new(4, 4), Hidden = [6], Latent = 2 };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void TwoNormalsAreFoundAgain()
    {
        // Around (−3, 1), 0.3 of the codes, and (2, 0), where the units correlate.
        var random = new Random(1);
        float[] codes = new float[2 * 4000];
        for (int i = 0; i < 4000; i++)
        {
            double a = Normal(random), b = Normal(random);
            (codes[2 * i], codes[2 * i + 1]) = i % 10 < 3 ? ((float)(-3 + 0.5 * a), (float)(1 + 0.2 * b))
                : ((float)(2 + a), (float)(0.8 * a + 0.6 * b));
        }
        using var fit = new MixtureFit(cpu.Device, codes[..7200], codes[7200..], 2, seed: 1);
        (MixtureCodeSampler one, double ofOne) = fit.Best(1, -1, Cancellation);
        (MixtureCodeSampler mixture, double likelihood) = fit.Best(2, -1, Cancellation);
        Assert.True(likelihood > ofOne + 0.5, $"{likelihood} against {ofOne}");
        // Hardly less than under the density that they were drawn from.
        Assert.InRange(Enumerable.Range(3600, 400).Average(i => LogTrue(codes[2 * i], codes[2 * i + 1])) - likelihood, -0.02, 0.03);
        float[][] tensors = [.. mixture.Tensors.Select(tensor => tensor.Data)];
        int left = tensors[1][0] < 0 ? 0 : 1, right = 1 - left;
        Assert.Equal(0.3, tensors[0][left], 0.01);
        AssertNear([-3, 1], tensors[1].AsSpan(2 * left, 2).ToArray());
        AssertNear([0.5, 0, 0, 0.2], tensors[2].AsSpan(4 * left, 4).ToArray());
        AssertNear([1, 0, 0.8, 0.6], tensors[2].AsSpan(4 * right, 4).ToArray());
        // Draws have the moments of the codes; temperature 0 gives the means.
        float[] drawn = mixture.Draw(Unlabelled(20_000), 5, 1);
        Assert.Equal(0.3 * -3 + 0.7 * 2, drawn.Where((_, i) => i % 2 == 0).Average(), 0.06);
        Assert.Equal(drawn[..10], mixture.Draw(Unlabelled(5), 5, 1));
        Assert.Contains(mixture.Draw(Unlabelled(9), 5, 0)[0], tensors[1]);
    }

    /// <summary>Codes around a parabola, which no normal follows: b = a² − 1 with a little noise.</summary>
    [Fact]
    public void AFlowFollowsWhatNoNormalDoes()
    {
        var random = new Random(1);
        float[] codes = new float[2 * 4000];
        for (int i = 0; i < 4000; i++)
        {
            double a = Normal(random);
            (codes[2 * i], codes[2 * i + 1]) = ((float)a, (float)(a * a - 1 + 0.3 * Normal(random)));
        }
        using var one = new MixtureFit(cpu.Device, codes[..7200], codes[7200..], 2, seed: 1);
        using var fit = new FlowFit(cpu.Device, codes[..7200], codes[7200..], 2, seed: 1);
        (FlowCodeSampler flow, double likelihood) = fit.Run(Cancellation);
        // The entropy of the codes is 1.63 nats.
        Assert.InRange(likelihood, one.Best(1, -1, Cancellation).HeldOut + 0.8, -1.55);
        float[][] drawn = [.. flow.Draw(Unlabelled(10_000), 5, 1).Chunk(2)];
        Assert.Equal(0, drawn.Average(z => z[0]), 0.1);
        Assert.Equal(1, drawn.Average(z => z[0] * z[0]), 0.15);
        // How far half of them lie off the parabola, at most; 0.2 of the codes.
        Assert.InRange(drawn.Select(z => Math.Abs(z[1] - z[0] * z[0] + 1)).Order().ElementAt(5000), 0.15, 0.3);
        Assert.Equal([.. drawn[..5].SelectMany(z => z)], flow.Draw(Unlabelled(5), 5, 1));
        Assert.Equal(flow.Draw(Unlabelled(3), 1, 1), FlowCodeSampler.Of(flow.Tensors, 2, "file").Draw(Unlabelled(3), 1, 1));
        Assert.Throws<BadInputException>(() => FlowCodeSampler.Of(flow.Tensors, 3, "file"));
        Assert.Throws<BadInputException>(() => FlowCodeSampler.Of([.. flow.Tensors.Skip(1)], 2, "file"));
    }

    [Fact]
    public void AFlowIsTakenWhereItsWorkIsAllowedAndItIsBetter()
    {
        using var folder = new TemporaryFolder();
        using var model = new Vae(cpu.Device, Options);
        ImageSet images = TestImages.Random(200, Options.Shape);
        FittedSampler none = SamplerFit.Run(model, images, new SamplerOptions(), Cancellation);
        FittedSampler mixture = SamplerFit.Run(model, images, new SamplerOptions { Kind = SamplerKind.Gmm }, Cancellation);
        FittedSampler flow = SamplerFit.Run(model, images, new SamplerOptions { Kind = SamplerKind.Flow }, Cancellation);
        FittedSampler best = SamplerFit.Run(model, images, new SamplerOptions { FlowWork = double.PositiveInfinity }, Cancellation);
        Assert.Equal("flow of 4 steps", flow.Sampler!.ToString());
        Assert.NotEqual(SamplerKind.Flow, none.Sampler?.Kind);
        Assert.Equal(new[] { mixture.HeldOut, flow.HeldOut, mixture.HeldOutNormal }.Max(), best.HeldOut);
        model.Sampler = flow.Sampler;
        model.Save(folder.FullPath);
        using var again = Vae.Load(cpu.Device, folder.FullPath);
        Assert.Equal(model.Generate(3, 1), again.Generate(3, 1));
        using var conditional = new Vae(cpu.Device, Options with { Classes = 2 });
        Assert.Throws<BadInputException>(() => SamplerFit.Run(
            conditional, images, new SamplerOptions { Kind = SamplerKind.Flow }, Cancellation));
    }

    [Fact]
    public void TheSamplerIsKeptWithTheWeightsAndUsedUntilTheyAreTrained()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.FullPath, "model.safetensors"), half = Path.Combine(folder.FullPath, "half.safetensors");
        ImageSet images = TestImages.Random(200, Options.Shape);
        using var model = new Vae(cpu.Device, Options);
        float[] ofPrior = model.Generate(3, 1);
        FittedSampler fitted = SamplerFit.Run(model, images, new SamplerOptions { Kind = SamplerKind.Gmm, Components = 3 }, Cancellation);
        Assert.Equal("gmm of 3 normals", fitted.Sampler!.ToString());
        Assert.Contains("N(0, I)", fitted.ToString(), StringComparison.Ordinal);
        model.Sampler = fitted.Sampler;
        float[] drawn = model.Generate(3, 1);
        Assert.NotEqual(ofPrior, drawn);
        model.SaveWeights(path);
        model.SaveWeights(half, half: true);
        using var again = Vae.Load(cpu.Device, path);
        Assert.Equal(drawn, again.Generate(3, 1));
        using var rounded = Vae.Load(cpu.Device, half);
        Assert.Equal(SamplerKind.Gmm, rounded.Sampler!.Kind);
        // The weights alone go on as those of a model without it.
        using var other = new Vae(cpu.Device, Options, seed: 2);
        other.StartFrom(path);
        Assert.NotNull(other.Sampler);
        using var trainer = new Trainer(other, images, new TrainingOptions { BatchSize = 100, Epochs = 1 });
        trainer.RunStep();
        Assert.Null(other.Sampler);
        again.Sampler = null;
        Assert.Equal(ofPrior, again.Generate(3, 1));
    }

    [Fact]
    public void TheAggregatePosteriorGivesTheCodesOfImages()
    {
        ImageSet images = TestImages.Random(50, Options.Shape);
        using var model = new Vae(cpu.Device, Options);
        model.Sampler = SamplerFit.Run(model, images, new SamplerOptions { Kind = SamplerKind.Aggregate }, Cancellation).Sampler;
        float[] rows = new float[50 * 16], decoded = new float[rows.Length];
        images.CopyRows([.. Enumerable.Range(0, 50)], rows);
        model.Reconstruct(rows, decoded, cancellation: Cancellation);
        // Without noise a sample is the reconstruction of one of the images.
        float[] sample = model.Generate(1, 3, temperature: 0, cancellation: Cancellation);
        Assert.Contains(decoded.Chunk(16), row => row.Zip(sample).All(pair => Math.Abs(pair.First - pair.Second) < 1e-5));
    }

    [Fact]
    public void AConditionalModelHasAMixtureForEachLabelThatHasImagesEnough()
    {
        // The third class has too few.
        int[] labels = [.. Enumerable.Range(0, 205).Select(i => i < 5 ? 2 : i % 2)];
        ImageSet random = TestImages.Random(labels.Length, Options.Shape);
        var images = new ImageSet("random", 4, 4, 1, random.Pixels, labels);
        using var model = new Vae(cpu.Device, Options with { Classes = 3 });
        FittedSampler fitted = SamplerFit.Run(model, images, new SamplerOptions { Kind = SamplerKind.Gmm, Components = 2 }, Cancellation);
        Assert.Equal("gmm of 6 normals for 3 labels", fitted.Sampler!.ToString());
        Assert.Equal([0f, 0f, 1f, 1f, -1f, -1f], fitted.Sampler.Tensors[3].Data);
        model.Sampler = fitted.Sampler;
        Assert.All(Enumerable.Range(0, 3), label => Assert.True(model.Generate(2, 1, label).All(float.IsFinite)));
    }

    [Fact]
    public void WhatAModelCannotHaveIsRefused()
    {
        ImageSet images = TestImages.Random(60, Options.Shape);
        using var vamp = new Vae(cpu.Device, Options with { Prior = Prior.Vamp, PriorComponents = 3 });
        Assert.False(SamplerFit.IsPossible(vamp.Options));
        Refused("learned (vamp)", () => SamplerFit.Run(vamp, images, cancellation: Cancellation));
        using var model = new Vae(cpu.Device, Options);
        Refused("too few", () => SamplerFit.Run(
            model, TestImages.Random(9, Options.Shape), new SamplerOptions { Kind = SamplerKind.Gmm }, Cancellation));
        Assert.Null(SamplerFit.Run(model, TestImages.Random(9, Options.Shape), cancellation: Cancellation).Sampler);
        Refused("components is out of range", () => SamplerFit.Run(
            model, images, new SamplerOptions { Components = -1 }, Cancellation));
        Refused("temperature", () => model.Generate(1, 1, temperature: -1));
        using var wider = new Vae(cpu.Device, Options with { Latent = 3 });
        CodeSampler sampler = SamplerFit.Run(model, images, new SamplerOptions { Kind = SamplerKind.Gmm }, Cancellation).Sampler!;
        Assert.Throws<ArgumentException>(() => wider.Sampler = sampler);

        static void Refused(string why, Action action) =>
            Assert.Contains(why, Assert.Throws<BadInputException>(action).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ADamagedSamplerIsRefused()
    {
        using var model = new Vae(cpu.Device, Options);
        var options = new SamplerOptions { Kind = SamplerKind.Gmm, Components = 2 };
        CodeSampler sampler = SamplerFit.Run(model, TestImages.Random(60, Options.Shape), options, Cancellation).Sampler!;
        Assert.Equal("gmm of 2 normals", MixtureCodeSampler.Of(sampler.Tensors, 2, 0, "file").ToString());
        Damaged([.. sampler.Tensors.Skip(1)], 0);
        Damaged(sampler.Tensors, classes: 0, latents: 3);
        sampler.Tensors[0].Data[0] = -1;
        Damaged(sampler.Tensors, 0);

        static void Damaged(IReadOnlyList<NamedTensor> tensors, int classes, int latents = 2) => Assert.Contains(
            "damaged",
            Assert.Throws<BadInputException>(() => MixtureCodeSampler.Of(tensors, latents, classes, "file")).Message,
            StringComparison.Ordinal);
    }

    private static int[] Unlabelled(int count) => [.. Enumerable.Repeat(-1, count)];

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    private static double LogTrue(double x, double y)
    {
        double left = 0.3 / (0.5 * 0.2) * Math.Exp(-0.5 * (Math.Pow((x + 3) / 0.5, 2) + Math.Pow((y - 1) / 0.2, 2)));
        double right = 0.7 / 0.6 * Math.Exp(-0.5 * (Math.Pow(x - 2, 2) + Math.Pow((y - 0.8 * (x - 2)) / 0.6, 2)));
        return Math.Log((left + right) / (2 * Math.PI));
    }

    private static void AssertNear(double[] expected, float[] actual) =>
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 0.06));
}
