using System.Globalization;

namespace GpuVae.Options;

/// <summary>Width and height in pixels.</summary>
public readonly record struct ImageSize(int Width, int Height)
{
    private const int MaxSide = 4096;

    /// <summary>Reads "N" (square) or "WxH".</summary>
    /// <exception cref="BadInputException">The text is neither, or a side is out of range.</exception>
    public static ImageSize Parse(string text)
    {
        string[] parts = text.Split('x', 'X', '×');
        if (parts.Length <= 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int width)
            && int.TryParse(parts[^1], NumberStyles.None, CultureInfo.InvariantCulture, out int height)
            && width is > 0 and <= MaxSide && height is > 0 and <= MaxSide)
            return new ImageSize(width, height);
        throw new BadInputException(
            $"DataOptions.Size = {text}: give a side such as 28, or width and height such as 64x48, from 1 to {MaxSide}.");
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Width}×{Height}";
}

/// <summary>Which images are read, and how they are brought into one form.</summary>
public sealed record DataOptions
{
    /// <summary>
    /// Photographs of cameras have up to 24 million pixels; to decode so many takes up to 400 MB, see <see cref="MaxPixels"/>.
    /// </summary>
    public const long DefaultMaxPixels = 25_000_000;

    /// <summary>The largest <see cref="MaxPixels"/>: four bytes of each must fit into an array.</summary>
    public const long GreatestMaxPixels = 500_000_000;

    /// <summary>The size every image is brought to; null keeps the size, which must then be the same for all.</summary>
    public ImageSize? Size { get; init; }

    /// <summary>1 for grey, 3 for RGB; null takes what the images have.</summary>
    public int? Channels { get; init; }

    /// <summary>
    /// The most pixels that a picture may have, from 1 to <see cref="GreatestMaxPixels"/>; a set that is read may keep 16 times as many
    /// values (channels · height · width · images). What a file declares is compared with it before anything is decoded.
    /// </summary>
    public long MaxPixels { get; init; } = DefaultMaxPixels;

    /// <summary>The index of the first image to take of what is read, from 0.</summary>
    public int First { get; init; }

    /// <summary>The most images to take, from <see cref="First"/> on; those after them are not read. Null takes all.</summary>
    public int? Limit { get; init; }

    /// <summary>Draws a built-in set, and the split where no test set is given.</summary>
    public ulong Seed { get; init; }

    /// <summary>
    /// How many images of a built-in set are for training, by default as many as the set says; a tenth as many are made for testing.
    /// </summary>
    public int? SyntheticCount { get; init; }

    /// <summary>Where the test set is, in the same forms as the training set; null looks beside the training set, else splits.</summary>
    public string? TestSpec { get; init; }

    /// <summary>
    /// The share of the training images, above 0 and below 1, that is taken out of them for testing, in the place of a test set beside
    /// them.
    /// </summary>
    public double? TestSplit { get; init; }

    /// <summary>The share of the training images, below 1, that choices are made by; 0 for none.</summary>
    public double ValidationSplit { get; init; }

    /// <summary>
    /// Whether images are read from the disk each time that they are needed, of any number in bounded memory: those of folders, zip and tar
    /// archives, .npy and CIFAR's files and plain IDX. Others are taken into memory all the same.
    /// </summary>
    public bool IsStreamed { get; init; }

    /// <summary>The values that a set may keep.</summary>
    internal long MaxValues => Math.Min(16 * MaxPixels, Array.MaxLength);

    /// <summary>Which of <paramref name="count"/> images are to be taken.</summary>
    /// <exception cref="BadInputException">There is no first one.</exception>
    internal (int First, int Count) Taken(int count, string name)
    {
        if (First < 0 || First >= count)
            throw new BadInputException($"DataOptions.First = {First}: {name} has the images 0 to {count - 1}.");
        return (First, Math.Min(Limit ?? count, count - First));
    }

    /// <exception cref="BadInputException">A set of so many values is more than may be kept.</exception>
    internal void RequireKeeps(long values, string name)
    {
        if (values > MaxValues)
            throw new BadInputException(
                $"{name} would take {values} values (channels · height · width · images); at most {MaxValues} are kept. Choose a smaller "
                + "DataOptions.Size or fewer images, or raise DataOptions.MaxPixels, of which it is 16 times as many.");
    }
}
