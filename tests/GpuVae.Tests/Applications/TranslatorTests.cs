using GpuVae.Applications;
using GpuVae.Data;
using GpuVae.Models;
using GpuVae.Options;

namespace GpuVae.Tests.Applications;

/// <summary>Translation by a model whose only unit is a pixel, so that the right answer is known.</summary>
public sealed class TranslatorTests(CpuDevice cpu) : IClassFixture<CpuDevice>
{
    [Fact]
    public void CodesAreCarriedFromWhereOneDomainLiesToWhereTheOtherLies()
    {
        using Vae model = Linear(classes: 2);
        // Domain 0 lies between 40 and 200, domain 1 between 100 and 140; nothing says which image belongs to which.
        var translator = Translator.Learn(
            model, new ImageSet("dots", 1, 1, 1, [40, 200, 120, 100, 120, 140], [0, 0, 0, 1, 1, 1], ["wide", "narrow"]));
        float[] images = [40 / 255f, 120 / 255f, 160 / 255f];
        AssertNear([100 / 255f, 120 / 255f, 130 / 255f], translator.Translate(images, from: 0, to: 1));
        AssertNear(images, translator.Translate(translator.Translate(images, 0, 1), 1, 0));
        AssertNear(images, translator.Translate(images, from: 1, to: 1));
    }

    [Fact]
    public void WithoutDomainsThereIsNoTranslation()
    {
        using Vae model = Linear(classes: 0);
        var images = new ImageSet("dots", 1, 1, 1, [1, 2]);
        Assert.Contains("ImageDomains.Load", Assert.Throws<BadInputException>(() => Translator.Learn(model, images)).Message);
    }

    [Fact]
    public void ADomainWithoutImagesIsRefused()
    {
        using Vae model = Linear(classes: 2);
        var images = new ImageSet("dots", 1, 1, 1, [1, 2, 3], [0, 0, 0], ["wide", "narrow"]);
        Assert.Contains("narrow", Assert.Throws<BadInputException>(() => Translator.Learn(model, images)).Message);
    }

    [Fact]
    public void AMissingLabelIsTheOneThatReconstructsBest()
    {
        using Vae model = Linear(classes: 2);
        // With label 1 the reconstruction is brighter by 0.3 than the encoded image is with label 0.
        model.Parameters.Write(model.Parameters["decoder.0.weight"], [0.01f, 0, 0.3f]);
        ImageSet guessed = LabelGuess.Complete(model, new ImageSet("dots", 1, 1, 1, [10, 200]));
        Assert.Equal([0, 0], guessed.Labels!);
        model.Parameters.Write(model.Parameters["decoder.0.weight"], [0.01f, 0.3f, 0]);
        Assert.Equal([1, 1], LabelGuess.Complete(model, new ImageSet("dots", 1, 1, 1, [10, 200])).Labels!);
    }

    /// <summary>z = 100·x, so that what is added to variances does not show, and x = z/100; labels change nothing.</summary>
    private Vae Linear(int classes)
    {
        var model = new Vae(cpu.Device, new VaeOptions
        {
            Shape = new ImageShape(1, 1),
            Hidden = [],
            Latent = 1,
            Likelihood = Likelihood.Gaussian,
            Classes = classes,
            LabelNames = classes == 2 ? ["wide", "narrow"] : [],
        });
        void Set(string name, params float[] values) => model.Parameters.Write(model.Parameters[name], values);
        float[] none = new float[classes];
        Set("encoder.0.weight", [100, .. none, 0, .. none]);
        Set("encoder.0.bias", 0, 0);
        Set("decoder.0.weight", [0.01f, .. none]);
        Set("decoder.0.bias", 0);
        return model;
    }

    private static void AssertNear(float[] expected, float[] actual) => Assert.Equal(expected, actual, (a, b) => Math.Abs(a - b) < 1e-3f);
}
