using System.Collections.Concurrent;
using GpuVae.Data;
using GpuVae.Imaging;
using GpuVae.Options;

namespace GpuVae.Tests.Probes;

/// <summary>
/// Tells the factors of faces from their pixels, by linear probes that were fitted to real built-in faces, each when it is first asked.
/// Judges edited and generated faces.
/// </summary>
/// <param name="style">Of the faces to judge.</param>
/// <param name="size">Width and height of the faces to judge, 64 or less.</param>
internal sealed class FaceProbes(FaceStyle style, int size = SyntheticFaces.Size)
{
    private const int TrainingFaces = 6000;

    private readonly Lazy<(ImageSet Faces, float[] Features)> training = new(() =>
    {
        ImageSet faces = Faces(TrainingFaces, seed: 0xFACE, style, size);
        return (faces, Features(faces.Pixels, size));
    });

    private readonly ConcurrentDictionary<string, Lazy<LinearProbe>> probes = new();

    /// <summary>What painted faces can be asked: the names of their categorical factors, and <c>smile</c>.</summary>
    public static IReadOnlyList<string> Painted { get; } =
        ["skin", "hair", "hair-colour", "eyes", "eye-colour", "glasses", "hat", "background", "smile"];

    /// <summary>What line drawings can be asked: what does not show in colours only.</summary>
    public static IReadOnlyList<string> Drawn { get; } = ["hair", "eyes", "glasses", "hat", "smile"];

    /// <summary>Built-in faces brought to a size.</summary>
    public static ImageSet Faces(int count, ulong seed, FaceStyle style, int size = SyntheticFaces.Size) =>
        DataSource.Convert(SyntheticFaces.Create(count, seed, style), new DataOptions { Size = new ImageSize(size, size) });

    /// <summary>
    /// The class of each face of <paramref name="images"/>, [n, 3 · size · size] in [0, 1]: of a categorical factor the index into its
    /// value names, of a continuous one whether it is above its threshold.
    /// </summary>
    public int[] Tell(string factor, float[] images) => TellFrom(factor, Features(ImageGrid.ToBytes(images), size));

    /// <inheritdoc cref="Tell(string, float[])"/>
    public int[] Tell(string factor, ImageSet images) => TellFrom(factor, Features(images.Pixels, size));

    /// <summary>
    /// The share of faces, [n, 3 · size · size] in [0, 1], of which the probe of <paramref name="factor"/> gives one class a probability of
    /// 0.9 and more.
    /// </summary>
    public double Clear(string factor, float[] images) =>
        Probe(factor).Judge(Features(ImageGrid.ToBytes(images), size)).Average(answer => answer.Probability >= 0.9 ? 1.0 : 0);

    /// <summary>Whether each face has an attribute of the built-in faces, such as <c>glasses</c> or <c>hair=long</c>.</summary>
    public bool[] Has(string attribute, float[] images)
    {
        Factor factor = training.Value.Faces.Factors.First(f => f.Answer(attribute) is not null);
        int[] classes = Tell(factor.Name, images);
        return factor.ValueNames is null
            ? Array.ConvertAll(classes, c => c == 1)
            : Factor.Categorical(factor.Name, factor.ValueNames, classes).Answer(attribute)!;
    }

    /// <summary>The true classes of faces, in the terms of <see cref="Tell(string, ImageSet)"/>.</summary>
    public static int[] Truth(string factor, ImageSet faces)
    {
        Factor of = faces.Factors.Single(f => f.Name == factor);
        return Array.ConvertAll(of.Values, value => of.ValueNames is null ? (value > of.Threshold ? 1 : 0) : (int)value);
    }

    private int[] TellFrom(string factor, float[] features) => Probe(factor).Predict(features);

    private LinearProbe Probe(string factor) => probes.GetOrAdd(factor, name => new Lazy<LinearProbe>(() =>
    {
        (ImageSet faces, float[] known) = training.Value;
        int classes = faces.Factors.Single(f => f.Name == name).ValueNames?.Length ?? 2;
        return LinearProbe.Fit(known, Truth(name, faces), classes);
    })).Value;

    /// <summary>Pixels; of large images the means of 2 × 2.</summary>
    private static float[] Features(byte[] pixels, int size)
    {
        int perImage = 3 * size * size, block = size > 32 ? 2 : 1, perFeatures = perImage / (block * block);
        float[] features = new float[pixels.Length / (block * block)];
        Parallel.For(0, pixels.Length / perImage, i =>
        {
            ReadOnlySpan<byte> image = pixels.AsSpan(i * perImage, perImage);
            ImageFeatures.Means(image, size, size, 3, block).CopyTo(features, i * perFeatures);
        });
        return features;
    }
}
