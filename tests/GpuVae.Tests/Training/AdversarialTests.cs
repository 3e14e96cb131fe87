using GpuVae.Data;
using GpuVae.Evaluation;
using GpuVae.Layers;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Tests.Models;
using GpuVae.Tests.Probes;
using GpuVae.Training;

namespace GpuVae.Tests.Training;

/// <summary>Training against a discriminator.</summary>
public sealed class AdversarialTests(CpuDevice cpu) : IClassFixture<CpuDevice>, IDisposable
{
    private static readonly VaeOptions Small = new()
    {
        Shape = new(7, 6, 2),
        Network = NetworkKind.Convolutional,
        ChannelsPerStage = [5],
        Hidden = [6],
        Latent = 3,
        Likelihood = Likelihood.GaussianShared,
        Centered = true,
    };

    // 11 images make batches of 4, 4 and 3; the discriminator begins in the middle of the first epoch.
    private static readonly TrainingOptions Training = new()
    {
        BatchSize = 4,
        Epochs = 3,
        LogEverySteps = 2,
        Decay = LearningRateDecay.Cosine,
        AverageDecay = 0.9,
        GradientClip = 5,
        Adversarial = new() { Channels = [4], StartEpochs = 0.4 },
    };

    private static readonly ImageSet Images = TestImages.Random(11, Small.Shape);

