namespace GpuVae.Data;

/// <summary>A set of images that is made instead of read; its name stands where a path would.</summary>
/// <param name="Name">Such as <c>faces</c>.</param>
/// <param name="Description">What its images are, in a few words.</param>
/// <param name="DefaultCount">How many images are made for training where nothing is said.</param>
/// <param name="PixelsPerImage">Channels · height · width.</param>
public sealed record BuiltInSet(string Name, string Description, int DefaultCount, int PixelsPerImage)
{
    private const int FacePixels = 3 * SyntheticFaces.Size * SyntheticFaces.Size;

    /// <summary>All of them; the first is meant where nothing is named.</summary>
    public static IReadOnlyList<BuiltInSet> All { get; } =
    [
        new("digits", "digits and shapes, 28×28, grey", 40_000, SyntheticDigits.Size * SyntheticDigits.Size)
        {
            Create = SyntheticDigits.Create,
        },
        new("faces", "cartoon faces, 64×64, RGB, painted", 20_000, FacePixels)
        {
            Create = (count, seed, cancellation) => SyntheticFaces.Create(count, seed, FaceStyle.Painted, cancellation),
        },
        new("faces:drawn", "the same faces as line drawings", 20_000, FacePixels)
        {
            Create = (count, seed, cancellation) => SyntheticFaces.Create(count, seed, FaceStyle.Drawn, cancellation),
        },
        new("faces:both", "half of the faces painted, half drawn, with the style as label", 20_000, FacePixels)
        {
            Create = SyntheticFaces.CreateInBothStyles,
        },
    ];

    /// <summary>
    /// Makes so many images from a seed; image i is a function of the seed and i. The token is looked at between two images.
    /// </summary>
    public required Func<int, ulong, CancellationToken, ImageSet> Create { get; init; }

    /// <summary>The set of that name; null where a path is meant.</summary>
    public static BuiltInSet? Find(string? name) => name is null ? All[0] : All.FirstOrDefault(set => set.Name == name);
}
