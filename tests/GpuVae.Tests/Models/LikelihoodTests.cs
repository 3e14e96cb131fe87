using GpuVae.Data;
using GpuVae.Formats;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Tests.Models;

/// <summary>What every likelihood owes a model: it trains, decodes to means, draws, and is kept in files.</summary>
public sealed class LikelihoodTests(CpuDevice cpu) : IClassFixture<CpuDevice>
{
    public static TheoryData<Likelihood> All => [.. Enum.GetValues<Likelihood>()];

    [Theory]
    [MemberData(nameof(All))]
    public void TheLossFalls(Likelihood likelihood)
    {
        ImageSet images = SyntheticDigits.Create(48, seed: 3);
        using var model = new Vae(cpu.Device, Options(likelihood) with { Shape = new(28, 28), Hidden = [16], Latent = 4 });
        using var trainer = new Trainer(model, images, new TrainingOptions { BatchSize = 16, Epochs = 6, LearningRate = 5e-3 }, images);
        var epochs = new List<EpochSummary>();
        trainer.EpochCompleted += epochs.Add;
        trainer.Run(TestContext.Current.CancellationToken);
        // Densities' losses may be negative, so that a fall is told in nats: a tenth of a nat per pixel.
        Assert.True(epochs[^1].Train.Loss < epochs[0].Train.Loss - 78, $"{epochs[0].Train.Loss} -> {epochs[^1].Train.Loss}");
        Assert.True(double.IsFinite(epochs[^1].Test!.Value.Loss));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void DrawsScatterAboutTheDecodedMeans(Likelihood likelihood)
    {
        using var model = new Vae(cpu.Device, Options(likelihood) with { Variance = 0.01 });
        const int draws = 2000;
        int pixels = model.Options.Shape.Pixels;
        float[] code = [0.5f, -1, 2], mean = new float[pixels];
        model.Decode(code, mean);
        using MemoryBuffer1D<float, Stride1D.Dense> codes =
            cpu.Device.Accelerator.Allocate1D([.. Enumerable.Repeat(code, draws).SelectMany(v => v)]);
        using MemoryBuffer1D<float, Stride1D.Dense> images = cpu.Device.Accelerator.Allocate1D<float>(draws * pixels);
        float[] Draw(int count, ulong seed, long step)
        {
            model.DecodeSamples(codes.View.SubView(0, 3 * count), images.View.SubView(0, count * pixels), seed, step);
            return images.View.SubView(0, count * pixels).BaseView.GetAsArray(cpu.Device.Stream);
        }
        float[] drawn = Draw(draws, 7, 0);
        for (int p = 0; p < pixels; p++)
        {
            double[] column = [.. Enumerable.Range(0, draws).Select(row => (double)drawn[row * pixels + p])];
            double average = column.Average(), error = Math.Sqrt(column.Average(v => (v - average) * (v - average)) / draws);
            // Half a level is what a discretised logistic's mean may be off.
            Assert.Equal(average, mean[p], 4.5 * error + 0.5 / 255);
        }
        Assert.Equal(drawn[..(600 * pixels)], Draw(600, 7, 0));
        Assert.NotEqual(drawn, Draw(draws, 7, 1));
        Assert.NotEqual(drawn, Draw(draws, 8, 0));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void SavedAndLoadedTheModelIsTheSame(Likelihood likelihood)
    {
        using var folder = new TemporaryFolder();
        using var model = new Vae(cpu.Device, Options(likelihood), seed: 4);
        model.Save(folder.FullPath);
        using var loaded = Vae.Load(cpu.Device, folder.FullPath);
        Assert.Equal(model.Options.DecoderOutputs, loaded.Options.DecoderOutputs);
        Assert.Equal(model.Parameters.Values.GetAsArray(cpu.Device.Stream), loaded.Parameters.Values.GetAsArray(cpu.Device.Stream));
    }

    [Fact]
    public void SharedScalesStartAtTheVarianceOfTheOptions()
    {
        using var gaussian = new Vae(cpu.Device, Options(Likelihood.GaussianShared) with { Variance = 0.2 });
        Assert.Equal(Math.Log(0.2), gaussian.Parameters.Read(gaussian.Parameters["likelihood.log_variance"])[0], 1e-6);
        using var laplace = new Vae(cpu.Device, Options(Likelihood.Laplace) with { Variance = 0.2 });
        double scale = Math.Exp(laplace.Parameters.Read(laplace.Parameters["likelihood.log_scale"])[0]);
        Assert.Equal(0.2, 2 * scale * scale, 1e-6);
    }

    [Theory]
    [InlineData(Likelihood.LogisticMixture, 784 * 8 * 0.69314718, 8)]
    [InlineData(Likelihood.DiscretizedLogistic, 784 * 8 * 0.69314718, 8)]
    [InlineData(Likelihood.Bernoulli, 784 * 0.69314718, 1)]
    // A uniform density on [0, 1] says nothing about the eight bits of a level.
    [InlineData(Likelihood.ContinuousBernoulli, 0, 8)]
    [InlineData(Likelihood.GaussianShared, -784 * 0.69314718, 7)]
    public void BitsPerDimensionCountTheLevels(Likelihood likelihood, double nats, double bits) =>
        Assert.Equal(bits, likelihood.BitsPerDimension(nats, 784), 1e-6);

    [Fact]
    public void AConfigurationOfAnOlderVersionStillLoads()
    {
        VaeOptions options = VaeConfig.FromJson("""{ "latent": 3, "likelihood": "GaussianLearned", "variance": 0.1 }""", "config.json");
        Assert.Equal(Likelihood.GaussianLearned, options.Likelihood);
        Assert.Equal(2 * 784, options.DecoderOutputs);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(101)]
    public void AnImpossibleMixtureIsBadInput(int components)
    {
        BadInputException error = Assert.Throws<BadInputException>(
            () => (Options(Likelihood.LogisticMixture) with { MixtureComponents = components })
            .Validate());
        Assert.Contains("1…100", error.Message, StringComparison.Ordinal);
    }

    private static VaeOptions Options(Likelihood likelihood) =>
        new() { Shape = new(4, 3), Hidden = [6], Latent = 3, Likelihood = likelihood, MixtureComponents = 3 };
}