    private readonly string folder = Directory.CreateTempSubdirectory("gpuvae-adversarial-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData(Likelihood.Gaussian, 0)]
    [InlineData(Likelihood.Bernoulli, 3)]
    [InlineData(Likelihood.GaussianLearned, 3)]
    public void GradientsOfModelAndDiscriminatorAgreeWithCentralDifferences(Likelihood likelihood, double matching)
    {
        var options = new VaeOptions
        {
            Shape = new(5, 4, 2),
            Hidden = [4],
            Latent = 2,
            Activation = ActivationKind.Tanh,
            Likelihood = likelihood,
        };
        var training = new TrainingOptions
        {
            BatchSize = 3,
            Epochs = 1,
            Seed = 21,
            Adversarial = new() { Channels = [3], StartEpochs = 0, FeatureMatching = matching, Weight = 0.6 },
        };
        using var step = new OneStep(cpu.Device, options, training);
        Dictionary<string, double[]> model = step.Parameters, raw = step.Discriminator!;
        var reference = new ReferenceDiscriminator(options.Shape, raw, step.Directions!);
        double[] Decoded() => ReferenceVae.Means(options, model, step.Images, step.Noise);
        double Generator() => reference.Generator(step.Images, Decoded(), matching);
        double Bound() => ReferenceVae.Loss(options, model, step.Images, step.Noise, 1).Loss;

        string last = $"decoder.{2 * (options.DecoderWidths.Length - 2)}.weight";
        double Norm(Func<double> loss) => Math.Sqrt(CentralDifferences.Of(model[last], loss).Sum(slope => slope * slope));
        double ratio = Norm(() => ReferenceVae.Loss(options, model, step.Images, step.Noise, 1).Reconstruction) / (Norm(Generator) + 1e-4);
        // One of the likelihoods comes to the bound.
        double lambda = 0.6 * Math.Min(ratio, options.Shape.Pixels);
        Assert.Equal(1, step.Adversarial!.Value.Weight / lambda, 1e-4);
        Assert.Equal(reference.Scores(Decoded()).Average(), -step.Adversarial.Value.GeneratorLoss, 1e-5);
        Assert.Equal(reference.Hinge(step.Images, Decoded()), step.Adversarial.Value.DiscriminatorLoss, 1e-5);
        foreach ((Parameter parameter, float[] actual) in step.Gradients)
        {
            double[] expected = CentralDifferences.Of(model[parameter.Name], () => Bound() + lambda * Generator());
            double error = Norms.RelativeError(actual, expected);
            Assert.True(error < 5e-5, $"{parameter.Name}: relative error {error:e1}");
        }
        double[] decoded = Decoded();
        // All together: the last bias moves the scores of images and of reconstructions alike, which is worth nothing.
        double[] ofDiscriminator =
        [
            .. step.DiscriminatorGradients.SelectMany(
                pair => CentralDifferences.Of(raw[pair.Parameter.Name], () => reference.Hinge(step.Images, decoded))),
        ];
        double difference = Norms.RelativeError([.. step.DiscriminatorGradients.SelectMany(pair => pair.Gradient)], ofDiscriminator);
        Assert.True(difference < 5e-5, $"discriminator: relative error {difference:e1}");
    }

    [Theory]
    [InlineData(Quantization.None)]
    [InlineData(Quantization.Codebook)]
    public void StoppedAndResumedTheBytesAreThoseOfAnUninterruptedRun(Quantization quantization)
    {
        VaeOptions options = quantization == Quantization.None
            ? Small
            : Small with { Quantization = quantization, Codes = 6, CodeSize = 3 };
        string Run(int stopAt)
        {
            var run = RunFolder.Create(Path.Combine(folder, $"stop{stopAt}{quantization}"));
            using (var model = new Vae(cpu.Device, options))
            using (var trainer = new Trainer(model, Images, Training, Images))
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
        // Before the discriminator begins, in the middle of an epoch, and at the end of one.
        foreach (int step in (int[])[1, 4, 6])
            Assert.Equal(whole, Run(step));
    }

    [Fact]
    public void TheModelsFileTellsNothingOfTheDiscriminator()
    {
        var run = RunFolder.Create(Path.Combine(folder, "run"));
        using var model = new Vae(cpu.Device, Small);
        using var trainer = new Trainer(model, Images, Training, Images);
        trainer.KeepIn(run);
        trainer.Run(Cancellation);
        foreach (string file in (string[])[run.Model, run.BestModel])
        {
            using var loaded = Vae.Load(cpu.Device, file);
            Assert.DoesNotContain(
                loaded.Parameters.Parameters, parameter => parameter.Name.StartsWith("discriminator", StringComparison.Ordinal));
        }
        // Pictures become sharper while the test loss rises.
        Assert.Equal(3, trainer.BestEpoch!.Epoch);
        Assert.Equal(3, File.ReadLines(run.Metrics).Count(line => line.Contains("discriminator_loss", StringComparison.Ordinal)));
    }

    [Fact]
    public void EpochsAndProgressTellHowBothStand()
    {
        using var model = new Vae(cpu.Device, Small);
        using var trainer = new Trainer(
            model, Images, Training with { Adversarial = Training.Adversarial! with { StartEpochs = 1 } }, Images);
        var epochs = new List<EpochSummary>();
        var progress = new List<TrainingProgress>();
        trainer.EpochCompleted += epochs.Add;
        trainer.Progressed += progress.Add;
        trainer.Run(Cancellation);
        Assert.Null(epochs[0].Adversarial);
        Assert.Null(trainer.History[0].DiscriminatorLoss);
        Assert.All(epochs[1..], epoch =>
        {
            AdversarialParts parts = epoch.Adversarial!.Value;
            Assert.InRange(parts.DiscriminatorLoss, 0.01, 4);
            Assert.True(parts.Weight > 0);
            MetricsLine line = trainer.History[epoch.Epoch - 1];
            Assert.Equal(
                (parts.DiscriminatorLoss, parts.GeneratorLoss, parts.Weight),
                (line.DiscriminatorLoss, line.GeneratorLoss, line.AdversarialWeight));
        });
        Assert.All(progress, report => Assert.Equal(report.Step > 3, report.Adversarial is not null));
    }

    [Fact]
    public void ReconstructionsBecomeSharper()
    {
        ImageSet faces = FaceProbes.Faces(192, seed: 3, FaceStyle.Painted, 32);
        double Share(AdversarialOptions? adversarial)
        {
            using var model = new Vae(cpu.Device, new VaeOptions
            {
                Shape = faces.Shape,
                Network = NetworkKind.Convolutional,
                ChannelsPerStage = [8, 16, 16],
                Hidden = [32],
                Latent = 8,
                Activation = ActivationKind.Silu,
                Likelihood = Likelihood.GaussianShared,
                Variance = 0.02,
                Centered = true,
            });
            model.StartFrom(faces, seed: 1);
            using var trainer = new Trainer(
                model, faces, new TrainingOptions { BatchSize = 16, Epochs = 8, LearningRate = 3e-3, Adversarial = adversarial });
            trainer.Run(Cancellation);
            float[] images = [.. TestImages.AsDoubles(faces.Pixels).Select(pixel => (float)pixel)], made = new float[images.Length];
            model.Reconstruct(images, made, cancellation: Cancellation);
            return Sharpness.Of(made, faces.Shape) / Sharpness.Of(images, faces.Shape);
        }
        double without = Share(null), with = Share(
            new AdversarialOptions { Channels = [8, 16], StartEpochs = 2, Weight = 0.8 });
        Assert.True(with > 1.3 * without, $"{with:F3} of the data's, without a discriminator {without:F3}");
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(10, 6)]
    [InlineData(24, 16)]
    public void TheLastThirdOfATrainingFitsADiscriminator(int epochs, double start)
    {
        var fitted = AdversarialOptions.For(epochs);
        Assert.Equal(new AdversarialOptions { StartEpochs = start }.ToString(), fitted.ToString());
        new TrainingOptions { Epochs = epochs, Adversarial = fitted }.Validate();
    }

    [Fact]
    public void WhatCannotBeTrainedAgainstADiscriminatorIsRefused()
    {
        AdversarialOptions some = Training.Adversarial!;
        Refused(Small, Training with { Adversarial = some with { Weight = 0 } }, "AdversarialOptions.Weight");
        Refused(Small, Training with { Adversarial = some with { StartEpochs = 3 } }, "AdversarialOptions.StartEpochs = 3");
        Refused(Small, Training with { Adversarial = some with { StartEpochs = double.NaN } }, "AdversarialOptions.StartEpochs");
        Refused(Small, Training with { Adversarial = some with { FeatureMatching = -1 } }, "AdversarialOptions.FeatureMatching");
        Refused(Small, Training with { Adversarial = some with { LearningRate = 0 } }, "AdversarialOptions.LearningRate");
        Refused(Small, Training with { Adversarial = some with { Channels = [] } }, "AdversarialOptions.Channels");
        Refused(Small, Training with { Adversarial = some with { Channels = [4, 4] } }, "they need 8 pixels a side");
        Refused(Small, Training with { Accumulation = 2 }, "TrainingOptions.Accumulation");
        Refused(Small, Training with { EarlyStopping = 2 }, "TrainingOptions.EarlyStopping");
        Refused(Small, Training with { DynamicBinarization = true }, "TrainingOptions.DynamicBinarization");
        Refused(Small with { Objective = Objective.Iwae, Samples = 2 }, Training, "VaeOptions.Objective = Iwae");
    }

    [Theory]
    [InlineData(0.01, HealthIssue.DiscriminatorWins, "LearningRate")]
    [InlineData(2.0, HealthIssue.DiscriminatorCollapse, "Channels")]
    [InlineData(1.2, null, null)]
    public void ADiscriminatorThatTeachesNothingIsNamed(double loss, HealthIssue? issue, string? helps)
    {
        HealthWarning[] warnings = [.. DiscriminatorHealth.Look(new AdversarialParts(loss, 0.3, 20))];
        Assert.Equal(issue, warnings.SingleOrDefault()?.Issue);
        if (helps is not null)
            Assert.Contains($"AdversarialOptions.{helps}", warnings[0].Advice, StringComparison.Ordinal);
        Assert.Empty(DiscriminatorHealth.Look(null));
    }

    private void Refused(VaeOptions options, TrainingOptions training, string named)
    {
        using var model = new Vae(cpu.Device, options);
        Assert.Contains(
            named, Assert.Throws<BadInputException>(() => new Trainer(model, Images, training, Images)).Message, StringComparison.Ordinal);
    }
}
