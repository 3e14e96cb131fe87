using GpuVae.Formats;
using GpuVae.Kernels.Latent;
using GpuVae.Options;

namespace GpuVae.Tests.Options;

public class VaeOptionsTests
{
    public static TheoryData<string, VaeOptions> Bad => new()
    {
        { "0×28×1", new() { Shape = new(0, 28) } },
        { "28×28×17", new() { Shape = new(28, 28, 17) } },
        { "[512, 0]", new() { Hidden = [512, 0] } },
        { "channels per stage", new() { ChannelsPerStage = [] } },
        { "[32, 0]", new() { ChannelsPerStage = [32, 0] } },
        { "residual", new() { ResidualBlocks = -1 } },
        { "network", new() { Network = (NetworkKind)99 } },
        { "latent", new() { Latent = 0 } },
        { "latent", new() { Latent = -1 } },
        { "beta", new() { Beta = double.NaN } },
        { "beta", new() { Beta = -1 } },
        { "variance", new() { Variance = 0 } },
        { "activation", new() { Activation = (ActivationKind)99 } },
        { "likelihood", new() { Likelihood = (Likelihood)99 } },
        { "posterior", new() { Posterior = (Posterior)99 } },
        { "prior", new() { Prior = (Prior)99 } },
        { "objective", new() { Objective = (Objective)99 } },
        { "components", new() { PriorComponents = 0 } },
        { "samples", new() { Objective = Objective.Iwae, Samples = 0 } },
        { "iwae", new() { Samples = 5 } },
        { "iwae", new() { Gradient = PathGradient.Stl } },
        { "beta", new() { Objective = Objective.Iwae, Beta = 2 } },
        { "inverse of the flow", new() { Objective = Objective.Iwae, Gradient = PathGradient.Dreg, Posterior = Posterior.Flow } },
        { "tc needs a diagonal posterior", new() { Objective = Objective.Tc, Posterior = Posterior.Full } },
        { "mmd needs a diagonal posterior", new() { Objective = Objective.Mmd, Posterior = Posterior.Full } },
        { "mean discrepancy", new() { Objective = Objective.Mmd, MmdWeight = -1 } },
        { "tc needs", new() { Objective = Objective.Tc, Prior = Prior.Mixture } },
        {
            "Use VaeOptions.Posterior = Diagonal or Full with VaeOptions.Prior = Vamp",
            new() { Prior = Prior.Vamp, Posterior = Posterior.Flow }
        },
        { "free bits", new() { FreeBits = 1, Prior = Prior.Mixture } },
        { "free bits", new() { FreeBits = -1 } },
        { "capacity", new() { Capacity = 5, Posterior = Posterior.Full } },
        { "capacity", new() { Capacity = 5, Beta = 2 } },
        { "capacity", new() { Capacity = 5, FreeBits = 1 } },
        { "capacity weight", new() { Capacity = 5, CapacityWeight = 0 } },
        { "classes", new() { Classes = 1 } },
        { "VaeOptions.Hidden = 65536,65536", new() { Hidden = [65536, 65536] } },
        { "2147483647×2147483647×3 cannot", new() { Shape = new(int.MaxValue, int.MaxValue, 3) } },
        { "full covariance of 65536", new() { Posterior = Posterior.Full, Latent = 65536 } },
        {
            "VaeOptions.MixtureComponents = 100",
            new() { Shape = new(4096, 4096), Likelihood = Likelihood.LogisticMixture, MixtureComponents = 100 }
        },
        {
            "VaeOptions.ChannelsPerStage = 4096",
            new() { Shape = new(4096, 4096), Network = NetworkKind.Convolutional, ChannelsPerStage = [4096] }
        },
        { "VaeOptions.Codes = 0", new() { Codes = 0 } },
        { "VaeOptions.CodeSize = 0", new() { CodeSize = 0 } },
        { "VaeOptions.CodebookDecay = 1", new() { CodebookDecay = 1 } },
        { "VaeOptions.Commitment = -1", new() { Commitment = -1 } },
        { "VaeOptions.Levels = 8,2", new() { Levels = [8, 2] } },
        { "VaeOptions.Levels = 255,255,255", new() { Levels = [255, 255, 255] } },
        { "quantisation", new() { Quantization = (Quantization)99 } },
        { "VaeOptions.Network = Convolutional", new() { Quantization = Quantization.Codebook } },
        { "VaeOptions.Classes", Quantized with { Classes = 3 } },
        { "choose 1 or 2", Quantized with { CodeLevels = 3 } },
        { "levels of discrete codes", new() { CodeLevels = 2 } },
        { "which has too few", Quantized with { Shape = new(8, 4), ChannelsPerStage = [1, 1], CodeLevels = 2 } },
        { "VaeOptions.Upscale = 2", Quantized with { Upscale = 2 } },
        { "no KL term", Quantized with { Beta = 2 } },
        { "no KL term", Quantized with { Prior = Prior.Mixture } },
        { "no KL term", Quantized with { Posterior = Posterior.Full } },
        { "grid of 2048×2048", Quantized with { Shape = new(4096, 4096), ChannelsPerStage = [1], CodeSize = 1024 } },
        { "label names", new() { Classes = 3, LabelNames = ["a", "b"] } },
    };

