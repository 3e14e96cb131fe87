using GpuVae.Data;
using GpuVae.Elbo;
using GpuVae.Evaluation;
using GpuVae.Formats;
using GpuVae.Kernels.Latent;
using GpuVae.Kernels.Random;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;

namespace GpuVae.Tests.Models;

/// <summary>What posteriors, priors, objectives and labels promise, on little models.</summary>
public sealed class FamilyTests(CpuDevice cpu) : IClassFixture<CpuDevice>, IDisposable
{
    private static readonly VaeOptions Small = new() { Shape = new(4, 3), Hidden = [6], Latent = 3, PriorComponents = 5 };

    private static readonly VaeOptions Convolutional = Small with { Network = NetworkKind.Convolutional, ChannelsPerStage = [3] };

    private static readonly Lazy<ImageSet> Digits = new(() => SyntheticDigits.Create(600, seed: 3));

    private static readonly Dictionary<string, VaeOptions> OptionsOf = new()
    {
        ["full"] = Small with { Posterior = Posterior.Full },
        ["flow"] = Small with { Posterior = Posterior.Flow },
        ["vamp"] = Small with { Prior = Prior.Vamp },
        ["conditional, vamp, full"] = Small with { Classes = 2, Prior = Prior.Vamp, Posterior = Posterior.Full },
        ["mixture, dreg"] = Small with { Prior = Prior.Mixture, Objective = Objective.Iwae, Samples = 3, Gradient = PathGradient.Dreg },
        ["mmd"] = Small with { Objective = Objective.Mmd },
        ["tc"] = Small with { Objective = Objective.Tc, Beta = 3 },
        ["free bits"] = Small with { FreeBits = 0.1 },
        ["capacity"] = Small with { Capacity = 2 },
        ["conditional, full, iwae"] = Small with { Classes = 2, Posterior = Posterior.Full, Objective = Objective.Iwae, Samples = 2 },
        ["convolutional, conditional, flow"] = Convolutional with { Classes = 2, Posterior = Posterior.Flow },
        ["convolutional, vamp, iwae"] = Convolutional with { Prior = Prior.Vamp, Objective = Objective.Iwae, Samples = 2 },
        ["convolutional, conditional, vamp"] = Convolutional with { Classes = 2, Prior = Prior.Vamp },
        ["hierarchy"] = Small with { Hierarchy = 3, FreeBits = 0.1 },
        ["conditional, hierarchy"] = Small with { Hierarchy = 3, Classes = 2 },
        ["convolutional, hierarchy"] = Convolutional with { Hierarchy = 3 },
        ["convolutional, hierarchy of maps"] = Convolutional with { Hierarchy = 3, LevelChannels = 2, FreeBits = 0.1 },
        ["conditional, hierarchy of maps"] = Convolutional with { Hierarchy = 2, LevelChannels = 1, Classes = 2 },
        ["convolutional, tc"] = Convolutional with { Objective = Objective.Tc, Beta = 2 },
    };

    public static TheoryData<string> Families => [.. OptionsOf.Keys];

