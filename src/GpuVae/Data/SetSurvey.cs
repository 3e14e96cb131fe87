using System.IO.Hashing;
using System.Numerics.Tensors;

namespace GpuVae.Data;

/// <summary>Some images of a set that are odd in one way.</summary>
/// <param name="Images">The numbers of the first ones.</param>
/// <param name="Count">All of them.</param>
public sealed record OddImages(IReadOnlyList<int> Images, int Count);

/// <summary>
/// What is in a set, found by going through it twice before anything is trained: range, labels, the mean image, and images that are likely
/// to be mistakes.
/// </summary>
public sealed class SetSurvey
{
    /// <summary>How many of the odd images are named.</summary>
    public const int MostNamed = 20;

    // Of the distances from the mean image: so many deviations beyond their mean.
    private const double FarDeviations = 5;

    private readonly List<int> constant = [], duplicates = [];
    private readonly List<(int Image, double Distance)> far = [];

    private SetSurvey(ImageSet images)
    {
        Images = images;
        Mean = new float[images.PixelsPerImage];
    }

    /// <summary>What was looked at.</summary>
    public ImageSet Images { get; }

    /// <summary>The least value, as a model sees it.</summary>
    public float Least { get; private set; } = float.PositiveInfinity;

    /// <summary>The greatest value, as a model sees it.</summary>
    public float Greatest { get; private set; } = float.NegativeInfinity;

    /// <summary>Of all values.</summary>
    public double Average { get; private set; }

    /// <summary>The standard deviation of all values.</summary>
    public double Deviation { get; private set; }

    /// <summary>The mean image, [channels, height, width].</summary>
    public float[] Mean { get; }

    /// <summary>Images of each label, by its number; empty where there are no labels.</summary>
    public IReadOnlyList<int> LabelCounts { get; private set; } = [];

    /// <summary>Images of one value throughout.</summary>
    public OddImages Constant => new([.. constant.Take(MostNamed)], constant.Count);

    /// <summary>Images that were there before, to the bit.</summary>
    public OddImages Duplicates => new([.. duplicates.Take(MostNamed)], duplicates.Count);

    /// <summary>Images much farther from the mean image than others, the farthest first.</summary>
    public OddImages FarFromMean => new(
        [.. far.OrderByDescending(image => image.Distance).Take(MostNamed).Select(image => image.Image)], far.Count);

    /// <summary>Goes through a set.</summary>
    /// <exception cref="BadInputException">An image cannot be read, or has a value that is no finite number.</exception>
    /// <exception cref="OperationCanceledException">The token asked to stop.</exception>
    public static SetSurvey Of(ImageSet images, CancellationToken cancellation = default)
    {
        images.Values.RequireFinite();
        var survey = new SetSurvey(images);
        survey.Count(cancellation);
        survey.Measure(cancellation);
        if (images.Labels is { Length: > 0 } labels)
        {
            int[] counts = new int[Math.Max(images.LabelNames?.Length ?? 0, labels.Max() + 1)];
            foreach (int label in labels)
                counts[label]++;
            survey.LabelCounts = counts;
        }
        return survey;
    }

    private void Count(CancellationToken cancellation)
    {
        var seen = new HashSet<UInt128>();
        double[] sums = new double[Mean.Length];
        double squares = 0;
        ForEach((i, image) =>
        {
            (float low, float high) = (TensorPrimitives.Min<float>(image), TensorPrimitives.Max<float>(image));
            (Least, Greatest) = (Math.Min(Least, low), Math.Max(Greatest, high));
            if (low == high)
                constant.Add(i);
            if (!seen.Add(XxHash128.HashToUInt128(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(image))))
                duplicates.Add(i);
            for (int p = 0; p < sums.Length; p++)
                sums[p] += image[p];
            squares += TensorPrimitives.SumOfSquares<float>(image);
        }, cancellation);
        for (int p = 0; p < sums.Length; p++)
            Mean[p] = (float)(sums[p] / Images.Count);
        Average = sums.Sum() / Images.Count / sums.Length;
        Deviation = Math.Sqrt(Math.Max(0, squares / Images.Count / sums.Length - Average * Average));
    }

    private void Measure(CancellationToken cancellation)
    {
        double[] distances = new double[Images.Count];
        ForEach((i, image) => distances[i] = TensorPrimitives.Distance<float>(image, Mean), cancellation);
        double mean = distances.Average(), deviation = Math.Sqrt(distances.Average(distance => (distance - mean) * (distance - mean)));
        for (int i = 0; i < distances.Length; i++)
            if (distances[i] > mean + FarDeviations * deviation)
                far.Add((i, distances[i]));
    }

    private void ForEach(Action<int, float[]> visit, CancellationToken cancellation)
    {
        const int valuesAtOnce = 1 << 20;
        int pixels = Images.PixelsPerImage, size = Images.Format.BytesPerValue(), most = Math.Clamp(valuesAtOnce / pixels, 1, Images.Count);
        byte[] raw = new byte[most * pixels * size];
        float[] image = new float[pixels];
        for (int first = 0; first < Images.Count; first += most)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = Math.Min(most, Images.Count - first);
            Images.Source.Read([.. Enumerable.Range(first, count)], raw.AsSpan(0, count * pixels * size));
            for (int i = 0; i < count; i++)
            {
                Images.Format.ToFloats(raw.AsSpan(i * pixels * size, pixels * size), image);
                visit(first + i, image);
            }
        }
    }
}
