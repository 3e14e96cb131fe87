using System.Numerics.Tensors;
using MathNet.Numerics.LinearAlgebra;

namespace GpuVae.Data;

/// <summary>What the pixels of a set are like, by a few hundred of its images from all over it.</summary>
internal sealed class PixelFacts
{
    // To look must cost next to nothing beside an epoch.
    private const int MaxImages = 256, MaxPixels = 1 << 22;

    private readonly float[] values, mean;
    private readonly int count;

    public PixelFacts(ImageSet images)
    {
        values = Sample(images);
        count = values.Length / images.PixelsPerImage;
        mean = new float[images.PixelsPerImage];
        for (int i = 0; i < count; i++)
            TensorPrimitives.MultiplyAdd(Image(i), 1f / count, mean, mean);
        Grey = values.Count(value => value is > 0.1f and < 0.9f) / (double)values.Length;
        Bits = values.Count(value => value is 0 or 1) / (double)values.Length;
    }

    /// <summary>The share that is neither nearly black nor nearly white.</summary>
    public double Grey { get; }

    /// <summary>The share that is exactly black or white.</summary>
    public double Bits { get; }

    /// <summary>Of all values, in [0, 1].</summary>
    public double Mean => TensorPrimitives.Average<float>(mean);

    /// <summary>Whether grey levels are no more than the edges of black and white, which a probability of white describes.</summary>
    public bool AreBlackAndWhite => Grey < 0.25;

    /// <summary>Whether a probability of white says little of them.</summary>
    public bool AreGrey => Grey > 0.5;

    /// <summary>Whether a density can grow on them without a bound.</summary>
    public bool AreBits => Bits > 0.999;

    /// <summary>Of a pixel from image to image, averaged over the pixels.</summary>
    public double Variance()
    {
        double squares = 0;
        for (int i = 0; i < count; i++)
        {
            float distance = TensorPrimitives.Distance(Image(i), mean);
            squares += (double)distance * distance;
        }
        return squares / values.Length;
    }

    /// <summary>Principal components that hold nine tenths of the variance; no more than there are images looked at.</summary>
    public int Components()
    {
        float[] centred = new float[values.Length];
        int pixels = mean.Length;
        for (int i = 0; i < count; i++)
            TensorPrimitives.Subtract(Image(i), mean, centred.AsSpan(i * pixels, pixels));
        // The products of images with each other have the same values other than 0 as those of pixels.
        Matrix<double> products = Matrix<double>.Build.Dense(count, count, (a, b) =>
            TensorPrimitives.Dot<float>(centred.AsSpan(a * pixels, pixels), centred.AsSpan(b * pixels, pixels)));
        double[] variances =
        [
            .. products.Evd(Symmetricity.Symmetric).EigenValues.Select(value => Math.Max(value.Real, 0)).OrderDescending(),
        ];
        double left = 0.9 * variances.Sum();
        return Math.Max(variances.TakeWhile(variance => (left -= variance) > 0).Count() + 1, 1);
    }

    /// <summary>Images from all over the set, [n, pixels], as a model sees them.</summary>
    public static float[] Sample(ImageSet set)
    {
        int pixels = set.PixelsPerImage, count = Math.Min(set.Count, Math.Clamp(MaxPixels / pixels, 1, MaxImages));
        float[] part = new float[count * pixels];
        set.CopyRows([.. Enumerable.Range(0, count).Select(i => Place(set, i, count))], part);
        return part;
    }

    /// <summary>Which image of the set the sample's image <paramref name="i"/> of <paramref name="count"/> is.</summary>
    public static int Place(ImageSet set, int i, int count) => (int)((long)i * set.Count / count);

    private ReadOnlySpan<float> Image(int i) => values.AsSpan(i * mean.Length, mean.Length);
}
