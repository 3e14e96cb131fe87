namespace GpuVae.Imaging;

/// <summary>Lays equally sized images out as one picture, row by row.</summary>
public static class ImageGrid
{
    /// <summary>
    /// <paramref name="images"/> is [N, channels, height, width], planar. With 0 <paramref name="columns"/> the grid is as square as
    /// possible. Of many channels the first three are shown, of 2 the first. <paramref name="padding"/> pixels of the grey value
    /// <paramref name="background"/> lie around and between the images.
    /// </summary>
    /// <exception cref="ArgumentException">There is no image, or the length is no whole number of images.</exception>
    public static Image Compose(
        ReadOnlySpan<byte> images, int width, int height, int channels, int columns = 0, int padding = 2, byte background = 32)
    {
        int size = width * height * channels;
        if (images.IsEmpty || images.Length % size != 0)
            throw new ArgumentException(
                $"{images.Length} values are no whole number of images of {channels}×{height}×{width}.", nameof(images));
        int count = images.Length / size;
        if (columns <= 0)
            columns = (int)Math.Ceiling(Math.Sqrt(count));
        columns = Math.Min(columns, count);
        int rows = (count + columns - 1) / columns;
        channels = Image.Shown(channels);
        var grid = new Image(columns * (width + padding) + padding, rows * (height + padding) + padding, channels);
        grid.Pixels.AsSpan().Fill(background);
        for (int n = 0; n < count; n++)
        {
            int left = padding + n % columns * (width + padding), top = padding + n / columns * (height + padding);
            for (int c = 0; c < channels; c++)
                for (int y = 0; y < height; y++)
                    for (int x = 0; x < width; x++)
                        grid.Pixels[((top + y) * grid.Width + left + x) * channels + c] = images[n * size + (c * height + y) * width + x];
        }
        return grid;
    }

    /// <summary>The same for values in [0, 1]; values outside are clamped, NaN becomes 0.</summary>
    /// <exception cref="ArgumentException">There is no image, or the length is no whole number of images.</exception>
    public static Image Compose(
        ReadOnlySpan<float> images, int width, int height, int channels, int columns = 0, int padding = 2, byte background = 32) =>
        Compose(ToBytes(images), width, height, channels, columns, padding, background);

    /// <summary>[0, 1] to 0…255, to the nearest; values outside are clamped, NaN becomes 0.</summary>
    public static byte[] ToBytes(ReadOnlySpan<float> values)
    {
        byte[] bytes = new byte[values.Length];
        for (int i = 0; i < bytes.Length; i++)
            bytes[i] = values[i] > 0 ? (byte)(Math.Min(values[i], 1f) * 255f + 0.5f) : (byte)0;
        return bytes;
    }
}
