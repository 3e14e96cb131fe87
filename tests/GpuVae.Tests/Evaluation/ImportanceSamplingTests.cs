using GpuVae.Data;
using GpuVae.Evaluation;
using GpuVae.Models;
using GpuVae.Options;

namespace GpuVae.Tests.Evaluation;

/// <summary>
/// Against the one model whose likelihood is known: x = W·z + b + noise of variance v with W's columns orthogonal, so
/// x ~ N(b, W·Wᵀ + v·I) and the posterior's units are independent.
/// </summary>
public sealed class ImportanceSamplingTests(CpuDevice cpu) : IClassFixture<CpuDevice>
{
    private const int Pixels = 6, Latent = 2;
    private const double Variance = 0.05;

    private static readonly double[][] Columns = [[0.5, -0.2, 0.1, 0.3, 0, 0.4], [0.2, 0.5, 0, 0, 0.3, 0]];
    private static readonly double[] Bias = [0.5, 0.4, 0.6, 0.5, 0.3, 0.5];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static VaeOptions Linear => new()
    {
        Shape = new(3, 2),
        Hidden = [],
        Latent = Latent,
        Likelihood = Likelihood.Gaussian,
        Variance = Variance,
    };

    [Theory]
    [InlineData(1, Likelihood.Gaussian)]
    [InlineData(13, Likelihood.Gaussian)]
    [InlineData(700, Likelihood.Gaussian)]
    [InlineData(13, Likelihood.GaussianShared)] // Its loss is a launch of its own.
    public void WithTheExactPosteriorEverySampleGivesTheExactLikelihood(int samples, Likelihood likelihood)
    {
        using Vae model = Model(extraLogVariance: 0, likelihood);
        // More images than one batch, and not a multiple of what a launch takes.
        ImageSet images = TestImages.Random(samples > 100 ? 5 : 259, Linear.Shape);
        double[] estimates = ImportanceSampling.LogLikelihoods(model, images, samples, seed: 3, cancellation: Cancellation);
        for (int i = 0; i < images.Count; i++)
            Assert.Equal(Exact(images[i]), estimates[i], 2e-4 * Math.Abs(Exact(images[i])));
    }

    [Fact]
    public void WithAnotherPosteriorTheBoundRisesWithKToTheExactLikelihood()
    {
        using Vae model = Model(extraLogVariance: 1.2);
        ImageSet images = TestImages.Random(64, Linear.Shape);
        double exact = Enumerable.Range(0, images.Count).Average(i => Exact(images[i]));
        double before = double.NegativeInfinity;
        foreach (int samples in (int[])[1, 4, 16, 128])
        {
            double bound = ImportanceSampling.LogLikelihoods(model, images, samples, seed: 3, cancellation: Cancellation).Average();
            Assert.InRange(bound, before, exact + 0.05);
            before = bound;
        }
        // Five standard deviations of the mean of 64 estimates, whose weights vary by a factor of about 2.
        Assert.Equal(exact, ImportanceSampling.LogLikelihoods(model, images, 5000, seed: 3, cancellation: Cancellation).Average(), 0.01);
    }

    [Fact]
    public void WithOneSampleItIsTheEvidenceLowerBound()
    {
        using Vae model = Model(extraLogVariance: 1.2);
        ImageSet images = TestImages.Random(2000, Linear.Shape);
        double elbo = -model.Evaluate(images, seed: 5).Loss;
        Assert.Equal(elbo, ImportanceSampling.LogLikelihoods(model, images, 1, seed: 5, cancellation: Cancellation).Average(), 0.2);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-3)]
    public void NoSamplesAreBadInput(int samples)
    {
        using Vae model = Model(0);
        ImageSet images = TestImages.Random(2, Linear.Shape);
        Assert.Contains(
            "samples", Assert.Throws<BadInputException>(() => ImportanceSampling.LogLikelihoods(
                model, images, samples, cancellation: Cancellation)).Message,
            StringComparison.Ordinal);
    }

    /// <summary>q(z|x) is the exact posterior with its variances times e^<paramref name="extraLogVariance"/>.</summary>
    private Vae Model(double extraLogVariance, Likelihood likelihood = Likelihood.Gaussian)
    {
        var model = new Vae(cpu.Device, Linear with { Likelihood = likelihood });
        float[] encoder = new float[2 * Latent * Pixels], moments = new float[2 * Latent], decoder = new float[Pixels * Latent];
        for (int j = 0; j < Latent; j++)
        {
            double square = Columns[j].Sum(w => w * w);
            for (int p = 0; p < Pixels; p++)
            {
                decoder[p * Latent + j] = (float)Columns[j][p];
                encoder[j * Pixels + p] = (float)(Columns[j][p] / (square + Variance));
                moments[j] -= (float)(Columns[j][p] / (square + Variance) * Bias[p]);
            }
            moments[Latent + j] = (float)(Math.Log(Variance / (square + Variance)) + extraLogVariance);
        }
        model.Parameters.Write(model.Parameters["encoder.0.weight"], encoder);
        model.Parameters.Write(model.Parameters["encoder.0.bias"], moments);
        model.Parameters.Write(model.Parameters["decoder.0.weight"], decoder);
        model.Parameters.Write(model.Parameters["decoder.0.bias"], Array.ConvertAll(Bias, b => (float)b));
        return model;
    }

    private static double Exact(ReadOnlySpan<byte> image)
    {
        double[] residual = [.. TestImages.AsDoubles(image).Zip(Bias, (x, b) => x - b)];
        double square = residual.Sum(r => r * r) / Variance, logDeterminant = Pixels * Math.Log(Variance);
        foreach (double[] column in Columns)
        {
            double length = column.Sum(w => w * w), along = column.Zip(residual, (w, r) => w * r).Sum();
            square -= along * along / (Variance * (Variance + length));
            logDeterminant += Math.Log((Variance + length) / Variance);
        }
        return -0.5 * (square + logDeterminant + Pixels * Math.Log(2 * Math.PI));
    }
}
