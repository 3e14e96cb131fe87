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

    public override string ToString() => $"{Width}×{Height}";
}

/// <summary>How images are brought into one form.</summary>
public sealed record DataOptions
{
    /// <summary>The size every image is brought to; null keeps the size, which must then be the same for all.</summary>
    public ImageSize? Size { get; init; }

    /// <summary>1 for grey, 3 for RGB; null takes what the images have.</summary>
    public int? Channels { get; init; }

    /// <summary>Draws a built-in set, and the split where no test set is given.</summary>
    public ulong Seed { get; init; }

    /// <summary>
    /// How many images of a built-in set are for training, by default as many as the set says; a tenth as many are made for testing.
    /// </summary>
    public int? SyntheticCount { get; init; }

    /// <summary>Where the test set is, in the same forms as the training set; null looks beside the training set, else splits.</summary>
    public string? TestSpec { get; init; }
}
