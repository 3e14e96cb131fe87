using GpuVae.Data;
using GpuVae.Evaluation;
using GpuVae.Models;
using GpuVae.Options;

namespace GpuVae.Tests.Evaluation;

/// <summary>Distances of distributions, against closed forms and counts by hand.</summary>
public sealed class DistributionDistanceTests(CpuDevice cpu) : IClassFixture<CpuDevice>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void TheFrechetDistanceOfAffineImagesOfASetIsThatOfTheirMoments()
    {
        // Covariances that do not commute: C and A·C·Aᵀ. In two dimensions tr (C₁·C₂)^½ = √(tr C₁C₂ + 2·√det C₁C₂).
        var random = new Random(1);
        float[] first = new float[2 * 300], second = new float[first.Length];
        for (int i = 0; i < 300; i++)
        {
            (first[2 * i], first[2 * i + 1]) = (random.NextSingle(), 3 * random.NextSingle());
            (second[2 * i], second[2 * i + 1]) = (first[2 * i] + first[2 * i + 1] + 2, first[2 * i + 1] - 1);
        }
        (double[] m1, double[] c1) = Moments(first);
        (double[] m2, double[] c2) = Moments(second);
        double trace = c1[0] * c2[0] + 2 * c1[1] * c2[1] + c1[2] * c2[2];
        double determinants = (c1[0] * c1[2] - c1[1] * c1[1]) * (c2[0] * c2[2] - c2[1] * c2[1]);
        double expected = Math.Pow(m1[0] - m2[0], 2) + Math.Pow(m1[1] - m2[1], 2) + c1[0] + c1[2] + c2[0] + c2[2]
            - 2 * Math.Sqrt(trace + 2 * Math.Sqrt(determinants));
        Assert.Equal(expected, FrechetDistance.Of(first, second, 2), 1e-9);
        Assert.Equal(0, FrechetDistance.Of(first, first, 2), 1e-9);
        // A shift alone, also where there are fewer rows than features: roots of eigenvalues that are 0 but for rounding, 1e-16.
        float[] few = [1, 2, 3, 4, 5, 6], shifted = [.. few.Select(value => value + 2)];
        Assert.Equal(3 * 4, FrechetDistance.Of(few, shifted, 3), 1e-6);
        Assert.Throws<ArgumentException>(() => FrechetDistance.Of(few.AsSpan(0, 3), shifted, 3));
    }

    [Fact]
    public void TheKernelDistanceIsTheUnbiasedEstimate()
    {
        // One feature, k(x, y) = (x·y + 1)³: of {0, 1} and {1, 2}: 1 + 27 − 2·(1 + 1 + 8 + 27)/4.
        Assert.Equal(1 + 27 - 2 * (1 + 1 + 8 + 27) / 4.0, KernelDistance.Of([0, 1], [1, 2], 1), 1e-9);
        Assert.Throws<ArgumentException>(() => KernelDistance.Of([1], [1], 1));
    }

    [Fact]
    public void OverlapIsCountedByBalls()
    {
        float[] data = [.. Enumerable.Range(0, 10).Select(i => (float)i)];
        var same = ManifoldOverlap.Of(data, data, 1);
        Assert.Equal((1, 1, 1), (same.Precision, same.Recall, same.Coverage));
        Assert.Equal(new ManifoldOverlap(0, 0, 0, 0), ManifoldOverlap.Of(data, [.. data.Select(x => x + 100)], 1));
        // All images at 0: precise, while of the data only 0 lies in their balls of radius 0. The fifth neighbours of 0, 1, 2, 3, 4, … are
        // 5, 4, 3, 3, 3, … away, so the balls of 0 to 3 hold the images.
        var narrow = ManifoldOverlap.Of(data, new float[10], 1);
        Assert.Equal((1, 0.1, 4.0 / 5, 0.4), (narrow.Precision, narrow.Recall, narrow.Density, narrow.Coverage));
        Assert.Throws<ArgumentException>(() => ManifoldOverlap.Of([1, 2], [1, 2], 1));
    }

    [Fact]
    public void SharpnessIsTheVarianceOfTheLaplacian()
    {
        // Inner pixels of a 4×3 image with one white pixel: −4 and 1, mean −1.5, variance 6.25; in one of three channels a ninth of that.
        float[] image = new float[12];
        image[5] = 1;
        Assert.Equal(6.25, Sharpness.Of(image, new ImageShape(4, 3)), 1e-6);
        Assert.Equal(6.25 / 9, Sharpness.Of([.. image, .. new float[24]], new ImageShape(4, 3, 3)), 1e-6);
        Assert.Equal(0, Sharpness.Of(new float[4], new ImageShape(2, 2)));
    }

    [Fact]
    public void AModelIsMeasuredWithItsProtocol()
    {
        var options = new VaeOptions { Shape = new(4, 4), Hidden = [6], Latent = 2 };
        ImageSet images = TestImages.Random(30, options.Shape);
        using var model = new Vae(cpu.Device, options);
        var measured = new EvaluationOptions { Metrics = EvaluationMetrics.Units, Temperature = 0.5 };
        DistributionDistance distance = ModelEvaluation.Run(
            model, images, measured, new Halves(), cancellation: Cancellation).Distance!;
        Assert.Equal(("Halves", 2, 30, "the prior", 0.5), (
            distance.Network, distance.Features, distance.Images, distance.Sampler, distance.Temperature));
        Assert.False(distance.IsRough);
        Assert.True((distance with { Images = 2 }).IsRough);
        Assert.All([distance.Samples!, distance.Reconstructions], of => Assert.True(of.Frechet > 0));
        Assert.Contains("\"frechet\"", ModelEvaluation.Run(
            model, images, measured, new Halves(), cancellation: Cancellation).ToJson(), StringComparison.Ordinal);
        Assert.Contains("too few", Assert.Throws<BadInputException>(() => ModelEvaluation.Run(
            model, TestImages.Random(5, options.Shape), measured, new Halves(), cancellation: Cancellation)).Message);
    }

    private static (double[] Mean, double[] Covariance) Moments(float[] rows)
    {
        double n = rows.Length / 2;
        double[] x = [.. rows.Where((_, i) => i % 2 == 0).Select(v => (double)v)];
        double[] y = [.. rows.Where((_, i) => i % 2 == 1).Select(v => (double)v)];
        double mx = x.Average(), my = y.Average();
        return ([mx, my],
        [
            x.Sum(v => (v - mx) * (v - mx)) / (n - 1), x.Zip(y).Sum(p => (p.First - mx) * (p.Second - my)) / (n - 1),
            y.Sum(v => (v - my) * (v - my)) / (n - 1),
        ]);
    }

    /// <summary>The mean brightness of the upper and of the lower half.</summary>
    private sealed class Halves : IImageFeatures
    {
        public string Name => "Halves";

        public int Count => 2;

        public string Preparation => "as they are";

        public void Extract(ReadOnlySpan<float> images, ImageShape shape, Span<float> features)
        {
            features.Clear();
            for (int i = 0; i < images.Length; i++)
                features[i / shape.Pixels * 2 + i % shape.Pixels * 2 / shape.Pixels] += images[i] * 2 / shape.Pixels;
        }
    }
}
