using GpuVae.Data;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;
using static GpuVae.Tests.Data.FormatFiles;

namespace GpuVae.Tests.Data;

/// <summary>Images of 16 bits and of floats, of many channels or of one row, on their way through a model.</summary>
public sealed class ValueFormatTests(CpuDevice cpu) : IClassFixture<CpuDevice>
{
    private static readonly VaeOptions Small = new() { Hidden = [8], Latent = 2, Likelihood = Likelihood.GaussianShared };

    [Theory]
    [InlineData(16, 3, 2)]
    [InlineData(1, 20, 1)]
    public void TheSameImagesInEveryFormatTrainToTheSameBits(int channels, int width, int height)
    {
        var shape = new ImageShape(width, height, channels);
        ImageSet bytes = TestImages.Random(12, shape);
        ushort[] wide = [.. bytes.Pixels.Select(pixel => (ushort)(257 * pixel))];
        float[] rows = new float[bytes.Pixels.Length];
        bytes.CopyRows([.. Enumerable.Range(0, 12)], rows);
        using var folder = new TemporaryFolder();
        string path = folder.Write("wide.npy", Npy("<u2", [12, channels, height, width], Bytes(wide)));
        ImageSet[] sets = [bytes, DataSource.LoadSingle(path), new ImageSet("floats", shape, rows)];
        if (channels == 1)
            Assert.Equal((shape, PixelFormat.UInt16), (sets[1].Shape, sets[1].Format));
        float[][] trained = [.. sets.Where(set => set.Shape == shape).Select(set => Train(set))];
        Assert.True(trained.Length >= 2);
        Assert.All(trained, weights => Assert.Equal(trained[0], weights));
    }

    [Fact]
    public void SignalsOfAnyRangeAreTrainedOnAndReconstructed()
    {
        float[] values = [.. Enumerable.Range(0, 20 * 16).Select(i => 5 + 3 * MathF.Sin(i))];
        var set = new ImageSet("signals", new ImageShape(16, 1), values);
        using var model = new Vae(cpu.Device, Small with { Shape = set.Shape });
        using var trainer = new Trainer(model, set, new TrainingOptions { Epochs = 2, BatchSize = 10 }, set);
        Assert.True(trainer.Run().Completed);
        model.Reconstruct(values, new float[values.Length]);
    }

    [Fact]
    public void TheFirstValueThatIsNoNumberIsNamed()
    {
        using var folder = new TemporaryFolder();
        float[] values = new float[2 * 3 * 2 * 2];
        (values[19], values[23]) = (float.NaN, float.PositiveInfinity);
        string path = folder.Write("floats.npy", Npy("<f4", [2, 3, 2, 2], Bytes(values)));
        string message = Assert.Throws<BadInputException>(() => DataSource.LoadSingle(path)).Message;
        // The last axis has the channels: (1, 1, 1, 1).
        Assert.StartsWith("floats.npy: image 1, channel 1, row 1, column 1 is NaN", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Likelihood.Bernoulli)]
    [InlineData(Likelihood.ContinuousBernoulli)]
    [InlineData(Likelihood.DiscretizedLogistic)]
    [InlineData(Likelihood.LogisticMixture)]
    public void ValuesOutsideOfTheLikelihoodsRangeAreNamedWithOneThatFits(Likelihood likelihood)
    {
        var shape = new ImageShape(2, 2);
        var set = new ImageSet("floats", shape, [0, 0.5f, 1, 1, 0, 0, 1.5f, -3]);
        using var model = new Vae(cpu.Device, Small with { Shape = shape, Likelihood = likelihood });
        string message = Assert.Throws<BadInputException>(() => new Trainer(model, set)).Message;
        Assert.Contains("floats: image 1, row 1, column 0 is 1.5", message, StringComparison.Ordinal);
        string expected = $"VaeOptions.Likelihood = {likelihood} takes values from 0 to 1; the set's are -3 to 1.5";
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.Contains("VaeOptions.Likelihood = GaussianShared", message, StringComparison.Ordinal);
        using var any = new Vae(cpu.Device, Small with { Shape = shape });
        Assert.True(double.IsFinite(any.Evaluate(set).Loss));
    }

    private float[] Train(ImageSet set)
    {
        using var model = new Vae(cpu.Device, Small with { Shape = set.Shape }, seed: 3);
        using var trainer = new Trainer(model, set, new TrainingOptions { Epochs = 1, BatchSize = 5 });
        trainer.Run();
        float[] means = new float[set.Count * 2], logVariances = new float[means.Length], rows = new float[set.Count * set.PixelsPerImage];
        set.CopyRows([.. Enumerable.Range(0, set.Count)], rows);
        model.Encode(rows, means, logVariances);
        return [.. means, .. logVariances];
    }
}
