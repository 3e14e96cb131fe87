using GpuVae.Data;
using GpuVae.Layers;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;

namespace GpuVae.Tests.Models;

/// <summary>What a model starts from: the mean of its images, or another model.</summary>
public sealed class StartTests(CpuDevice cpu) : IClassFixture<CpuDevice>, IDisposable
{
    private static readonly VaeOptions Small = new() { Shape = new(4, 3), Hidden = [6], Latent = 2, Activation = ActivationKind.Silu };

    private readonly TemporaryFolder folder = new();

    public static TheoryData<Likelihood> Likelihoods => [.. Enum.GetValues<Likelihood>()];

    [Fact]
    public void TheEncoderIsGivenImagesLessTheirMean()
    {
        ImageSet images = TestImages.Random(5, Small.Shape);
        using var plain = new Vae(cpu.Device, Small);
        using var centred = new Vae(cpu.Device, Small with { Centered = true });
        centred.StartFrom(images, seed: 1);
        float[] mean = images.Mean(), rows = [.. images.Pixels.Select(pixel => pixel / 255f)];
        float[] shifted = [.. rows.Select((value, i) => value - mean[i % mean.Length])];
        float[] means = new float[10], logVariances = new float[10], expectedMeans = new float[10], expectedVariances = new float[10];
        centred.Encode(rows, means, logVariances);
        plain.EncodeAny(shifted, expectedMeans, expectedVariances, default, TestContext.Current.CancellationToken);
        Assert.Equal(expectedMeans, means, (a, b) => Math.Abs(a - b) < 1e-6);
        Assert.Equal(plain.Parameters.Count, centred.Parameters.Count);
    }

    [Theory]
    [MemberData(nameof(Likelihoods))]
    public void TheDecoderStartsAtTheMean(Likelihood likelihood)
    {
        foreach (NetworkKind network in Enum.GetValues<NetworkKind>())
        {
            VaeOptions options = Small with { Likelihood = likelihood, Network = network, ChannelsPerStage = [4], Centered = true };
            byte[] pixels = [.. Enumerable.Range(0, 24).Select(i => (byte)(network == NetworkKind.Dense ? 20 + 15 * (i % 12) : 180))];
            var images = new ImageSet("two", 4, 3, 1, pixels);
            using var model = new Vae(cpu.Device, options);
            Parameter last = model.Parameters.Parameters.Last(parameter => parameter.Name.StartsWith("decoder", StringComparison.Ordinal));
            // All else that the decoder gives is taken away.
            model.Parameters.Write(last, new float[last.Length]);
            Parameter weight = model.Parameters[last.Name.Replace("bias", "weight")];
            model.Parameters.Write(weight, new float[weight.Length]);
            model.StartFrom(images, seed: 1);
            if (likelihood is Likelihood.DiscretizedLogistic or Likelihood.LogisticMixture)
            {
                // Their means are those of what is left of a wide distribution in [0, 1]; locations lie in [-1, 1].
                float[] locations = model.Parameters.Read(last);
                int places = last.Length / options.PixelParameters, from = likelihood == Likelihood.LogisticMixture ? 5 * places : 0;
                Assert.Equal(2 * images.Mean()[0] - 1, locations[from], 1e-6f);
                continue;
            }
            float[] decoded = new float[12];
            model.Decode([0.3f, -2], decoded);
            Assert.Equal(images.Mean(), decoded, (a, b) => Math.Abs(a - b) < 2e-3);
        }
    }

    [Fact]
    public void TheMeanIsNotLearnedWhateverTheWeightDecay()
    {
        ImageSet images = TestImages.Random(8, Small.Shape);
        using var model = new Vae(cpu.Device, Small with { Centered = true, Prior = Prior.Vamp, PriorComponents = 3 });
        model.StartFrom(images, seed: 1);
        using var trainer = new Trainer(
            model, images, new TrainingOptions { BatchSize = 4, Epochs = 3, WeightDecay = 0.1, GradientClip = 1, AverageDecay = 0.5 });
        trainer.Run(TestContext.Current.CancellationToken);
        Assert.Equal(images.Mean(), model.Parameters.Read(model.Parameters["images.mean"]));
        model.Save(folder.FullPath);
        using var again = Vae.Load(cpu.Device, folder.FullPath);
        Assert.Equal(model.Evaluate(images), again.Evaluate(images));
    }

    [Fact]
    public void AModelStartsFromAnotherOfItsArchitecture()
    {
        using var trained = new Vae(cpu.Device, Small, seed: 3);
        trained.Save(folder.FullPath);
        Assert.Equivalent(Small, Vae.OptionsOf(folder.FullPath), strict: true);
        Assert.Equivalent(Small, Vae.OptionsOf(folder["model.safetensors"]), strict: true);
        using var fresh = new Vae(cpu.Device, Small);
        fresh.StartFrom(folder.FullPath);
        Assert.All(
            trained.Parameters.Parameters,
            parameter => Assert.Equal(trained.Parameters.Read(parameter), fresh.Parameters.Read(fresh.Parameters[parameter.Name])));
    }

    [Fact]
    public void AnotherArchitectureIsRefusedByTheTensorsThatDoNotFit()
    {
        using var trained = new Vae(cpu.Device, Small);
        trained.Save(folder.FullPath);
        using var fresh = new Vae(cpu.Device, Small with { Hidden = [5], Likelihood = Likelihood.GaussianShared });
        string message = Assert.Throws<BadInputException>(() => fresh.StartFrom(folder.FullPath)).Message;
        Assert.Contains("Of 9 tensors 2 fit (encoder.2.bias, decoder.2.bias)", message, StringComparison.Ordinal);
        Assert.Contains("encoder.0.weight is [6, 12], not [5, 12]", message, StringComparison.Ordinal);
        Assert.Contains("likelihood.log_variance [1] is missing", message, StringComparison.Ordinal);
        using var bare = new Vae(cpu.Device, Small with { Hidden = [] });
        message = Assert.Throws<BadInputException>(() => bare.StartFrom(folder.FullPath)).Message;
        Assert.Contains("decoder.2.bias [12] has no place", message, StringComparison.Ordinal);
        message = Assert.Throws<BadInputException>(() => bare.StartFrom(folder["nothing"])).Message;
        Assert.Contains(folder["nothing"], message, StringComparison.Ordinal);
    }

    public void Dispose() => folder.Dispose();
}
