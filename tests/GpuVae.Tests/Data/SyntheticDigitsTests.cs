using System.Security.Cryptography;
using GpuVae.Data;

namespace GpuVae.Tests.Data;

public class SyntheticDigitsTests
{
    [Fact]
    public void ThePixelsAreTheSameOnEveryPlatform()
    {
        // Recorded once; only exactly rounded arithmetic is used, so no processor or runtime may change it.
        byte[] digest = SHA256.HashData(SyntheticDigits.Create(100, seed: 1).Pixels);
        Assert.Equal("2AF3BD1227EFCBA6A12BD5DB9D85455C5BA9855B70BEC5ECBF9EE21D87198213", Convert.ToHexString(digest));
    }

    [Fact]
    public void AnImageDependsOnSeedAndIndexOnly()
    {
        ImageSet few = SyntheticDigits.Create(50, 3), many = SyntheticDigits.Create(500, 3), other = SyntheticDigits.Create(50, 4);
        Assert.Equal(few.Pixels, many.Pixels[..few.Pixels.Length]);
        Assert.NotEqual(few.Pixels, other.Pixels);
    }

    [Fact]
    public void ClassesAreBalancedAndNamed()
    {
        ImageSet set = SyntheticDigits.Create(14_000, 5);
        Assert.Equal(14, set.LabelNames!.Length);
        Assert.Equal("7", set.LabelNames[7]);
        // 1000 of each expected; a deviation of six sigma would be 183.
        Assert.All(Enumerable.Range(0, 14), label => Assert.InRange(set.Labels!.Count(l => l == label), 817, 1183));
    }

    [Fact]
    public void FactorsDescribeTheDrawing()
    {
        ImageSet set = SyntheticDigits.Create(3000, 5);
        Assert.Equal(["label", "slant", "thickness", "turn"], set.Factors.Select(factor => factor.Name));
        Assert.Equal(set.Labels!, set.Factors[0].Values.Select(value => (int)value));
        Assert.Equal(set.Labels!.Count(label => label == 7), set.With("label=7").Count);
        // A thicker pen leaves more ink, a slant leans to the right.
        ImageSet ones = set.With("label=1");
        Assert.True(Ink(ones.With("thickness")) > 1.2 * Ink(ones.Without("thickness")));
        Assert.True(Lean(ones.With("slant")) > 0.05);
        Assert.True(Lean(ones.Without("slant")) < -0.05);

        static double Ink(ImageSet set) => set.Pixels.Average(pixel => (double)pixel);

        // The slope of the least-squares line x = a − b · y through the ink of all images.
        static double Lean(ImageSet set)
        {
            double xy = 0, yy = 0;
            for (int i = 0; i < set.Pixels.Length; i++)
            {
                double x = i % 28 - 13.5, y = i / 28 % 28 - 13.5;
                xy += set.Pixels[i] * x * y;
                yy += set.Pixels[i] * y * y;
            }
            return -xy / yy;
        }
    }

    [Fact]
    public void DrawingsAreStrokesInsideTheFrame()
    {
        ImageSet set = SyntheticDigits.Create(1000, 6);
        for (int i = 0; i < set.Count; i++)
        {
            byte[] image = set[i].ToArray();
            Assert.Equal(255, image.Max());
            Assert.InRange(image.Count(p => p > 0), 30, 400);
            int[] border = [.. Enumerable.Range(0, 28).SelectMany(k => new[] { k, 27 * 28 + k, k * 28, k * 28 + 27 })];
            Assert.InRange(border.Count(k => image[k] > 0), 0, 10);
        }
    }

    [Fact]
    public void ANearestClassMeanTellsTheClassesApart()
    {
        ImageSet train = SyntheticDigits.Create(4000, 7), test = SyntheticDigits.Create(500, 8);
        double[][] means = new double[14][];
        for (int label = 0; label < 14; label++)
        {
            int[] members = [.. Enumerable.Range(0, train.Count).Where(i => train.Labels![i] == label)];
            means[label] = [.. Enumerable.Range(0, 784).Select(p => members.Average(i => (double)train[i][p]))];
        }
        double Distance(int i, double[] mean)
        {
            double sum = 0;
            for (int p = 0; p < 784; p++)
                sum += (test[i][p] - mean[p]) * (test[i][p] - mean[p]);
            return sum;
        }
        int Nearest(int i) => Enumerable.Range(0, 14).MinBy(label => Distance(i, means[label]));
        int right = Enumerable.Range(0, test.Count).Count(i => Nearest(i) == test.Labels![i]);
        Assert.InRange(right, 350, 499); // drawings are legible, and not so alike that there is nothing to learn
    }
}
