using GpuVae.Data;
using GpuVae.Options;
using GpuVae.Training;

namespace GpuVae.Tests.Training;

public sealed class FittedOptionsTests
{
    [Fact]
    public void SmallGreyImagesOfWhiteOnBlackGetTheSeedsModel()
    {
        var fitted = FittedOptions.For(SyntheticDigits.Create(2000, seed: 1));
        Assert.Equivalent(new VaeOptions(), fitted.Model, strict: true);
        Assert.Equivalent(new TrainingOptions { Epochs = 94 }, fitted.Training, strict: true);
        Assert.Equal(["TrainingOptions.Epochs"], fitted.Reasons.Keys);
    }

    [Fact]
    public void BlackOnWhiteGetsUnitsThatDoNotDieAroundTheMean()
    {
        ImageSet digits = SyntheticDigits.Create(300, seed: 1);
        var negative = new ImageSet("negative", 28, 28, 1, [.. digits.Pixels.Select(pixel => (byte)(255 - pixel))]);
        VaeOptions model = FittedOptions.For(negative).Model;
        Assert.Equal(
            (NetworkKind.Dense, ActivationKind.Silu, Likelihood.Bernoulli, true, 20),
            (model.Network, model.Activation, model.Likelihood, model.Centered, model.Latent));
    }

    [Fact]
    public void ColourGetsConvolutionsWithoutCheckerboardsAndAVarianceThatIsLearned()
    {
        var fitted = FittedOptions.For(Faces(64));
        VaeOptions model = fitted.Model;
        Assert.Equal(
            (NetworkKind.Convolutional, UpsamplingKind.Bilinear, true, ActivationKind.Silu, Likelihood.GaussianShared, true),
            (model.Network, model.Upsampling, model.GroupNorm, model.Activation, model.Likelihood, model.Centered));
        Assert.Equal([16, 32, 64, 128], model.ChannelsPerStage);
        Assert.InRange(model.Latent, 32, 128);
        Assert.InRange(model.Variance, 0.001, 0.02);
        Assert.Equal(8, fitted.Training.BatchSize);
        Assert.Contains("principal components", fitted.Reasons["VaeOptions.Latent"], StringComparison.Ordinal);
        model.Validate();
    }

    [Fact]
    public void DiscreteCodesGetAGridOfThem()
    {
        VaeOptions model = FittedOptions.Quantized(Faces(16), Quantization.Scalar).Model;
        Assert.Equal((Quantization.Scalar, NetworkKind.Convolutional), (model.Quantization, model.Network));
        Assert.Equal(new ImageShape(16, 16, 4), model.Grid);
        Assert.DoesNotContain(
            "VaeOptions.Latent", FittedOptions.Quantized(Faces(16), Quantization.Codebook).Reasons.Keys);
        model.Validate();
    }

    [Fact]
    public void WhatIsKnownOfTheNetworkIsKept()
    {
        ImageSet faces = Faces(16);
        Assert.Equal(NetworkKind.Dense, FittedOptions.For(faces, NetworkKind.Dense).Model.Network);
        Assert.Equivalent(new VaeOptions { Shape = faces.Shape }, FittedOptions.Seed(faces).Model, strict: true);
        ImageSet digits = SyntheticDigits.Create(16, seed: 1);
        Assert.Equal(UpsamplingKind.Nearest, FittedOptions.For(digits, NetworkKind.Convolutional).Model.Upsampling);
    }

    [Fact]
    public void SmoothImagesHaveFewComponentsAndNoiseHasMany()
    {
        byte[] ramps = [.. Enumerable.Range(0, 64).SelectMany(i => Enumerable.Repeat((byte)(4 * i), 64))];
        Assert.Equal(1, new PixelFacts(new ImageSet("ramps", 8, 8, 1, ramps)).Components());
        Assert.InRange(new PixelFacts(TestImages.Random(64, new(8, 8))).Components(), 25, 63);
    }

    [Fact]
    public void FactsOfPixelsAreTheirDefinitions()
    {
        var facts = new PixelFacts(new ImageSet("two", 2, 1, 1, [0, 51, 255, 102]));
        Assert.Equal(0.5, facts.Bits);
        Assert.Equal(0.5, facts.Grey);
        Assert.Equal(0.4, facts.Mean, 1e-6);
        // Variances 0.25 and 0.01 of the two pixels.
        Assert.Equal(0.13, facts.Variance(), 1e-6);
    }

    private static ImageSet Faces(int count) => SyntheticFaces.Create(count, 1, FaceStyle.Painted, TestContext.Current.CancellationToken);
}
