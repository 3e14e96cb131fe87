using GpuVae.Kernels.Random;
using ILGPU.Runtime;

namespace GpuVae.Kernels.Tests;

/// <summary>
/// The normals of each device against the standard normal distribution. The numbers are a pure function of the seed, so these cannot fail
/// by chance once they pass; the bounds are those of a one-in-a-thousand test or wider.
/// </summary>
public sealed class NormalDistributionTests
{
    private const int Count = 100_000;

    public static IEnumerable<TheoryDataRow<string>> Devices() => TestDevices.Names.Select(name => new TheoryDataRow<string>(name));

    [Theory]
    [MemberData(nameof(Devices))]
    public void NormalsHaveTheMomentsTailsAndDistributionOfAStandardNormal(string device)
    {
        float[] z = Draw(TestDevices.Open(device));
        double mean = z.Average(v => (double)v);
        double variance = z.Average(v => (v - mean) * (v - mean));
        double skewness = z.Average(v => Math.Pow(v - mean, 3));
        double kurtosis = z.Average(v => Math.Pow(v - mean, 4));
        // Standard errors: sqrt(1/n), sqrt(2/n), sqrt(6/n), sqrt(96/n); four of them each.
        Assert.InRange(mean, -0.0127, 0.0127);
        Assert.InRange(variance, 1 - 0.018, 1 + 0.018);
        Assert.InRange(skewness, -0.031, 0.031);
        Assert.InRange(kurtosis, 3 - 0.124, 3 + 0.124);

        // P(|z| > 3) = 0.0026998: 270 ± 4·16.4 of 100,000.
        Assert.InRange(z.Count(v => Math.Abs(v) > 3), 204, 336);

        // Kolmogorov–Smirnov: the 0.001 critical value is 1.949/sqrt(n).
        Array.Sort(z);
        double distance = 0;
        for (int i = 0; i < z.Length; i++)
        {
            double expected = Reference.NormalDistribution(z[i]);
            distance = Math.Max(distance, Math.Max(expected - (double)i / Count, (double)(i + 1) / Count - expected));
        }
        Assert.InRange(distance, 0, 1.949 / Math.Sqrt(Count));
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void NeighboursAreUncorrelated(string device)
    {
        float[] z = Draw(TestDevices.Open(device));
        // Lag 1 is the next counter, lag 64 the other half of Box and Muller's pair, lag 128 the next pair.
        foreach (int lag in new[] { 1, 64, 128 })
        {
            double covariance = 0;
            for (int i = lag; i < z.Length; i++)
                covariance += z[i] * (double)z[i - lag];
            Assert.InRange(covariance / (z.Length - lag), -0.0127, 0.0127);
        }
    }

    private static float[] Draw(Accelerator accelerator)
    {
        var fill = new RandomFill(accelerator);
        using MemoryBuffer1D<float, ILGPU.Stride1D.Dense> buffer = accelerator.Allocate1D<float>(Count);
        fill.Normal(accelerator.DefaultStream, buffer.View, 2024, RandomPurpose.Prior, 0, 0f, 1f);
        accelerator.DefaultStream.Synchronize();
        return buffer.GetAsArray1D();
    }
}
