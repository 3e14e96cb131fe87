using GpuVae.Applications;
using GpuVae.Data;
using GpuVae.Evaluation;
using GpuVae.Kernels.Random;
using GpuVae.Layers;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;

namespace GpuVae.Tests.Models;

/// <summary>Autoencoders without noise, whose decoder is kept smooth by its weights or by its Jacobian.</summary>
public sealed class RegularizedAutoencoderTests(CpuDevice cpu) : IClassFixture<CpuDevice>, IDisposable
{
    private const int Batch = 3;
    private const ulong Seed = 21;

    private static readonly VaeOptions Small = new()
    {
        Shape = new(3, 2),
        Hidden = [4],
        Latent = 3,
        Activation = ActivationKind.Tanh,
        Objective = Objective.Rae,
        Beta = 0.7,
        DecoderPenaltyWeight = 0.3,
    };

    private readonly string folder = Directory.CreateTempSubdirectory("gpuvae-rae-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<DecoderPenalty> Penalties => [DecoderPenalty.Weights, DecoderPenalty.Jacobian];

    [Theory]
    [MemberData(nameof(Penalties))]
    public void EveryGradientAgreesWithCentralDifferences(DecoderPenalty penalty)
    {
        VaeOptions options = Small with { DecoderPenalty = penalty };
        using var step = new OneStep(cpu.Device, options, new TrainingOptions { BatchSize = Batch, Epochs = 1, Seed = Seed });
        Dictionary<string, double[]> at = step.Parameters;
        (double reconstruction, double norm) = Terms();
        Assert.Equal(1, step.Loss.Reconstruction / reconstruction, 1e-5);
        Assert.Equal(1, step.Loss.Kl / norm, 1e-5);
        foreach ((Parameter parameter, float[] actual) in step.Gradients)
        {
            double[] expected = CentralDifferences.Of(at[parameter.Name], () =>
            {
                (double reconstruction, double norm) = Terms();
                return reconstruction + 0.7 * norm + 0.3 * Penalty();
            });
            double error = Norms.RelativeError(actual, expected);
            // Differences of outputs of size 1 at codes 0.04 apart lose two digits.
            Assert.True(error < (penalty == DecoderPenalty.Jacobian ? 1e-4 : 2e-5), $"{parameter.Name}: relative error {error:e1}");
        }

        (double, double) Terms()
        {
            double reconstruction = 0, norm = 0;
            for (int image = 0; image < Batch; image++)
            {
                double[] x = step.Images[(6 * image)..(6 * image + 6)], z = Through("encoder", x), logits = Through("decoder", z);
                norm += 0.5 * z.Sum(value => value * value) / Batch;
                reconstruction += logits.Zip(x, (y, pixel) => Math.Log(1 + Math.Exp(y)) - pixel * y).Sum() / Batch;
            }
            return (reconstruction, norm);
        }

        double Penalty() => penalty == DecoderPenalty.Weights
            ? at.Where(pair => pair.Key.StartsWith("decoder", StringComparison.Ordinal)).Sum(pair => pair.Value.Sum(w => w * w))
            : Enumerable.Range(0, Batch).Average(image =>
            {
                const double epsilon = 0.02;
                double[] z = Through("encoder", step.Images[(6 * image)..(6 * image + 6)]);
                double[] v = [.. Enumerable.Range(0, 3).Select(l => (double)Philox.NormalAt(Seed, RandomPurpose.Directions, 0, image, l))];
                double[] above = Through("decoder", [.. z.Zip(v, (a, b) => a + epsilon * b)]);
                double[] below = Through("decoder", [.. z.Zip(v, (a, b) => a - epsilon * b)]);
                return above.Zip(below, (a, b) => (a - b) * (a - b)).Sum() / (4 * epsilon * epsilon);
            });

        double[] Through(string network, double[] input) =>
            Linear($"{network}.2", [.. Linear($"{network}.0", input).Select(Math.Tanh)]);

        double[] Linear(string layer, double[] input) =>
        [
            .. at[$"{layer}.bias"].Select((bias, o) =>
                bias + input.Select((value, i) => value * at[$"{layer}.weight"][o * input.Length + i]).Sum()),
        ];
    }

    [Theory]
    [MemberData(nameof(Penalties))]
    public void StoppedAndResumedTheBytesAreThoseOfAnUninterruptedRun(DecoderPenalty penalty)
    {
        VaeOptions options = Small with { DecoderPenalty = penalty };
        var training = new TrainingOptions { BatchSize = 2, AverageDecay = 0.9, Epochs = 2, LogEverySteps = 2 };
        string whole = Run(0);
        Assert.Equal(whole, Run(2));
        Assert.Equal(whole, Run(3));

        string Run(int stopAt)
        {
            var run = RunFolder.Create(Path.Combine(folder, $"stop{stopAt}"));
            using (var model = new Vae(cpu.Device, options))
            using (var trainer = new Trainer(model, Images(), training, Images()))
            {
                trainer.KeepIn(run);
                string[] names = [.. trainer.Schedule.Steps.Select(step => step.Name)];
                Assert.Equal(names.Distinct(), names);
                using var stop = new CancellationTokenSource();
                trainer.Stepped += () =>
                {
                    if (trainer.Step == stopAt)
                        stop.Cancel();
                };
                trainer.Run(stop.Token);
            }
            using var resumed = Trainer.Resume(cpu.Device, TrainingCheckpoint.Read(run.Checkpoint), Images(), Images());
            resumed.KeepIn(run);
            resumed.Run(Cancellation);
            return Convert.ToHexString(File.ReadAllBytes(run.Checkpoint)) + Convert.ToHexString(File.ReadAllBytes(run.Model));
        }
    }

    [Fact]
    public void AMixtureIsFittedToItsCodesAndKeptWithIt()
    {
        using var model = new Vae(cpu.Device, Small);
        float[] images = PictureInput.Rows(Images()), codes = new float[3 * 60], logVariances = new float[codes.Length];
        model.Encode(images, codes, logVariances, cancellation: Cancellation);
        FittedSampler fitted = SamplerFit.Run(model, Images(), new SamplerOptions { Kind = SamplerKind.Gmm, Components = 1 });
        float[] drawn = fitted.Sampler!.Draw([.. Enumerable.Repeat(-1, 4000)], seed: 3, temperature: 1);
        for (int unit = 0; unit < 3; unit++)
            Assert.Equal(Of(codes, unit).Average(), Of(drawn, unit).Average(), 0.05);
        model.Sampler = fitted.Sampler;
        model.Save(folder);
        using var loaded = Vae.Load(cpu.Device, folder);
        Assert.Equal(model.Generate(5, seed: 2), loaded.Generate(5, seed: 2));

        static IEnumerable<double> Of(float[] codes, int unit) => codes.Where((_, i) => i % 3 == unit).Select(value => (double)value);
    }

    [Fact]
    public void WhatNeedsADensityIsRefused()
    {
        using var model = new Vae(cpu.Device, Small);
        Assert.Throws<BadInputException>(() => ImportanceSampling.LogLikelihoods(model, Images(), 2, cancellation: Cancellation));
        Assert.Throws<BadInputException>(() => ModelEvaluation.Run(
            model, Images(), new EvaluationOptions { Metrics = EvaluationMetrics.Nll }, cancellation: Cancellation));
        EvaluationReport report = ModelEvaluation.Run(model, Images(), cancellation: Cancellation);
        Assert.Null(report.Elbo);
        Assert.Null(report.Units);
        Assert.Equal(report.Parts!.Value.Loss, report.Parts.Value.Reconstruction + 0.7 * report.Parts.Value.Kl, 1e-9);
        VaeOptions[] refused =
        [
            Small with { Posterior = Posterior.Full }, Small with { Prior = Prior.Vamp }, Small with { FreeBits = 1 },
            Small with { Capacity = 1 }, Small with { Hierarchy = 3 }, Small with { DecoderPenaltyWeight = -1 },
            Small with { DecoderPenalty = (DecoderPenalty)7 },
        ];
        Assert.All(refused, options => Assert.Throws<BadInputException>(options.Validate));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static ImageSet Images() => TestImages.Random(60, Small.Shape);
}
