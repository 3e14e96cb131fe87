namespace GpuVae.Imaging;

/// <summary>Changes the size of images. Filters run on the stored values, as training pipelines do, not on linear light.</summary>
public static class Resize
{
    /// <summary>
    /// Brings an image to exactly width × height: crops the largest centred part of that aspect ratio, then averages areas when
    /// shrinking and interpolates with Lanczos-3 when enlarging.
    /// </summary>
    public static Image Fit(Image image, int width, int height)
    {
        Image cropped = CentreCrop(image, width, height);
        return cropped.Width >= width && cropped.Height >= height ? Area(cropped, width, height) : Lanczos3(cropped, width, height);
    }

    /// <summary>The largest centred part whose aspect ratio is <paramref name="aspectWidth"/> : <paramref name="aspectHeight"/>.</summary>
    public static Image CentreCrop(Image image, int aspectWidth, int aspectHeight)
    {
        int width = image.Width, height = image.Height;
        if ((long)width * aspectHeight > (long)height * aspectWidth)
            width = Math.Max(1, (int)((long)height * aspectWidth / aspectHeight));
        else
            height = Math.Max(1, (int)((long)width * aspectHeight / aspectWidth));
        if (width == image.Width && height == image.Height)
            return image;
        var result = new Image(width, height, image.Channels);
        int left = (image.Width - width) / 2, top = (image.Height - height) / 2, rowBytes = width * image.Channels;
        for (int y = 0; y < height; y++)
            image.Row(top + y).Slice(left * image.Channels, rowBytes).CopyTo(result.Pixels.AsSpan(y * rowBytes));
        return result;
    }

    /// <summary>Each new pixel is the mean of the area it covers, fractions of pixels included.</summary>
    public static Image Area(Image image, int width, int height) =>
        Resample(image, Taps.Area(image.Width, width), Taps.Area(image.Height, height));

    /// <summary>
    /// Convolves with sinc(x) · sinc(x / 3), |x| &lt; 3, widened by the factor of reduction when shrinking (Turkowski, "Filters for common
    /// resampling tasks", Graphics Gems, 1990). Edges repeat by renormalising the weights that remain inside.
    /// </summary>
    public static Image Lanczos3(Image image, int width, int height) =>
        Resample(image, Taps.Lanczos3(image.Width, width), Taps.Lanczos3(image.Height, height));

    /// <summary>Separable: rows first, into floats so that nothing is rounded twice, then columns.</summary>
    private static Image Resample(Image image, Taps[] horizontal, Taps[] vertical)
    {
        int width = horizontal.Length, height = vertical.Length, channels = image.Channels, stride = width * channels;
        if (width == image.Width && height == image.Height)
            return image;
        float[] rows = new float[checked(stride * image.Height)];
        for (int y = 0; y < image.Height; y++)
        {
            ReadOnlySpan<byte> source = image.Row(y);
            for (int x = 0; x < width; x++)
            {
                (int first, float[] weights) = (horizontal[x].First, horizontal[x].Weights);
                for (int c = 0; c < channels; c++)
                {
                    float sum = 0;
                    for (int k = 0; k < weights.Length; k++)
                        sum += weights[k] * source[(first + k) * channels + c];
                    rows[y * stride + x * channels + c] = sum;
                }
            }
        }

        var result = new Image(width, height, channels);
        for (int y = 0; y < height; y++)
        {
            (int first, float[] weights) = (vertical[y].First, vertical[y].Weights);
            for (int i = 0; i < stride; i++)
            {
                float sum = 0;
                for (int k = 0; k < weights.Length; k++)
                    sum += weights[k] * rows[(first + k) * stride + i];
                result.Pixels[y * stride + i] = (byte)(Math.Clamp(sum, 0, 255) + 0.5f);
            }
        }
        return result;
    }

    /// <summary>What one new pixel takes along one axis: source pixels from <c>First</c> on, with weights that add up to 1.</summary>
    private readonly record struct Taps(int First, float[] Weights)
    {
        public static Taps[] Area(int from, int to) => Make(from, to, support: 0.5, (distance, scale) =>
        {
            // The overlap of a source pixel, 1 wide, with the new pixel, `scale` wide, at that distance of their centres.
            double half = scale / 2;
            return Math.Max(0, Math.Min(distance + 0.5, half) - Math.Max(distance - 0.5, -half));
        });

        public static Taps[] Lanczos3(int from, int to) => Make(from, to, support: 3, (distance, scale) =>
        {
            double x = Math.PI * distance / Math.Max(scale, 1);
            return Math.Abs(x) >= 3 * Math.PI ? 0 : Math.Abs(x) < 1e-9 ? 1 : 3 * Math.Sin(x) * Math.Sin(x / 3) / (x * x);
        });

        private static Taps[] Make(int from, int to, double support, Func<double, double, double> weight)
        {
            double scale = (double)from / to, reach = support * Math.Max(scale, 1) + 0.5;
            var taps = new Taps[to];
            for (int i = 0; i < to; i++)
            {
                double centre = (i + 0.5) * scale;
                int first = Math.Max(0, (int)Math.Floor(centre - reach)), end = Math.Min(from, (int)Math.Ceiling(centre + reach));
                double[] weights = new double[end - first];
                for (int k = 0; k < weights.Length; k++)
                    weights[k] = weight(first + k + 0.5 - centre, scale);
                double total = weights.Sum();
                taps[i] = new Taps(first, [.. weights.Select(w => (float)(w / total))]);
            }
            return taps;
        }
    }
}
