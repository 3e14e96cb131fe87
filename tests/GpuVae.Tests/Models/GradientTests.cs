using GpuVae.Elbo;
using GpuVae.Layers;
using GpuVae.Options;

namespace GpuVae.Tests.Models;

/// <summary>One training step's loss and gradients against central differences of the double-precision reference.</summary>
public sealed class GradientTests(CpuDevice cpu) : IClassFixture<CpuDevice>
{
    private const int Batch = 3;
    private const ulong Seed = 21;

    public static TheoryData<Likelihood, ActivationKind> All()
    {
        var all = new TheoryData<Likelihood, ActivationKind>();
        foreach (Likelihood likelihood in Enum.GetValues<Likelihood>())
            foreach (ActivationKind activation in Enum.GetValues<ActivationKind>())
                all.Add(likelihood, activation);
        return all;
    }

    [Theory]
    [MemberData(nameof(All))]
    public void EveryGradientAgreesWithCentralDifferences(Likelihood likelihood, ActivationKind activation) =>
        Check(
            new VaeOptions
            {
                Shape = new(3, 2),
                Hidden = [5, 4],
                Latent = 3,
                Activation = activation,
                Likelihood = likelihood,
                MixtureComponents = 2,
                Beta = 0.7,
            },
            new TrainingOptions { BatchSize = Batch, Epochs = 1, Seed = Seed }, beta: 0.7);

    [Fact]
    public void AnotherDepthAndColourImages() =>
        Check(
            new VaeOptions { Shape = new(2, 1, 3), Hidden = [4, 7, 3], Latent = 2, Activation = ActivationKind.Tanh },
            new TrainingOptions { BatchSize = Batch, Epochs = 1, Seed = Seed }, beta: 1);

    [Fact]
    public void WithoutHiddenLayers() =>
        Check(
            new VaeOptions { Shape = new(3, 3), Hidden = [], Latent = 2 },
            new TrainingOptions { BatchSize = Batch, Epochs = 1, Seed = Seed }, beta: 1);

    [Fact]
    public void WarmUpTakesTheKlTermOutOfTheFirstStep() =>
        Check(
            new VaeOptions { Shape = new(3, 2), Hidden = [5], Latent = 2 },
            new TrainingOptions { BatchSize = Batch, Epochs = 4, Seed = Seed, KlWarmupEpochs = 4 }, beta: 0);

    private void Check(VaeOptions options, TrainingOptions training, double beta)
    {
        using var step = new OneStep(cpu.Device, options, training);
        ElboParts expected = ReferenceVae.Loss(options, step.Parameters, step.Images, step.Noise, beta);
        Assert.Equal(1, step.Loss.Reconstruction / expected.Reconstruction, 1e-5);
        Assert.Equal(1, step.Loss.Kl / expected.Kl, 1e-5);

        foreach ((Parameter parameter, float[] actual) in step.Gradients)
        {
            double[] wanted = CentralDifferences.Of(
                step.Parameters[parameter.Name],
                () => ReferenceVae.Loss(options, step.Parameters, step.Images, step.Noise, beta).Loss);
            double error = Norms.RelativeError(actual, wanted);
            Assert.True(error < 2e-5, $"{parameter.Name}: relative error {error:e1}");
        }
    }
}
