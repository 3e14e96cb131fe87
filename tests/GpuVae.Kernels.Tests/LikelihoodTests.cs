using GpuVae.Kernels.Likelihoods;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Kernels.Tests;

/// <summary>What the formulas of the likelihoods promise, found out by summing and integrating the kernels' densities.</summary>
public sealed class LikelihoodTests
{
    private const float Shared = -1.3f;
    private const int Steps = 4000;

    public static IEnumerable<TheoryDataRow<string, string>> Rows() =>
        from device in TestDevices.Names
        where !TestDevices.IsSlow(device)
        from likelihood in LikelihoodCase.All
        select new TheoryDataRow<string, string>(device, likelihood.Name);

    /// <summary>ILGPU's own functions, where no GPU has them, on the emulator with the smallest groups: it is the least slow.</summary>
    public static IEnumerable<TheoryDataRow<string, string>> EmulatorRows() =>
        LikelihoodCase.All.Select(likelihood => new TheoryDataRow<string, string>("ILGPU CPU 4×4", likelihood.Name));

    [Theory]
    [MemberData(nameof(Rows))]
    public void DensityIsNormalisedAndMeansAndSamplesAreItsOwn(string device, string name)
    {
        Accelerator accelerator = TestDevices.Open(device);
        var likelihood = LikelihoodCase.Find(name);
        var random = new System.Random(3);
        for (int trial = 0; trial < 3; trial++)
        {
            float[] y = [.. likelihood.Ranges.Select(r => (float)(r.Low + (r.High - r.Low) * random.NextDouble()))];
            (double[] x, double[] mass) = Distribution(accelerator, likelihood, y);
            double mean = x.Zip(mass, (v, p) => v * p).Sum();
            double variance = x.Zip(mass, (v, p) => (v - mean) * (v - mean) * p).Sum();
            Assert.Equal(1, mass.Sum(), 2e-5);

            float actualMean = Images(accelerator, likelihood, y, 1, 1, samples: false)[0];
            // The closed form of a discretised logistic is exact to half a level.
            Assert.Equal(mean, actualMean, likelihood.Values == PixelValues.Levels ? 0.5 / 255 : 2e-5);

            float[] draws = Images(accelerator, likelihood, y, 40, 500, samples: true);
            Assert.Equal(mean, draws.Average(v => (double)v), 4 * Math.Sqrt(variance / draws.Length));
            // Kolmogorov–Smirnov: the 0.001 critical value is 1.949/sqrt(n), and less for values that repeat.
            Array.Sort(draws);
            double below = 0, distance = 0;
            for (int i = 0, drawn = 0; i < x.Length; i++)
            {
                // The mass around a point of a continuous density lies half to either side.
                bool isContinuous = likelihood.Values >= PixelValues.UnitInterval;
                below += isContinuous ? mass[i] / 2 : mass[i];
                while (drawn < draws.Length && draws[drawn] <= x[i] + 1e-6)
                    drawn++;
                distance = Math.Max(distance, Math.Abs((double)drawn / draws.Length - below));
                below += isContinuous ? mass[i] / 2 : 0;
            }
            Assert.InRange(distance, 0, 1.949 / Math.Sqrt(draws.Length));
        }
    }

    [Theory]
    [MemberData(nameof(Rows))]
    [MemberData(nameof(EmulatorRows))]
    public void ExtremeOutputsGiveFiniteLossesAndGradients(string device, string name)
    {
        var likelihood = LikelihoodCase.Find(name);
        Accelerator accelerator = TestDevices.Open(device);
        float[] extremes = [-1e4f, -100, -20, -1, -1e-4f, -1e-20f, 0, 1e-20f, 1e-4f, 1, 20, 100, 1e4f];
        float[] levels = [0, 1 / 255f, 0.5f, 254 / 255f, 1];
        var decoded = new List<float>();
        var images = new List<float>();
        foreach (float first in extremes)
        {
            // One parameter has nothing to be paired with.
            foreach (float second in likelihood.Parameters > 1 ? extremes : [0])
            {
                foreach (float x in levels)
                {
                    for (int p = 0; p < likelihood.Parameters; p++)
                        decoded.Add(p % 2 == 0 ? first : second);
                    images.Add(x);
                }
            }
        }
        foreach (float shared in likelihood.HasShared ? extremes : [0])
        {
            using MemoryBuffer1D<float, Stride1D.Dense> outputs = accelerator.Allocate1D(decoded.ToArray());
            using MemoryBuffer1D<float, Stride1D.Dense> targets = accelerator.Allocate1D(images.ToArray());
            using MemoryBuffer1D<float, Stride1D.Dense> number = accelerator.Allocate1D(new[] { shared });
            using MemoryBuffer1D<float, Stride1D.Dense> slopes = accelerator.Allocate1D<float>(images.Count);
            using MemoryBuffer1D<float, Stride1D.Dense> losses = accelerator.Allocate1D<float>(images.Count);
            likelihood.On(accelerator).Differentiate(
                accelerator.DefaultStream, outputs.View, targets.View, number.View, slopes.View, losses.View, PixelLayout.Planar(1), 1, 1f);
            accelerator.Synchronize();
            Assert.All(losses.GetAsArray1D(), v => Assert.True(float.IsFinite(v)));
            Assert.All(outputs.GetAsArray1D(), v => Assert.True(float.IsFinite(v)));
            Assert.All(likelihood.HasShared ? slopes.GetAsArray1D() : [], v => Assert.True(float.IsFinite(v)));
        }
    }

