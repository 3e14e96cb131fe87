namespace GpuVae.Imaging;

/// <summary>A grid of images, enlarged, with names before its rows and above its columns.</summary>
/// <param name="Shape">Of an image.</param>
/// <param name="Columns">Images in a row; 0 for a grid as square as possible.</param>
public sealed record CaptionedGrid(ImageShape Shape, int Columns = 0)
{
    /// <summary>The width that a grid has at least where nobody gives a scale.</summary>
    public const int UsualWidth = 600;

    /// <summary>The largest <see cref="Scale"/>.</summary>
    public const int MaxScale = 64;

    private const int MaxPixels = 1 << 24;
    private const byte Background = 32, Ink = 216;

    /// <summary>How many times as large as it is an image is shown; 0 for as many as make <see cref="UsualWidth"/>.</summary>
    public int Scale { get; init; }

    /// <summary>Of the rows, from the first on; may be fewer.</summary>
    public IReadOnlyList<string> RowNames { get; init; } = [];

    /// <summary>Of the columns, likewise.</summary>
    public IReadOnlyList<string> ColumnNames { get; init; } = [];

    /// <param name="images">[n, channels, height, width] in [0, 1]; values outside are clamped, NaN becomes 0.</param>
    /// <exception cref="ArgumentException">There is no image, or the length is no whole number of images.</exception>
    public Image Compose(ReadOnlySpan<float> images) => Compose(ImageGrid.ToBytes(images));

    /// <summary>The same of values from 0 to 255.</summary>
    /// <exception cref="ArgumentException">There is no image, or the length is no whole number of images.</exception>
    public Image Compose(byte[] images)
    {
        int count = images.Length / Math.Max(Shape.Pixels, 1);
        int columns = Math.Max(1, Math.Min(Columns > 0 ? Columns : (int)Math.Ceiling(Math.Sqrt(count)), count));
        int scale = Scale > 0 ? Math.Min(Scale, MaxScale) : ScaleFor(columns, (count + columns - 1) / columns);
        int padding = scale > 1 ? 4 : 2, width = Shape.Width * scale, height = Shape.Height * scale;
        Image grid = ImageGrid.Compose(
            Enlarge(images, scale), width, height, Shape.Channels, columns, padding, Background);
        if (RowNames.Count + ColumnNames.Count == 0)
            return grid;

        int letter = scale > 1 ? 2 : 1, gap = 3 * letter;
        int left = RowNames.Count == 0 ? 0 : RowNames.Max(PixelFont.WidthOf) * letter + 2 * gap;
        int top = ColumnNames.Count == 0 ? 0 : PixelFont.Height * letter + 2 * gap;
        var picture = new Image(left + grid.Width, top + grid.Height, grid.Channels);
        picture.Pixels.AsSpan().Fill(Background);
        int row = grid.Width * grid.Channels;
        for (int y = 0; y < grid.Height; y++)
            grid.Pixels.AsSpan(y * row, row).CopyTo(picture.Pixels.AsSpan(((top + y) * picture.Width + left) * grid.Channels));
        for (int i = 0; i < RowNames.Count; i++)
        {
            int middle = top + padding + i * (height + padding) + height / 2;
            PixelFont.Draw(picture, RowNames[i], gap, middle - PixelFont.Height * letter / 2, letter, Ink);
        }
        for (int i = 0; i < Math.Min(ColumnNames.Count, columns); i++)
        {
            // What is wider than its column loses its end.
            string name = ColumnNames[i];
            name = name[..Math.Min(name.Length, (width + padding) / (PixelFont.Advance * letter))];
            int middle = left + padding + i * (width + padding) + width / 2;
            PixelFont.Draw(picture, name, middle - PixelFont.WidthOf(name) * letter / 2, gap, letter, Ink);
        }
        return picture;
    }

    /// <summary>Larger grids than this make are not made larger still.</summary>
    private int ScaleFor(int columns, int rows)
    {
        int scale = 1;
        while (scale < MaxScale && columns * Shape.Width * scale < UsualWidth
            && (long)columns * rows * Shape.Width * Shape.Height * (scale + 1) * (scale + 1) <= MaxPixels)
            scale++;
        return scale;
    }

    /// <summary>[n, channels, height, width], each pixel so many times in both directions.</summary>
    private byte[] Enlarge(byte[] images, int scale)
    {
        if (scale == 1)
            return images;
        int width = Shape.Width, rows = images.Length / width;
        byte[] large = new byte[checked(images.Length * scale * scale)];
        for (int row = 0; row < rows; row++)
        {
            Span<byte> first = large.AsSpan(row * scale * width * scale, width * scale);
            for (int x = 0; x < width; x++)
                first.Slice(x * scale, scale).Fill(images[row * width + x]);
            for (int y = 1; y < scale; y++)
                first.CopyTo(large.AsSpan((row * scale + y) * width * scale));
        }
        return large;
    }
}