    private static VaeOptions Quantized => new() { Network = NetworkKind.Convolutional, Quantization = Quantization.Codebook };

    [Theory]
    [MemberData(nameof(Bad))]
    public void OutOfRangeIsBadInputThatNamesTheOption(string named, VaeOptions options) =>
        Assert.Contains(named, Assert.Throws<BadInputException>(options.Validate).Message, StringComparison.OrdinalIgnoreCase);

    [Fact]
    public void DefaultsAreTheSeedsModel()
    {
        var options = new VaeOptions();
        options.Validate();
        Assert.Equal([784, 512, 256, 40], options.EncoderWidths);
        Assert.Equal([20, 256, 512, 784], options.DecoderWidths);
        Assert.Equal(ActivationKind.Relu, options.Activation);
        Assert.Equal(Likelihood.Bernoulli, options.Likelihood);
    }

    [Fact]
    public void JsonRoundTripKeepsEverything()
    {
        var options = new VaeOptions
        {
            Shape = new(8, 6, 3),
            Hidden = [7, 5, 3],
            Latent = 4,
            Activation = ActivationKind.Gelu,
            Likelihood = Likelihood.GaussianLearned,
            Beta = 0.5,
            Network = NetworkKind.Convolutional,
            ChannelsPerStage = [9, 8],
            ResidualBlocks = 2,
            GroupNorm = true,
            Upsampling = UpsamplingKind.Nearest,
            Levels = [5, 4],
        };
        string json = VaeConfig.ToJson(options);
        VaeOptions back = VaeConfig.FromJson(json, "test");
        Assert.Equal(options.Hidden, back.Hidden);
        Assert.Equal(options.ChannelsPerStage, back.ChannelsPerStage);
        Assert.Equal(options.Levels, back.Levels);
        Assert.Equal(
            options with { Hidden = [], LabelNames = [], ChannelsPerStage = [], Levels = [] },
            back with { Hidden = [], LabelNames = [], ChannelsPerStage = [], Levels = [] });
    }

    [Theory]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("""{ "latent": 0 }""")]
    [InlineData("""{ "latnt": 3 }""")]
    [InlineData("""{ "hidden": null }""")]
    [InlineData("""{ "latent": 3, "latent": 4 }""")]
    [InlineData("""{ "latent": 3000000000 }""")]
    [InlineData("""{ "classes": 2, "labelNames": ["a", null] }""")]
    [InlineData("""{ "\ud800": 5, "latent": 3 }""")]
    public void BrokenJsonIsBadInputThatNamesTheFile(string json)
    {
        BadInputException error = Assert.Throws<BadInputException>(() => VaeConfig.FromJson(json, "config.json"));
        Assert.Contains("config.json", error.Message, StringComparison.Ordinal);
    }
}