    [Theory]
    // -ln P = softplus(2·e^7 - e^7/255), its bin open below; and, from level 1, 2/255 nearer with the bin's own width.
    [InlineData("Discretised logistic", 1f, -7f, 0f, 2188.9658)]
    [InlineData("Discretised logistic", 1f, -7f, 1f, 0.0134703)]
    [InlineData("Discretised logistic", -1f, -7f, 1 / 255f, 4.3141790)]
    // ln((e^y - 1)/y) - x·y
    [InlineData("Continuous Bernoulli", 1e4f, 0f, 1f, -9.2103404)]
    [InlineData("Continuous Bernoulli", 1e4f, 0f, 0f, 9990.7897)]
    [InlineData("Continuous Bernoulli", -1e4f, 0f, 0f, -9.2103404)]
    [InlineData("Continuous Bernoulli", 0f, 0f, 0.3f, 0.0)]
    [InlineData("Bernoulli", 100f, 0f, 0f, 100.0)]
    public void TailsKeepTheirDigits(string name, float first, float second, float x, double expected)
    {
        var likelihood = LikelihoodCase.Find(name);
        Accelerator accelerator = TestDevices.Open(TestDevices.Names[^1]);
        double actual = Losses(accelerator, likelihood, [.. new[] { first, second }.Take(likelihood.Parameters)], [x])[0];
        // The sides of a bin, rounded by 3e-8, enter the narrow logistic 1097 times enlarged.
        double tolerance = name == "Discretised logistic" ? 5e-5 : 1e-6;
        Assert.Equal(expected, actual, tolerance * Math.Max(1, Math.Abs(expected)));
    }

    [Fact]
    public void ADrawDependsOnRowAndStepAndNotOnTheBatch()
    {
        Accelerator accelerator = TestDevices.Open(TestDevices.Names[^1]);
        var likelihood = LikelihoodCase.Find("Gaussian");
        float[] all = Images(accelerator, likelihood, [0.5f], 3, 40, samples: true);
        Assert.Equal(all[80..], Images(accelerator, likelihood, [0.5f], 1, 40, samples: true, firstRow: 2));
        Assert.NotEqual(all[..40], all[40..80]);
        Assert.NotEqual(all, Images(accelerator, likelihood, [0.5f], 3, 40, samples: true, step: 1));
    }

    /// <summary>The values of a pixel and the probability of each, by the kernel; of intervals around them by Simpson's rule.</summary>
    private static (double[] X, double[] Mass) Distribution(Accelerator accelerator, LikelihoodCase likelihood, float[] y)
    {
        double[] x = likelihood.Values switch
        {
            PixelValues.Bits => [0, 1],
            PixelValues.Levels => [.. Enumerable.Range(0, 256).Select(level => level / 255.0)],
            PixelValues.UnitInterval => [.. Enumerable.Range(0, Steps + 1).Select(i => i / (double)Steps)],
            // Symmetric about the location, so that Laplace's kink lies on a point.
            _ => [.. Enumerable.Range(0, Steps + 1).Select(i => y[0] + 16 * (i / (double)Steps - 0.5))],
        };
        float[] losses = Losses(accelerator, likelihood, y, [.. x.Select(v => (float)v)]);
        double[] mass = [.. losses.Select(loss => Math.Exp(-loss))];
        if (likelihood.Values >= PixelValues.UnitInterval)
        {
            double step = x[1] - x[0];
            for (int i = 0; i < mass.Length; i++)
                mass[i] *= step / 3 * (i == 0 || i == Steps ? 1 : i % 2 == 1 ? 4 : 2);
        }
        return (x, mass);
    }

    /// <summary>The loss of each value under the same parameters.</summary>
    private static float[] Losses(Accelerator accelerator, LikelihoodCase likelihood, float[] y, float[] x)
    {
        using MemoryBuffer1D<float, Stride1D.Dense> decoded =
            accelerator.Allocate1D(Enumerable.Repeat(y, x.Length).SelectMany(v => v).ToArray());
        using MemoryBuffer1D<float, Stride1D.Dense> images = accelerator.Allocate1D(x);
        using MemoryBuffer1D<float, Stride1D.Dense> shared = accelerator.Allocate1D(new[] { Shared });
        using MemoryBuffer1D<float, Stride1D.Dense> losses = accelerator.Allocate1D<float>(x.Length);
        likelihood.On(accelerator)
            .Forward(accelerator.DefaultStream, decoded.View, images.View, shared.View, losses.View, PixelLayout.Planar(1), 1);
        accelerator.Synchronize();
        return losses.GetAsArray1D();
    }

    /// <summary>Means or samples of images whose pixels all have the same parameters.</summary>
    private static float[] Images(
        Accelerator accelerator, LikelihoodCase likelihood, float[] y, int rows, int pixels, bool samples, long step = 0, int firstRow = 0)
    {
        float[] row = [.. y.SelectMany(v => Enumerable.Repeat(v, pixels))];
        using MemoryBuffer1D<float, Stride1D.Dense> decoded =
            accelerator.Allocate1D(Enumerable.Repeat(row, rows).SelectMany(v => v).ToArray());
        using MemoryBuffer1D<float, Stride1D.Dense> shared = accelerator.Allocate1D(new[] { Shared });
        using MemoryBuffer1D<float, Stride1D.Dense> images = accelerator.Allocate1D<float>(rows * pixels);
        var layout = PixelLayout.Planar(pixels);
        if (samples)
            likelihood.On(accelerator)
                .Samples(accelerator.DefaultStream, decoded.View, shared.View, images.View, layout, 77, step, firstRow);
        else
            likelihood.On(accelerator).Means(accelerator.DefaultStream, decoded.View, shared.View, images.View, layout);
        accelerator.Synchronize();
        return images.GetAsArray1D();
    }
}
