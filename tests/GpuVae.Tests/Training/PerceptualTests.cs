using GpuVae.Data;
using GpuVae.Layers;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Tests.Models;
using GpuVae.Tests.Probes;
using GpuVae.Training;

namespace GpuVae.Tests.Training;

/// <summary>Training with a term by the features of a network that was trained for something else.</summary>
public sealed class PerceptualTests(CpuDevice cpu) : IClassFixture<CpuDevice>, IDisposable
{
    private static readonly VaeOptions Small = new()
    {
        Shape = new(7, 6, 3),
        Network = NetworkKind.Convolutional,
        ChannelsPerStage = [5],
        Hidden = [6],
        Latent = 3,
        Likelihood = Likelihood.GaussianShared,
        Centered = true,
    };

    // 11 images make batches of 4, 4 and 3.
    private static readonly TrainingOptions Training = new()
    {
        BatchSize = 4,
        Epochs = 3,
        LogEverySteps = 2,
        AverageDecay = 0.9,
        Perceptual = new() { Weight = 0.3 },
    };

    private static readonly ImageSet Images = TestImages.Random(11, Small.Shape);

    private readonly string folder = Directory.CreateTempSubdirectory("gpuvae-perceptual-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData(Likelihood.Gaussian, 3, false)]
    [InlineData(Likelihood.Bernoulli, 1, false)]
    [InlineData(Likelihood.GaussianLearned, 3, true)]
    public void GradientsOfTheModelAgreeWithCentralDifferences(Likelihood likelihood, int channels, bool isAdversarial)
    {
        var options = new VaeOptions
        {
            Shape = new(5, 4, channels),
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
            Perceptual = new() { Weight = 0.4 },
            Adversarial = isAdversarial ? new() { Channels = [3], StartEpochs = 0, Weight = 0.6, FeatureMatching = 2 } : null,
        };
        FrozenNetwork network = Network();
        using var step = new OneStep(cpu.Device, options, training, perceptual: network);
        using var features = new FrozenFeatures(cpu.Device, network, options.Shape);
        var reference = new ReferenceFeatures(network, options.Shape);
        Dictionary<string, double[]> model = step.Parameters;
        double[] Decoded() => ReferenceVae.Means(options, model, step.Images, step.Noise);
        double Distance() => reference.Distance(features.Taps, step.Images, Decoded());
        double Bound() =>
            ReferenceVae.Loss(options, model, step.Images, step.Noise, 1).Loss + 0.4 * options.Shape.Pixels * Distance();
        Assert.Equal(1, step.FeatureDistance!.Value / Distance(), 1e-5);
        double Generator() => isAdversarial
            ? new ReferenceDiscriminator(options.Shape, step.Discriminator!, step.Directions!).Generator(step.Images, Decoded(), 2)
            : 0;
        foreach ((Parameter parameter, float[] actual) in step.Gradients)
        {
            double lambda = step.Adversarial?.Weight ?? 0;
            double[] expected = CentralDifferences.Of(model[parameter.Name], () => Bound() + lambda * Generator());
            double error = Norms.RelativeError(actual, expected);
            Assert.True(error < 5e-5, $"{parameter.Name}: relative error {error:e1}");
        }
    }

    public static TheoryData<VaeOptions> Families =>
    [
        Small with { Likelihood = Likelihood.LogisticMixture, MixtureComponents = 2 },
        Small with { Likelihood = Likelihood.Laplace, Posterior = Posterior.Flow, Prior = Prior.Mixture, PriorComponents = 3 },
        Small with { Prior = Prior.Vamp, PriorComponents = 4, Centered = false },
        Small with { Objective = Objective.Tc, Beta = 4 },
        Small with { Objective = Objective.Rae },
        Small with { Quantization = Quantization.Scalar, Levels = [3, 3] },
        Small with { Hierarchy = 2, Latent = 4 },
        Small with { Shape = new(8, 8, 3), Upscale = 2, Centered = false },
    ];

    [Theory]
    [MemberData(nameof(Families))]
    public void EveryFamilyIsTrainedWithTheTerm(VaeOptions options)
    {
        ImageSet images = TestImages.Random(8, options.Shape);
        float[] Weights(double weight)
        {
            using var model = new Vae(cpu.Device, options, seed: 3);
            using var trainer = new Trainer(
                model, images, Training with { Epochs = 2, Perceptual = new() { Weight = weight } }, images, perceptual: Network());
            trainer.Run(Cancellation);
            Assert.InRange(trainer.History[^1].FeatureDistance!.Value, 0.01, 4);
            return model.Parameters.Read(model.Parameters.Parameters[0]);
        }
        // It reaches the first layer.
        Assert.NotEqual(Weights(1e-3), Weights(1));
    }

    [Fact]
    public void WhereADiscriminatorTakesPartItsWeightIsThatBesideBothTerms()
    {
        double Weight(double perceptual)
        {
            var training = new TrainingOptions
            {
                BatchSize = 4,
                Epochs = 1,
                Perceptual = new() { Weight = perceptual },
                Adversarial = new() { Channels = [3], StartEpochs = 0 },
            };
            using var step = new OneStep(cpu.Device, Small, training, perceptual: Network());
            return step.Adversarial!.Value.Weight;
        }
        Assert.True(Weight(100) > 2 * Weight(1e-6));
    }

    [Theory]
    [InlineData(Quantization.None, false)]
    [InlineData(Quantization.Codebook, true)]
    public void StoppedAndResumedTheBytesAreThoseOfAnUninterruptedRun(Quantization quantization, bool isAdversarial)
    {
        VaeOptions options = quantization == Quantization.None
            ? Small
            : Small with { Quantization = quantization, Codes = 6, CodeSize = 3 };
        TrainingOptions training = Training with
        {
            Adversarial = isAdversarial ? new() { Channels = [4], StartEpochs = 0.4 } : null,
        };
        string Run(int stopAt)
        {
            var run = RunFolder.Create(Path.Combine(folder, $"stop{stopAt}{quantization}"));
            using (var model = new Vae(cpu.Device, options))
            using (var trainer = new Trainer(model, Images, training, Images, perceptual: Network()))
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
            using var resumed = Trainer.Resume(
                cpu.Device, TrainingCheckpoint.Read(run.Checkpoint), Images, Images, perceptual: Network());
            resumed.KeepIn(run);
            resumed.Run(Cancellation);
            return Convert.ToHexString(File.ReadAllBytes(run.Checkpoint)) + Convert.ToHexString(File.ReadAllBytes(run.Model));
        }
        string whole = Run(0);
        foreach (int step in (int[])[1, 4, 6])
            Assert.Equal(whole, Run(step));
    }

    [Fact]
    public void ARunGoesOnWithItsOwnNetworkAlone()
    {
        string path = Path.Combine(folder, "checkpoint");
        using (var model = new Vae(cpu.Device, Small))
        using (var trainer = new Trainer(model, Images, Training, Images, perceptual: Network()))
            trainer.Save(path);
        var checkpoint = TrainingCheckpoint.Read(path);
        foreach ((FrozenNetwork? other, string named) in new[] { (Network(seed: 2), "is not the one"), (null, "Perceptual") })
        {
            string message = Assert.Throws<BadInputException>(
                () => Trainer.Resume(cpu.Device, checkpoint, Images, Images, perceptual: other)).Message;
            Assert.Contains(named, message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void TheModelsFileNamesTheNetworkWithoutItsFolder()
    {
        var run = RunFolder.Create(Path.Combine(folder, "run"));
        TrainingOptions training = Training with { Perceptual = new() { Files = ["/home/somebody/net.onnx"] } };
        using var model = new Vae(cpu.Device, Small);
        using var trainer = new Trainer(model, Images, training, Images, perceptual: Network());
        trainer.KeepIn(run);
        trainer.Run(Cancellation);
        string metadata = run.ReadMetadata()["gpuvae.training"];
        Assert.Contains("net.onnx", metadata, StringComparison.Ordinal);
        Assert.DoesNotContain("somebody", metadata, StringComparison.Ordinal);
        Assert.Equal("/home/somebody/net.onnx", Assert.Single(TrainingCheckpoint.Read(run.Checkpoint).Training.Perceptual!.Files));
        // Pictures become better while the test loss rises.
        Assert.Equal(3, trainer.BestEpoch!.Epoch);
        Assert.Equal(3, File.ReadLines(run.Metrics).Count(line => line.Contains("feature_distance", StringComparison.Ordinal)));
    }

    [Fact]
    public void ALargeBatchInPartsTellsTheDistanceOfAll()
    {
        ImageSet many = TestImages.Random(1100, Small.Shape);
        double Distance(int batch)
        {
            using var model = new Vae(cpu.Device, Small, seed: 3);
            var training = new TrainingOptions
            {
                BatchSize = batch,
                Epochs = 1,
                LearningRate = 1e-12,
                Perceptual = Training.Perceptual,
            };
            using var trainer = new Trainer(model, many, training, perceptual: Network());
            double? distance = null;
            trainer.EpochCompleted += epoch => distance = epoch.FeatureDistance;
            trainer.Run(Cancellation);
            return distance!.Value;
        }
        // Codes are drawn with other noise.
        Assert.Equal(1, Distance(1100) / Distance(275), 0.02);
    }

    [Fact]
    public void FeaturesComeCloserThanWithoutTheTerm()
    {
        ImageSet faces = FaceProbes.Faces(192, seed: 3, FaceStyle.Painted, 16);
        double Distance(double weight)
        {
            using var model = new Vae(cpu.Device, new VaeOptions
            {
                Shape = faces.Shape,
                Hidden = [64],
                Latent = 8,
                Activation = ActivationKind.Silu,
                Likelihood = Likelihood.GaussianShared,
                Variance = 0.02,
                Centered = true,
            });
            model.StartFrom(faces, seed: 1);
            using var trainer = new Trainer(
                model, faces,
                new TrainingOptions { BatchSize = 16, Epochs = 12, LearningRate = 3e-3, Perceptual = new() { Weight = weight } },
                perceptual: Network(channels: 24));
            trainer.Run(Cancellation);
            return trainer.History[^1].FeatureDistance!.Value;
        }
        (double with, double without) = (Distance(3), Distance(1e-9));
        Assert.True(with < 0.9 * without, $"{with} with the term, {without} without");
    }

    [Fact]
    public void WhatCannotBeTrainedWithTheTermIsRefused()
    {
        Refused(Small, Training with { Perceptual = new() { Weight = 0 } }, "PerceptualOptions.Weight");
        Refused(Small, Training with { Perceptual = new() { Weight = double.NaN } }, "PerceptualOptions.Weight");
        Refused(Small, Training with { EarlyStopping = 2 }, "TrainingOptions.EarlyStopping");
        Refused(Small, Training with { DynamicBinarization = true }, "TrainingOptions.DynamicBinarization");
        Refused(Small with { Objective = Objective.Iwae, Samples = 2 }, Training, "VaeOptions.Objective = Iwae");
        Refused(Small, Training with { Perceptual = null }, "TrainingOptions.Perceptual");
    }

    private void Refused(VaeOptions options, TrainingOptions training, string named)
    {
        using var model = new Vae(cpu.Device, options);
        string message = Assert.Throws<BadInputException>(
            () => new Trainer(model, Images, training, Images, perceptual: Network())).Message;
        Assert.Contains(named, message, StringComparison.Ordinal);
    }

    /// <summary>
    /// Of RGB images: two stages, the second of which is a residual block. With few channels features are often all but dead at a place,
    /// and gradients of their directions large there.
    /// </summary>
    private static FrozenNetwork Network(int seed = 1, int channels = 4)
    {
        var random = new Random(seed);
        float[] Weights(int count, int summands) =>
            [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() - 0.5f) * MathF.Sqrt(24f / summands))];
        FrozenConvolution Conv(int from, int inputs, bool isRectified) => new(
            from, inputs, channels, 3, 1, 1, Weights(9 * inputs * channels, 9 * inputs), Weights(channels, 24), isRectified);
        return new FrozenNetwork("two stages", [new(2, 2, -1), new(1, 2, -1), new(0, 3, -1.5f)],
            [Conv(0, 3, true), new FrozenPooling(1, 2, 2, 0, true), Conv(2, channels, false), new FrozenSum(3, 2, true)]);
    }
}
