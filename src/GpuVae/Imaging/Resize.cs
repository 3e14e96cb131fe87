using System.Numerics;
using SixLabors.ImageSharp.Processing;

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

    /// <inheritdoc cref="Fit(Image, int, int)"/>
    /// <remarks>Without alpha.</remarks>
    internal static DeepImage Fit(DeepImage image, int width, int height)
    {
        int channels = image.Channels;
        (int cropWidth, int cropHeight) = CropSize(image.Width, image.Height, width, height);
        ushort[] cropped = Crop(image.Pixels, image.Width, image.Height, channels, cropWidth, cropHeight);
        if (cropWidth < width || cropHeight < height)
            return ImageSharpCodec.Process(
                new DeepImage(cropWidth, cropHeight, channels, cropped),
                context => context.Resize(width, height, KnownResamplers.Lanczos3));
        if ((cropWidth, cropHeight) == (width, height))
            return new DeepImage(width, height, channels, cropped);
        ushort[] averaged = new ushort[width * height * channels];
        Average<ushort>(cropped, cropWidth, cropHeight, channels, averaged, width, height);
        return new DeepImage(width, height, channels, averaged);
    }

    /// <summary>Each pixel so many times in both directions.</summary>
    public static Image Nearest(Image image, int times)
    {
        if (times == 1)
            return image;
        var large = new Image(checked(image.Width * times), checked(image.Height * times), image.Channels);
        int channels = image.Channels;
        for (int y = 0; y < large.Height; y++)
            for (int x = 0; x < large.Width; x++)
                image.Pixels.AsSpan((y / times * image.Width + x / times) * channels, channels)
                    .CopyTo(large.Pixels.AsSpan((y * large.Width + x) * channels));
        return large;
    }

    /// <summary>The largest centred part whose aspect ratio is <paramref name="aspectWidth"/> : <paramref name="aspectHeight"/>.</summary>
    public static Image CentreCrop(Image image, int aspectWidth, int aspectHeight)
    {
        (int width, int height) = CropSize(image.Width, image.Height, aspectWidth, aspectHeight);
        return width == image.Width && height == image.Height
            ? image
            : new Image(
                width, height, image.Channels, Crop(image.Pixels, image.Width, image.Height, image.Channels, width, height));
    }

    private static (int Width, int Height) CropSize(int width, int height, int aspectWidth, int aspectHeight) =>
        (long)width * aspectHeight > (long)height * aspectWidth
            ? (Math.Max(1, (int)((long)height * aspectWidth / aspectHeight)), height)
            : (width, Math.Max(1, (int)((long)width * aspectHeight / aspectWidth)));

    /// <summary>The centred part of [height, width, channels].</summary>
    private static T[] Crop<T>(T[] pixels, int width, int height, int channels, int croppedWidth, int croppedHeight)
    {
        if (width == croppedWidth && height == croppedHeight)
            return pixels;
        int left = (width - croppedWidth) / 2, top = (height - croppedHeight) / 2, row = croppedWidth * channels;
        var cropped = new T[croppedHeight * row];
        for (int y = 0; y < croppedHeight; y++)
            pixels.AsSpan(((top + y) * width + left) * channels, row).CopyTo(cropped.AsSpan(y * row));
        return cropped;
    }

    /// <summary>
    /// Convolves with sinc(x) · sinc(x / 3), |x| &lt; 3, widened by the factor of reduction when shrinking (Turkowski, "Filters for common
    /// resampling tasks", Graphics Gems, 1990). Edges repeat by renormalising the weights that remain inside.
    /// </summary>
    public static Image Lanczos3(Image image, int width, int height) =>
        width == image.Width && height == image.Height
            ? image
            : ImageSharpCodec.Process(image, context => context.Resize(width, height, KnownResamplers.Lanczos3));

    /// <summary>
    /// Each new pixel is the mean of the area it covers, fractions of pixels included, which ImageSharp's box filter leaves out. Rows come
    /// first, into floats so that nothing is rounded twice, then columns.
    /// </summary>
    public static Image Area(Image image, int width, int height)
    {
        if (width == image.Width && height == image.Height)
            return image;
        var result = new Image(width, height, image.Channels);
        Average<byte>(image.Pixels, image.Width, image.Height, image.Channels, result.Pixels, width, height);
        return result;
    }

    private static void Average<T>(
        ReadOnlySpan<T> source, int sourceWidth, int sourceHeight, int channels, Span<T> result, int width, int height)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        int stride = width * channels;
        float greatest = float.CreateTruncating(T.MaxValue);
        (int First, float[] Weights)[] horizontal = Taps(sourceWidth, width), vertical = Taps(sourceHeight, height);
        // Only as many rows are kept as one of the result takes: those of a large picture would take more memory than it does.
        int kept = vertical.Max(taps => taps.Weights.Length), done = 0;
        float[] rows = new float[checked(stride * kept)];
        for (int y = 0; y < height; y++)
        {
            (int top, float[] weights) = vertical[y];
            for (; done < top + weights.Length; done++)
                SumColumns(source[(done * sourceWidth * channels)..], Row(done));
            Span<T> target = result.Slice(y * stride, stride);
            for (int i = 0; i < stride; i++)
            {
                float sum = 0;
                for (int k = 0; k < weights.Length; k++)
                    sum += weights[k] * rows[(top + k) % kept * stride + i];
                target[i] = T.CreateTruncating(Math.Clamp(sum, 0, greatest) + 0.5f);
            }
        }

        Span<float> Row(int y) => rows.AsSpan(y % kept * stride, stride);

        void SumColumns(ReadOnlySpan<T> source, Span<float> row)
        {
            for (int i = 0; i < stride; i++)
            {
                (int first, float[] weights) = horizontal[i / channels];
                float sum = 0;
                for (int k = 0; k < weights.Length; k++)
                    sum += weights[k] * float.CreateTruncating(source[(first + k) * channels + i % channels]);
                row[i] = sum;
            }
        }
    }

    /// <summary>What each new pixel takes along one axis: source pixels from <c>First</c> on, with weights that add up to 1.</summary>
    private static (int First, float[] Weights)[] Taps(int from, int to)
    {
        double scale = (double)from / to, reach = 0.5 * Math.Max(scale, 1) + 0.5, half = scale / 2;
        var taps = new (int First, float[] Weights)[to];
        for (int i = 0; i < to; i++)
        {
            double centre = (i + 0.5) * scale;
            int first = Math.Max(0, (int)Math.Floor(centre - reach)), end = Math.Min(from, (int)Math.Ceiling(centre + reach));
            double[] weights = new double[end - first];
            for (int k = 0; k < weights.Length; k++)
            {
                // The overlap of a source pixel, 1 wide, with the new pixel, `scale` wide, at that distance of their centres.
                double distance = first + k + 0.5 - centre;
                weights[k] = Math.Max(0, Math.Min(distance + 0.5, half) - Math.Max(distance - 0.5, -half));
            }
            double total = weights.Sum();
            taps[i] = (first, [.. weights.Select(weight => (float)(weight / total))]);
        }
        return taps;
    }
}
