using GpuVae.Data;
using GpuVae.Imaging;

namespace GpuVae.Tests.Probes;

/// <summary>
/// Tells the labels of grey 28 × 28 images, such as MNIST's, by a linear probe on their edges, fitted to real ones. Judges generated
/// digits.
/// </summary>
internal sealed class DigitClassifier
{
    private const int Size = 28, Spacing = 4;

    private readonly LinearProbe probe;

    /// <summary>Fits the first <paramref name="count"/> images of a set with labels.</summary>
    public DigitClassifier(ImageSet images, int count = 20_000)
    {
        count = Math.Min(count, images.Count);
        int[] labels = images.Labels![..count];
        probe = LinearProbe.Fit(Features(images.Pixels.AsSpan(0, count * Size * Size).ToArray()), labels, labels.Max() + 1);
    }

    /// <summary>The label of each image of <paramref name="images"/>, [n, 784] in [0, 1].</summary>
    public int[] Tell(float[] images) => probe.Predict(Features(ImageGrid.ToBytes(images)));

    /// <summary>The label of each image of <paramref name="images"/>, [n, 784] in [0, 1], and how sure it is.</summary>
    public (int Label, double Probability)[] Judge(float[] images) => probe.Judge(Features(ImageGrid.ToBytes(images)));

    /// <inheritdoc cref="Tell(float[])"/>
    public int[] Tell(ImageSet images) => probe.Predict(Features(images.Pixels));

    private static float[] Features(byte[] pixels)
    {
        int count = pixels.Length / (Size * Size);
        float[][] rows = new float[count][];
        Parallel.For(0, count, i => rows[i] = ImageFeatures.Edges(pixels.AsSpan(i * Size * Size, Size * Size), Size, Size, Spacing));
        float[] features = new float[count * rows[0].Length];
        for (int i = 0; i < count; i++)
            rows[i].CopyTo(features, i * rows[0].Length);
        return features;
    }
}
