using GpuVae.Applications;
using GpuVae.Data;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Tests.Probes;
using GpuVae.Training;

namespace GpuVae.Tests.Applications;

/// <summary>What editing and translation must reach on built-in faces, by the judgement of probes and of the truth.</summary>
public sealed class FaceBarTests(CpuDevice cpu) : IClassFixture<CpuDevice>
{
    private const int Size = 32;

    [Fact]
    public void AddedGlassesAreSeenAndNothingElseChanges()
    {
        Nightly.Require("trains on 4,000 faces for 50 epochs");
        ImageSet train = FaceProbes.Faces(4000, seed: 1, FaceStyle.Painted, Size);
        using var model = new Vae(cpu.Device, new VaeOptions
        {
            Shape = train.Shape,
            Latent = 32,
            Activation = ActivationKind.Silu,
            Likelihood = Likelihood.Gaussian,
            Variance = 0.01,
        });
        Train(model, train, epochs: 50);

        ImageSet plain = FaceProbes.Faces(500, seed: 99, FaceStyle.Painted, Size).Without("glasses").Select([.. Enumerable.Range(0, 200)]);
        var editor = new ImageEditor(model, plain);
        float[] edited = editor.Edit(AttributeDirections.Learn(model, train).Changes(editor.Codes, new AttributeEdit("glasses")));
        var probes = new FaceProbes(FaceStyle.Painted, Size);
        double seen = probes.Has("glasses", edited).Average(has => has ? 1.0 : 0);
        Assert.True(seen >= 0.9, $"glasses in {seen:P0}");
        Assert.All(FaceProbes.Painted.Where(factor => factor != "glasses"), factor =>
        {
            int[] before = probes.Tell(factor, plain), after = probes.Tell(factor, edited);
            double kept = before.Zip(after, (a, b) => a == b ? 1.0 : 0).Average();
            Assert.True(kept >= 0.9, $"{factor} kept in {kept:P0}");
        });
    }

    [Fact]
    public void TranslatedDrawingsAreNearTheTrueOnes()
    {
        Nightly.Require("trains on 6,000 faces for 60 epochs");
        (double translated, double copied, double average) = Translate(faces: 6000, Size, epochs: 60, judged: 500);
        Assert.True(translated < 0.5 * copied, $"squared error {translated:F4}, of the copy {copied:F4}");
        // The average drawing, whatever the painting, is no translation.
        Assert.True(translated < average, $"squared error {translated:F4}, of the average drawing {average:F4}");
    }

    [Fact]
    public void SmallTranslatedDrawingsAreNearerToTheTrueOnesThanToThePaintings()
    {
        (double translated, double copied, _) = Translate(faces: 1000, size: 8, epochs: 10, judged: 100);
        Assert.True(translated < 0.5 * copied, $"squared error {translated:F4}, of the copy {copied:F4}");
    }

    /// <summary>Mean squared errors per pixel against the true drawing: of the translation, of the painting, of the mean drawing.</summary>
    private (double Translated, double Copied, double Average) Translate(int faces, int size, int epochs, int judged)
    {
        ImageSet train = DataSource.Load(
            "faces:both", new DataOptions { SyntheticCount = faces, Size = new ImageSize(size, size), Seed = 1 }).Train;
        using var model = new Vae(cpu.Device, new VaeOptions
        {
            Shape = train.Shape,
            Classes = 2,
            Latent = 24,
            Beta = 4,
            Activation = ActivationKind.Silu,
            Likelihood = Likelihood.Gaussian,
            Variance = 0.02,
        });
        Train(model, train, epochs);

        float[] painted = PictureInput.Rows(FaceProbes.Faces(judged, seed: 777, FaceStyle.Painted, size));
        float[] drawn = PictureInput.Rows(FaceProbes.Faces(judged, seed: 777, FaceStyle.Drawn, size));
        int pixels = train.PixelsPerImage;
        float[] mean = new float[pixels];
        for (int i = 0; i < drawn.Length; i++)
            mean[i % pixels] += drawn[i] / judged;
        double Error(Func<int, float> picture) => Enumerable.Range(0, drawn.Length).Average(i => Math.Pow(picture(i) - drawn[i], 2));
        float[] translated = Translator.Learn(model, train).Translate(painted, from: 0, to: 1);
        return (Error(i => translated[i]), Error(i => painted[i]), Error(i => mean[i % pixels]));
    }

    private static void Train(Vae model, ImageSet images, int epochs)
    {
        var options = new TrainingOptions { Epochs = epochs, BatchSize = 64, Decay = LearningRateDecay.Cosine };
        using var trainer = new Trainer(model, images, options);
        trainer.Run(TestContext.Current.CancellationToken);
    }
}
