using System.Text.Json;
using GpuVae.Data;
using GpuVae.Elbo;
using GpuVae.Evaluation;
using GpuVae.Kernels.Training;
using GpuVae.Models;
using GpuVae.Options;

namespace GpuVae.Tests.Evaluation;

public sealed class ModelEvaluationTests(CpuDevice cpu) : IClassFixture<CpuDevice>
{
    private static readonly VaeOptions Small = new() { Shape = new(5, 4), Hidden = [7], Latent = 3, Beta = 4 };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void UnitsHaveTheKlAndTheVarianceOfTheirMeans()
    {
        // Two images, two units: means (1, 0) and (3, 0), log-variances (0, ln 2) and (0, 0).
        var units = LatentUnits.Of([1, 0, 0, MathF.Log(2), 3, 0, 0, 0], 2);
        Assert.Equal((0.5 + 4.5) / 2, units.Kl[0], 1e-6);
        Assert.Equal(0.5 * (2 - 1 - Math.Log(2)) / 2, units.Kl[1], 1e-6);
        Assert.Equal([1.0, 0.0], units.MeanVariance);
        Assert.Equal(1, units.Active);
    }

    [Fact]
    public void EveryFigureComesWithItsProtocol()
    {
        ImageSet images = Labelled(300);
        using var model = new Vae(cpu.Device, Small);
        EvaluationReport report = ModelEvaluation.Run(model, images, new EvaluationOptions
        {
            Metrics = EvaluationMetrics.Elbo | EvaluationMetrics.Nll | EvaluationMetrics.Units | EvaluationMetrics.Reconstruction
                | EvaluationMetrics.Mig,
            Samples = 7,
            Binarization = Binarization.Static,
            Seed = 5,
        }, cancellation: Cancellation);
        JsonElement json = JsonDocument.Parse(report.ToJson()).RootElement, protocol = json.GetProperty("protocol");
        Assert.Equal("test", protocol.GetProperty("split").GetString());
        Assert.Equal("static", protocol.GetProperty("binarization").GetString());
        Assert.Equal(300, protocol.GetProperty("images").GetInt32());
        Assert.Equal(5, protocol.GetProperty("seed").GetInt32());
        Assert.Equal(1, json.GetProperty("elbo").GetProperty("k").GetInt32());
        Assert.Equal(7, json.GetProperty("importance_sampled").GetProperty("k").GetInt32());
        Assert.Equal(3, json.GetProperty("units").GetProperty("kl").GetArrayLength());

        ElboParts parts = report.Parts!.Value;
        Assert.Equal(-(parts.Reconstruction + parts.Kl), report.Elbo!.Nats, 1e-9);
        Assert.Equal(-report.Elbo.Nats / (20 * Math.Log(2)), report.Elbo.BitsPerDimension, 1e-9);
        // The KL term in closed form is the same on both ways.
        Assert.Equal(parts.Kl, report.Units!.Kl.Sum(), 1e-4 * parts.Kl);
        Assert.True(report.ImportanceSampled!.Nats > report.Elbo.Nats);
        Assert.InRange(report.Mig!.Score, 0, 1);
        Assert.InRange(report.Reconstruction!.Value.Ssim, -1, 1);
    }

    [Fact]
    public void BinarisationDecidesWhatIsMeasured()
    {
        ImageSet images = Labelled(30);
        using var model = new Vae(cpu.Device, Small);
        double Bound(Binarization binarization, ulong seed) => ModelEvaluation.Run(
            model, images, new EvaluationOptions { Metrics = EvaluationMetrics.Elbo, Binarization = binarization, Seed = seed },
            cancellation: Cancellation).Elbo!.Nats;
        Assert.Equal(Bound(Binarization.Static, 1), Bound(Binarization.Static, 1));
        Assert.NotEqual(Bound(Binarization.Static, 1), Bound(Binarization.Dynamic, 1));
        Assert.NotEqual(Bound(Binarization.Static, 1), Bound(Binarization.None, 1));
    }

    [Fact]
    public void WithoutFactorsTheMutualInformationGapIsBadInput()
    {
        using var model = new Vae(cpu.Device, Small);
        var options = new EvaluationOptions { Metrics = EvaluationMetrics.Mig };
        Assert.Contains(
            "factors",
            Assert.Throws<BadInputException>(
                () => ModelEvaluation.Run(model, TestImages.Random(4, Small.Shape), options, cancellation: Cancellation))
                .Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void ADensityCountsTheBitsOfItsLevels()
    {
        using var model = new Vae(cpu.Device, Small with { Likelihood = Likelihood.Gaussian });
        LogLikelihood elbo = ModelEvaluation.Run(
            model, Labelled(3), new EvaluationOptions { Metrics = EvaluationMetrics.Elbo }, cancellation: Cancellation).Elbo!;
        Assert.Equal(-elbo.Nats / (20 * Math.Log(2)) + 8, elbo.BitsPerDimension, 1e-9);
    }

    private static ImageSet Labelled(int count)
    {
        ImageSet images = TestImages.Random(count, Small.Shape);
        return new ImageSet(images.Name, 5, 4, 1, images.Pixels, [.. Enumerable.Range(0, count).Select(i => i % 3)]);
    }
}
