using GpuVae.Imaging;
using GpuVae.Options;

namespace GpuVae.Applications;

/// <summary>A half of an image.</summary>
public enum ImageHalf
{
    Upper,
    Lower,
    Left,
    Right,
}

/// <summary>Which pixels of an image are hidden, in all its channels.</summary>
public sealed class Mask
{
    private readonly bool[] hidden;

    private Mask(int width, int height, Func<int, int, bool> isHidden)
    {
        (Width, Height) = (width, height);
        hidden = new bool[checked(width * height)];
        for (int i = 0; i < hidden.Length; i++)
            hidden[i] = isHidden(i % width, i / width);
    }

    public int Width { get; }

    public int Height { get; }

    /// <summary>Pixels that are hidden.</summary>
    public int HiddenCount => hidden.Count(isHidden => isHidden);

    /// <summary>Whether the pixel in a column of a row is hidden.</summary>
    public bool this[int x, int y] => hidden[y * Width + x];

    /// <summary>White pixels are hidden; where the picture has transparent pixels, these are.</summary>
    public static Mask FromImage(Image image)
    {
        int last = image.Channels - 1;
        bool hasAlpha = image.Channels == 4 && Enumerable.Range(0, image.Width * image.Height).Any(i => image.Pixels[4 * i + last] < 255);
        byte[] grey = image.WithChannels(1).Pixels;
        return new Mask(image.Width, image.Height, (x, y) =>
        {
            int i = y * image.Width + x;
            return hasAlpha ? image.Pixels[4 * i + last] < 128 : grey[i] >= 128;
        });
    }

    /// <summary>Hides a rectangle; what of it lies outside the image is cut off.</summary>
    public static Mask Rectangle(int width, int height, int left, int top, int rectangleWidth, int rectangleHeight) =>
        new(width, height, (x, y) =>
            x >= left && x - left < (long)rectangleWidth && y >= top && y - top < (long)rectangleHeight);

    /// <summary>Hides one half; of an odd side the middle stays.</summary>
    public static Mask Half(int width, int height, ImageHalf half) => new(width, height, (x, y) => half switch
    {
        ImageHalf.Upper => 2 * y + 1 < height,
        ImageHalf.Lower => 2 * y + 1 > height,
        ImageHalf.Left => 2 * x + 1 < width,
        ImageHalf.Right => 2 * x + 1 > width,
        _ => throw new ArgumentOutOfRangeException(nameof(half), half, "no such half"),
    });

    /// <summary>Hides about <paramref name="fraction"/> of the pixels, each with that probability.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The fraction is not in [0, 1].</exception>
    public static Mask Random(int width, int height, double fraction, ulong seed)
    {
        if (!(fraction is >= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(fraction), fraction, "must lie in [0, 1]");
        var random = new Data.SplitMix64(seed);
        return new Mask(width, height, (_, _) => random.Uniform(0, 1) < fraction);
    }

    /// <summary>The images with their hidden pixels in mid-grey, to show what was given; [n, pixels].</summary>
    public float[] Show(ReadOnlySpan<float> images, ImageShape shape)
    {
        const float grey = 0.5f;
        float[] shown = images.ToArray();
        float[] seen = Seen(shape);
        for (int i = 0; i < shown.Length; i++)
            if (seen[i % seen.Length] == 0)
                shown[i] = grey;
        return shown;
    }

    /// <summary>1 for pixels that are seen and 0 for those that are hidden, [channels, height, width].</summary>
    /// <exception cref="BadInputException">The mask has another size than the image.</exception>
    internal float[] Seen(ImageShape shape)
    {
        if ((Width, Height) != (shape.Width, shape.Height))
            throw new BadInputException(
                $"The mask has {Width}×{Height} pixels, the images have {shape.Width}×{shape.Height}. Scale the mask to that size.");
        float[] seen = new float[shape.Pixels];
        for (int i = 0; i < seen.Length; i++)
            seen[i] = hidden[i % hidden.Length] ? 0 : 1;
        return seen;
    }
}
