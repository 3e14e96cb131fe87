using GpuVae.Data;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;

namespace GpuVae.Tests.Training;

/// <summary>Each illness is provoked, and must be the one that is named; a healthy training must give no warning.</summary>
public sealed class HealthWatchTests(CpuDevice cpu) : IClassFixture<CpuDevice>
{
    private static readonly VaeOptions Small = new() { Hidden = [32], Latent = 4 };
    private static readonly ImageSet Digits = SyntheticDigits.Create(256, seed: 3);
    private static readonly TrainingOptions Training = new() { BatchSize = 16, Epochs = 6, LearningRate = 5e-3 };

    [Fact]
    public void AHealthyTrainingGivesNoWarning() => Assert.Empty(
        Train(Small with { Activation = ActivationKind.LeakyRelu }).LastEpoch!.Warnings);

    [Fact]
    public void AHugeBetaCollapsesThePosterior()
    {
        HealthWarning warning = Only(
            HealthIssue.PosteriorCollapse, Train(Small with { Beta = 50, Activation = ActivationKind.LeakyRelu }).LastEpoch!.Warnings);
        Assert.Contains("4 of 4 latent units", warning.Seen, StringComparison.Ordinal);
        Assert.Contains("VaeOptions.Beta", warning.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public void HugeVariancesAreAnExplosion()
    {
        using var model = new Vae(cpu.Device, Small);
        float[] bias = model.Parameters.Read(model.Parameters["encoder.2.bias"]);
        bias[Small.Latent + 1] = 6;
        model.Parameters.Write(model.Parameters["encoder.2.bias"], bias);
        HealthWarning warning = Only(HealthIssue.VarianceExplosion, Look(model));
        Assert.Contains("1 of 4 latent units", warning.Seen, StringComparison.Ordinal);
        Assert.Contains("TrainingOptions.GradientClip", warning.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public void ADecoderThatIgnoresTheCodeIsDead()
    {
        using var model = new Vae(cpu.Device, Small);
        model.Parameters.Write(model.Parameters["decoder.0.weight"], new float[32 * Small.Latent]);
        Assert.Contains("hardly depends on the code", Only(HealthIssue.DeadDecoder, Look(model)).Seen, StringComparison.Ordinal);
    }

    [Fact]
    public void ReluWithLargeNegativeBiasesAreDead()
    {
        using var model = new Vae(cpu.Device, Small);
        float[] bias = new float[32];
        Array.Fill(bias, -1000f, 0, 20);
        model.Parameters.Write(model.Parameters["encoder.0.bias"], bias);
        HealthWarning warning = Only(HealthIssue.DeadUnits, Look(model));
        Assert.Contains(" of 32 in encoder.0", warning.Seen, StringComparison.Ordinal);
        Assert.Contains("LeakyRelu", warning.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public void GreyImagesDoNotSuitABernoulliLikelihood()
    {
        using var model = new Vae(cpu.Device, Small);
        using var watch = new HealthWatch(model, TestImages.Random(40, Small.Shape), null, isBinarized: false);
        Assert.Contains("80", Only(HealthIssue.LikelihoodMismatch, watch.Look()).Seen, StringComparison.Ordinal);
        using var binarized = new HealthWatch(model, TestImages.Random(40, Small.Shape), null, isBinarized: true);
        Assert.Empty(binarized.Look());
    }

    [Theory]
    [InlineData(Likelihood.Laplace)]
    [InlineData(Likelihood.ContinuousBernoulli)]
    public void BitsDoNotSuitADensity(Likelihood likelihood)
    {
        using var model = new Vae(cpu.Device, Small with { Likelihood = likelihood });
        using var watch = new HealthWatch(model, Digits, null, isBinarized: true);
        Assert.Contains("Bernoulli", Only(HealthIssue.LikelihoodMismatch, watch.Look()).Advice, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(3, "much")]
    [InlineData(1e-4, "little")]
    public void AVarianceFarFromTheErrorIsNamed(double variance, string weight)
    {
        using var model = new Vae(cpu.Device, Small with { Likelihood = Likelihood.Gaussian, Variance = variance });
        HealthWarning warning = Assert.Single(Look(model), warning => warning.Issue == HealthIssue.VarianceMismatch);
        Assert.Contains($"weighs too {weight}", warning.Seen, StringComparison.Ordinal);
        Assert.Contains("VaeOptions.Variance", warning.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public void WatchingChangesNoBitOfTheTraining()
    {
        float[] Weights(ImageSet? test)
        {
            using var model = new Vae(cpu.Device, Small);
            using var trainer = new Trainer(model, Digits, Training with { Epochs = 2 }, test);
            trainer.Run(TestContext.Current.CancellationToken);
            return [.. model.Parameters.Parameters.SelectMany(model.Parameters.Read)];
        }
        Assert.Equal(Weights(null), Weights(Digits));
    }

    private TrainingResult Train(VaeOptions options)
    {
        using var model = new Vae(cpu.Device, options);
        using var trainer = new Trainer(model, Digits, Training, Digits);
        return trainer.Run(TestContext.Current.CancellationToken);
    }

    /// <summary>Warnings of a model that has not been trained: its reconstructions are all alike, which is not asked for here.</summary>
    private static IReadOnlyList<HealthWarning> Look(Vae model)
    {
        using var watch = new HealthWatch(model, Digits, Digits, isBinarized: false);
        return watch.Look();
    }

    private static HealthWarning Only(HealthIssue issue, IReadOnlyList<HealthWarning> warnings)
    {
        Assert.All(warnings, warning => Assert.True(
            warning.Issue == issue || warning.Issue is HealthIssue.DeadDecoder or HealthIssue.PosteriorCollapse, warning.ToString()));
        return Assert.Single(warnings, warning => warning.Issue == issue);
    }
}