    private readonly string folder = Directory.CreateTempSubdirectory("gpuvae-family-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Families))]
    public void StoppedAndResumedTheBytesAreThoseOfAnUninterruptedRun(string family)
    {
        VaeOptions options = OptionsOf[family];
        ImageSet images = Labelled(11);
        var training = new TrainingOptions { BatchSize = 4, Epochs = 2, KlCycles = 2, GradientClip = 5, LogEverySteps = 2 };
        RunFolder whole = RunFolder.Create(Path.Combine(folder, "whole")), parts = RunFolder.Create(Path.Combine(folder, "parts"));
        EpochSummary? expected = null, actual = null;
        using (var model = new Vae(cpu.Device, options))
        using (var trainer = new Trainer(model, images, training, images))
        {
            trainer.KeepIn(whole);
            expected = trainer.Run(Cancellation).LastEpoch;
        }
        using (var model = new Vae(cpu.Device, options))
        using (var trainer = new Trainer(model, images, training, images))
        {
            for (int i = 0; i < 2; i++)
                trainer.RunStep();
            trainer.Save(parts.Checkpoint);
        }
        using (var trainer = Trainer.Resume(cpu.Device, TrainingCheckpoint.Read(parts.Checkpoint), images, images))
        {
            trainer.KeepIn(parts);
            actual = trainer.Run(Cancellation).LastEpoch;
        }
        Assert.Equal(File.ReadAllBytes(whole.Checkpoint), File.ReadAllBytes(parts.Checkpoint));
        Assert.Equal((expected!.Train, expected.Test), (actual!.Train, actual.Test));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void AReplayedStepAllocatesNothingAndItsLaunchesHaveNamesOfTheirOwn(string family)
    {
        VaeOptions options = OptionsOf[family];
        using var model = new Vae(cpu.Device, options);
        using var trainer = new Trainer(model, Labelled(64), new TrainingOptions { BatchSize = 1, Epochs = 9, LogEverySteps = 10_000 });
        string[] names = [.. trainer.Schedule.Steps.Select(step => step.Name)];
        Assert.Equal(names.Distinct(), names);
        for (int i = 0; i < 10; i++)
            trainer.RunStep();
        Assert.Equal(0, Allocations.Of(() =>
        {
            for (int i = 0; i < 20; i++)
                trainer.RunStep();
        }));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void SavedAndLoadedTheModelGeneratesAndReconstructsTheSame(string family)
    {
        VaeOptions options = OptionsOf[family];
        float[] images = [.. Labelled(4).Pixels.Select(pixel => pixel / 255f)];
        int[] labels = options.Classes > 0 ? [0, 1, 0, 1] : [];
        using var model = new Vae(cpu.Device, options, seed: 3);
        model.Save(folder);
        using var loaded = Vae.Load(cpu.Device, folder);
        Assert.Equal(model.Generate(5, seed: 2), loaded.Generate(5, seed: 2));
        Assert.Equal(model.Generate(5, seed: 2)[..12], model.Generate(1, seed: 2));
        float[] direct = new float[48], byWay = new float[48], means = new float[4 * options.Latent];
        float[] logVariances = new float[means.Length];
        loaded.Reconstruct(images, direct, labels);
        model.Encode(images, means, logVariances, labels);
        model.Decode(means, byWay, labels);
        Assert.Equal(byWay, direct);
    }

    /// <summary>Change of variables: log q(z) = log N(eps; 0, I) − ln |det dz/deps|, the Jacobian by central differences.</summary>
    [Theory]
    [InlineData(Posterior.Full)]
    [InlineData(Posterior.Flow)]
    public void TheDensityIsThatOfTheChangeOfVariables(Posterior posterior)
    {
        VaeOptions options = Small with { Posterior = posterior, Activation = ActivationKind.Tanh };
        ImageSet images = TestImages.Random(3, options.Shape);
        using var model = new Vae(cpu.Device, options, seed: 4);
        var at = model.Parameters.Parameters.ToDictionary(
            parameter => parameter.Name, parameter => model.Parameters.Read(parameter).Select(value => (double)value).ToArray());
        double[] noise = [.. Enumerable.Range(0, 9).Select(i => (double)Philox.NormalAt(8, RandomPurpose.Evaluation, 0, i / 3, i % 3))];
        var reference = new ReferenceFamily(options, TestImages.AsDoubles(images.Pixels), [], noise);
        double divergence = 0;
        for (int image = 0; image < 3; image++)
        {
            double[] encoded = reference.Encode(at, image), eps = noise[(3 * image)..(3 * image + 3)];
            double[,] jacobian = new double[3, 3];
            for (int j = 0; j < 3; j++)
            {
                const double h = 1e-5;
                double[] above = [.. eps], below = [.. eps];
                (above[j], below[j]) = (eps[j] + h, eps[j] - h);
                double[] up = reference.Transform(at, encoded, above), down = reference.Transform(at, encoded, below);
                for (int i = 0; i < 3; i++)
                    jacobian[i, j] = (up[i] - down[i]) / (2 * h);
            }
            double normal = -0.5 * eps.Sum(e => e * e + Math.Log(2 * Math.PI));
            double density = normal - Math.Log(Math.Abs(Determinant(jacobian)));
            divergence += (density - reference.LogPrior(at, reference.Transform(at, encoded, eps))) / 3;
        }
        Assert.Equal(divergence, model.Evaluate(images, seed: 8).Kl, 1e-5);
    }

    [Fact]
    public void SampledDensitiesAverageToTheAnalyticKl()
    {
        ImageSet images = TestImages.Random(4, Small.Shape);
        using var closed = new Vae(cpu.Device, Small with { Latent = 2 }, seed: 4);
        using var full = new Vae(cpu.Device, Small with { Latent = 2, Posterior = Posterior.Full }, seed: 4);
        // The same posteriors: Λ is diagonal.
        foreach (string name in new[] { "encoder.0.weight", "encoder.0.bias", "encoder.2.weight", "encoder.2.bias" })
        {
            float[] values = new float[full.Parameters[name].Length], known = closed.Parameters.Read(closed.Parameters[name]);
            known.CopyTo(values, 0);
            full.Parameters.Write(full.Parameters[name], values);
        }
        double expected = closed.Evaluate(images).Kl;
        double[] draws = [.. Enumerable.Range(1, 400).Select(seed => full.Evaluate(images, (ulong)seed).Kl)];
        double mean = draws.Average(), error = Math.Sqrt(draws.Sum(draw => (draw - mean) * (draw - mean)) / draws.Length / draws.Length);
        Assert.InRange(mean, expected - 4 * error, expected + 4 * error);
        Assert.True(error < 0.2 * expected + 0.05, $"{error} of {expected}");
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void TheImportanceSampledLikelihoodIsTheBoundOfAsManySamples(string family)
    {
        VaeOptions options = OptionsOf[family];
        ImageSet images = Labelled(20);
        using var model = new Vae(cpu.Device, options, seed: 6);
        double sampled = ImportanceSampling.LogLikelihoods(model, images, 3000, seed: 3, cancellation: Cancellation).Average();
        // Both have a standard error of a hundredth or two; of four with the 32 units above maps.
        double tolerance = options.LevelChannels > 0 ? 0.2 : 0.06;
        Assert.Equal(-model.Evaluate(images, seed: 4, samples: 3000).Loss, sampled, tolerance);
    }

    [Fact]
    public void MoreBetaLeavesLessKl()
    {
        double[] kl = [.. new[] { 0.5, 1, 4 }.Select(beta => Trained(new VaeOptions { Hidden = [32], Latent = 6, Beta = beta }, 4).Kl)];
        Assert.True(kl[0] > kl[1] && kl[1] > kl[2], string.Join(", ", kl));
    }

    [Fact]
    public void FreeBitsKeepTheirFloorInEveryUnit()
    {
        const double floor = 0.5;
        using Vae model = Train(new VaeOptions { Hidden = [32], Latent = 8, FreeBits = floor, Beta = 4 }, epochs: 8);
        ImageSet images = Digits.Value;
        int count = images.Count;
        float[] means = new float[count * 8], logVariances = new float[means.Length];
        model.Encode([.. images.Pixels.Select(pixel => pixel / 255f)], means, logVariances);
        double[] kl = [.. Enumerable.Range(0, 8).Select(unit => Enumerable.Range(0, count).Average(i =>
        {
            double mean = means[i * 8 + unit], s = logVariances[i * 8 + unit];
            return 0.5 * (mean * mean + Math.Exp(s) - 1 - s);
        }))];
        // A unit that is above the floor is pressed until a batch says that it is below.
        Assert.All(kl, value => Assert.True(value > 0.8 * floor, string.Join(", ", kl)));
        Assert.Contains(kl, value => value < 2 * floor);
    }

    [Fact]
    public void CapacityDrawsTheKlTermToItsTarget() =>
        Assert.InRange(Trained(new VaeOptions { Hidden = [32], Latent = 6, Capacity = 5, CapacityWeight = 50 }, 6).Kl, 4, 6);

    [Fact]
    public void TheImportanceWeightedBoundRisesWithTheSamples()
    {
        using Vae model = Train(new VaeOptions { Hidden = [32], Latent = 6 }, epochs: 3);
        ImageSet images = Digits.Value;
        double[] bounds = [.. new[] { 1, 2, 5, 20 }.Select(samples => -model.Evaluate(images, 0, samples).Loss)];
        Assert.Equal(bounds.Order(), bounds);
        Assert.True(bounds[^1] > bounds[0] + 0.5, string.Join(", ", bounds));
    }

    [Fact]
    public void AConditionalModelShowsTheClassThatItIsAskedFor()
    {
        // Class 0 is dark with a light pixel somewhere, class 1 the reverse.
        var random = new Random(5);
        byte[] pixels = new byte[200 * 12];
        int[] labels = [.. Enumerable.Range(0, 200).Select(i => i % 2)];
        for (int i = 0; i < 200; i++)
        {
            Array.Fill(pixels, (byte)(255 * labels[i]), 12 * i, 12);
            pixels[12 * i + random.Next(12)] = (byte)(255 - 255 * labels[i]);
        }
        var images = new ImageSet("dark and light", 4, 3, 1, pixels, labels, ["dark", "light"]);
        VaeOptions options = Small with { Classes = 2, LabelNames = ["dark", "light"], Hidden = [16] };
        using var model = new Vae(cpu.Device, options);
        using (var trainer = new Trainer(model, images, new TrainingOptions { BatchSize = 20, Epochs = 40, LearningRate = 1e-2 }))
            trainer.Run(Cancellation);
        Assert.True(model.Generate(20, 1, model.LabelNumber("dark")).Average() < 0.3);
        Assert.True(model.Generate(20, 1, model.LabelNumber("1")).Average() > 0.7);
        // Label swap: the code of a dark image shown as a light one.
        float[] means = new float[3], shown = new float[12];
        model.Encode([.. pixels[..12].Select(pixel => pixel / 255f)], means, new float[3], [0]);
        model.Decode(means, shown, [1]);
        Assert.True(shown.Average() > 0.7);
        // Without a label all classes in turn.
        Assert.Equal([true, false, true, false], model.Generate(4, 1).Chunk(12).Select(image => image.Average() < 0.5));

        string unknown = Assert.Throws<BadInputException>(() => model.LabelNumber("grey")).Message;
        Assert.Contains("dark, light", unknown, StringComparison.Ordinal);
        Assert.Contains("label", Assert.Throws<BadInputException>(() => model.Decode(means, shown)).Message, StringComparison.Ordinal);
        Assert.Throws<BadInputException>(() => model.Decode(means, shown, [2]));
        Assert.Contains(
            "no labels", Assert.Throws<BadInputException>(() => new Trainer(model, TestImages.Random(8, options.Shape))).Message,
            StringComparison.Ordinal);
        using var plain = new Vae(cpu.Device, Small);
        Assert.Throws<BadInputException>(() => plain.Generate(1, 1, 0));
        Assert.Throws<BadInputException>(() => plain.Decode(means, shown, [1]));
    }

    [Fact]
    public void SamplesOfALearnedMixtureLieWhereItsComponentsAre()
    {
        using var model = new Vae(cpu.Device, Small with { Prior = Prior.Mixture, PriorComponents = 2, Latent = 1 });
        model.Parameters.Write(model.Parameters["prior.means"], [-5, 3]);
        model.Parameters.Write(model.Parameters["prior.log_variances"], [-4, -2]);
        model.Parameters.Write(model.Parameters["prior.weights"], [0, MathF.Log(3)]);
        float[] codes = model.SamplePrior(2000, seed: 6);
        float[] low = [.. codes.Where(code => code < 0)], high = [.. codes.Where(code => code >= 0)];
        Assert.InRange(low.Length / 2000.0, 0.22, 0.28);
        Assert.InRange(low.Average(), -5.02, -4.98);
        Assert.InRange(high.Average(), 2.97, 3.03);
        Assert.InRange(high.Average(code => (code - 3) * (code - 3)), 0.12, 0.15);
        Assert.Equal(codes[..10], model.SamplePrior(10, seed: 6));
    }

    [Theory]
    [InlineData(Posterior.Diagonal)]
    [InlineData(Posterior.Full)]
    public void SamplesOfAVampPriorHaveTheMomentsOfItsPosterior(Posterior posterior)
    {
        VaeOptions options = Small with { Prior = Prior.Vamp, PriorComponents = 1, Latent = 2, Hidden = [], Posterior = posterior };
        using var model = new Vae(cpu.Device, options);
        int columns = options.EncoderOutputs;
        // Whatever the pseudo-input: means 1 and -2, variances 0.25 and 4, and the second unit coupled to the noise of the first.
        const double coupled = 0.75;
        float[] bias = [1, -2, MathF.Log(0.25f), MathF.Log(4), (float)(coupled / 0.02)];
        model.Parameters.Write(model.Parameters["encoder.0.weight"], new float[columns * 12]);
        model.Parameters.Write(model.Parameters["encoder.0.bias"], bias.AsSpan(0, columns));
        const int count = 20_000;
        float[] codes = model.SamplePrior(count, seed: 6);
        double[] first = [.. codes.Where((_, i) => i % 2 == 0)], second = [.. codes.Where((_, i) => i % 2 == 1)];
        double share = posterior == Posterior.Full ? coupled : 0;
        // Five standard errors, of which those of the variances are the largest: √(2 / count) of each.
        Assert.Equal(1, first.Average(), 0.02);
        Assert.Equal(-2, second.Average(), 0.1);
        Assert.Equal(0.25, first.Average(z => (z - 1) * (z - 1)), 0.0125);
        Assert.Equal(4 * (1 + share * share), second.Average(z => (z + 2) * (z + 2)), 0.35);
        Assert.Equal(0.5 * 2 * share, first.Zip(second, (a, b) => (a - 1) * (b + 2)).Average(), 0.06);
    }

    [Fact]
    public void PseudoInputsCanStartFromImages()
    {
        using var model = new Vae(cpu.Device, Small with { Prior = Prior.Vamp, PriorComponents = 3 });
        ImageSet images = TestImages.Random(1, Small.Shape);
        model.StartFrom(images, seed: 1);
        float[] logits = model.Parameters.Read(model.Parameters["prior.pseudo_inputs"]);
        for (int i = 0; i < logits.Length; i++)
            Assert.Equal(0.02 + 0.96 * images.Pixels[i % 12] / 255, 1 / (1 + Math.Exp(-logits[i])), 1e-4);
    }

    [Fact]
    public void PseudoInputsWithLabelsStartFromImagesThatHaveThem()
    {
        // Images of class y are all of brightness 50·y; class 2 has none.
        int[] labels = [0, 1, 3, 1, 0, 3];
        var images = new ImageSet("plain", 4, 3, 1, [.. labels.SelectMany(y => Enumerable.Repeat((byte)(50 * y), 12))], labels);
        using var model = new Vae(cpu.Device, Small with { Prior = Prior.Vamp, PriorComponents = 9, Classes = 4 });
        model.StartFrom(images, seed: 1);
        float[] logits = model.Parameters.Read(model.Parameters["prior.pseudo_inputs"]);
        double[] brightness = [.. Enumerable.Range(0, 9).Select(c => (1 / (1 + Math.Exp(-logits[12 * c])) - 0.02) / 0.96 * 255 / 50)];
        for (int c = 0; c < 9; c++)
        {
            if (c % 4 != 2)
                Assert.Equal(c % 4, brightness[c], 1e-3);
        }
    }

    [Fact]
    public void AConfigurationOfAnotherFamilySaysSo()
    {
        foreach (string json in new[] { """{ "prior": "Cauchy" }""", """{ "codebook": 512 }""" })
        {
            string message = Assert.Throws<BadInputException>(() => VaeConfig.FromJson(json, "config.json")).Message;
            Assert.Contains("config.json is a model file of another family", message, StringComparison.Ordinal);
            Assert.Contains($"The option {json[2..^2]} cannot be read", message, StringComparison.Ordinal);
        }
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static ImageSet Labelled(int count) => new(
        "random images", 4, 3, 1, TestImages.Random(count, Small.Shape).Pixels, [.. Enumerable.Range(0, count).Select(i => i % 2)]);

    private Vae Train(VaeOptions options, int epochs)
    {
        var model = new Vae(cpu.Device, options);
        using var trainer = new Trainer(model, Digits.Value, new TrainingOptions { BatchSize = 20, Epochs = epochs, LearningRate = 4e-3 });
        trainer.Run(Cancellation);
        return model;
    }

    private ElboParts Trained(VaeOptions options, int epochs)
    {
        using Vae model = Train(options, epochs);
        return model.Evaluate(Digits.Value);
    }

    private static double Determinant(double[,] m) =>
        m[0, 0] * (m[1, 1] * m[2, 2] - m[1, 2] * m[2, 1]) - m[0, 1] * (m[1, 0] * m[2, 2] - m[1, 2] * m[2, 0])
        + m[0, 2] * (m[1, 0] * m[2, 1] - m[1, 1] * m[2, 0]);
}
