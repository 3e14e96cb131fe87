using GpuVae.Data;
using GpuVae.Kernels.Latent;
using GpuVae.Kernels.Random;
using GpuVae.Layers;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;

namespace GpuVae.Tests.Models;

/// <summary>
/// One training step of every posterior, prior and objective: its losses and gradients against central differences of the double-precision
/// reference.
/// </summary>
public sealed class FamilyGradientTests(CpuDevice cpu) : IClassFixture<CpuDevice>
{
    private const int Batch = 3;
    private const ulong Seed = 21;

    private static readonly VaeOptions Small = new()
    {
        Shape = new(3, 2),
        Hidden = [4],
        Latent = 3,
        Activation = ActivationKind.Tanh,
        PriorComponents = 4,
    };

    private static readonly VaeOptions Iwae = Small with { Objective = Objective.Iwae };

    private static readonly Dictionary<string, VaeOptions> OptionsOf = new()
    {
        ["full covariance"] = Small with { Posterior = Posterior.Full },
        ["flow"] = Small with { Posterior = Posterior.Flow, Beta = 0.7 },
        ["mixture"] = Small with { Prior = Prior.Mixture, Beta = 0.7 },
        ["vamp"] = Small with { Prior = Prior.Vamp },
        ["vamp, iwae"] = Small with { Prior = Prior.Vamp, Objective = Objective.Iwae, Samples = 2 },
        ["vamp, conditional"] = Small with { Prior = Prior.Vamp, Classes = 3 },
        ["vamp, full covariance"] = Small with { Prior = Prior.Vamp, Posterior = Posterior.Full, Beta = 0.7 },
        ["vamp, full covariance, conditional, dreg"] = Iwae with
        {
            Samples = 3,
            Gradient = PathGradient.Dreg,
            Prior = Prior.Vamp,
            Posterior = Posterior.Full,
            Classes = 3,
        },
        ["vamp, dreg"] = Iwae with { Samples = 3, Gradient = PathGradient.Dreg, Prior = Prior.Vamp },
        ["full covariance, mixture"] = Small with { Posterior = Posterior.Full, Prior = Prior.Mixture },
        ["iwae"] = Iwae with { Samples = 4 },
        ["iwae of one"] = Iwae with { Samples = 1 },
        ["iwae, stl"] = Iwae with { Samples = 4, Gradient = PathGradient.Stl },
        ["iwae, dreg"] = Iwae with { Samples = 4, Gradient = PathGradient.Dreg },
        ["iwae, dreg, mixture"] = Iwae with { Samples = 3, Gradient = PathGradient.Dreg, Prior = Prior.Mixture },
        ["iwae, stl, full"] = Iwae with { Samples = 3, Gradient = PathGradient.Stl, Posterior = Posterior.Full },
        ["iwae, flow, mixture"] = Iwae with { Samples = 3, Posterior = Posterior.Flow, Prior = Prior.Mixture },
        ["iwae, a shared variance"] = Iwae with { Samples = 3, Likelihood = Likelihood.GaussianShared },
        ["one layer, a shared variance"] = Small with { Hidden = [], Prior = Prior.Mixture, Likelihood = Likelihood.GaussianShared },
        ["tc"] = Small with { Objective = Objective.Tc, Beta = 4 },
        ["mmd"] = Small with { Objective = Objective.Mmd, Beta = 0.3, MmdWeight = 5 },
        ["wae-mmd"] = Small with { Objective = Objective.Mmd, Beta = 0 },
        ["free bits"] = Small with { FreeBits = 0.02, Beta = 0.7 },
        ["capacity above"] = Small with { Capacity = 5, CapacityWeight = 3 },
        ["capacity below"] = Small with { Capacity = 1e-3, CapacityWeight = 3 },
        ["conditional"] = Small with { Classes = 3 },
        ["conditional, iwae"] = Small with { Classes = 3, Objective = Objective.Iwae, Samples = 2 },
        ["conditional, without hidden layers"] = Small with { Classes = 3, Hidden = [] },
    };

    public static TheoryData<string> Families => [.. OptionsOf.Keys];

    [Theory]
    [MemberData(nameof(Families))]
    public void EveryGradientAgreesWithCentralDifferences(string family)
    {
        VaeOptions options = OptionsOf[family];
        int[]? labels = options.Classes > 0 ? [2, 0, 1] : null;
        using var step = new OneStep(cpu.Device, options, new TrainingOptions { BatchSize = Batch, Epochs = 1, Seed = Seed }, labels);
        Dictionary<string, double[]> at = step.Parameters;
        int[] ofBatch = labels is null ? [] : [.. step.Order.Select(i => labels[i])];
        var reference = new ReferenceFamily(options, step.Images, ofBatch, step.Noise, Draws(options.Latent));
        (double reconstruction, double kl) = reference.Terms(at);
        Assert.Equal(1, step.Loss.Reconstruction / reconstruction, 1e-5);
        Assert.InRange(Math.Abs(step.Loss.Kl - kl), 0, 1e-4 * Math.Abs(kl) + 1e-5);

        var still = at.ToDictionary(pair => pair.Key, pair => (double[])pair.Value.Clone());
        foreach ((Parameter parameter, float[] actual) in step.Gradients)
        {
            bool ofEncoder = parameter.Name.StartsWith("encoder", StringComparison.Ordinal);
            double[] expected = CentralDifferences.Of(
                at[parameter.Name], () => reference.Objective(at, still, ofEncoder, options.KlRate, Batch));
            if (parameter.Name.StartsWith("flow", StringComparison.Ordinal) && parameter.Shape.Count == 2)
                ClearMasked(expected, parameter, still[parameter.Name]);
            double error = Norms.RelativeError(actual, expected);
            Assert.True(error < 5e-5, $"{parameter.Name}: relative error {error:e1}");
        }
    }

    [Fact]
    public void MaskedWeightsOfAFlowStayZero()
    {
        ImageSet images = TestImages.Random(8, Small.Shape);
        using var model = new Vae(cpu.Device, Small with { Posterior = Posterior.Flow });
        string[] weights = ["flow.0.0.weight", "flow.0.2.weight", "flow.1.0.weight", "flow.1.2.weight"];
        int[] before = [.. weights.Select(Zeros)];
        using var trainer = new Trainer(model, images, new TrainingOptions { BatchSize = 4, Epochs = 3, WeightDecay = 0.01 });
        trainer.Run(TestContext.Current.CancellationToken);
        Assert.All(before, count => Assert.NotEqual(0, count));
        Assert.Equal(before, weights.Select(Zeros));

        int Zeros(string name) => model.Parameters.Read(model.Parameters[name]).Count(value => value == 0);
    }

    /// <summary>Of the prior in the first step.</summary>
    private static double[] Draws(int latent) =>
        [.. Enumerable.Range(0, Batch * latent).Select(i =>
            (double)Philox.NormalAt(Seed, RandomPurpose.PriorDraws, 0, i / latent, i % latent))];

    /// <summary>What a masked weight would have for a gradient is not wanted.</summary>
    private static void ClearMasked(double[] gradient, Parameter parameter, double[] values)
    {
        Assert.Equal(2, parameter.Shape.Count);
        for (int i = 0; i < gradient.Length; i++)
        {
            if (values[i] == 0)
                gradient[i] = 0;
        }
    }
}
