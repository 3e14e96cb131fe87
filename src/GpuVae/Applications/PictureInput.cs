using GpuVae.Data;
using GpuVae.Imaging;

namespace GpuVae.Applications;

/// <summary>
/// Reads pictures that a model is to work on: one image file, a folder of images or a data set. What can be brought to the model's shape
/// without a choice is: 16 bits of a single file become 8, alpha is composited on black (as in training, see
/// <see cref="Image.WithChannels"/>), grey becomes RGB, and RGB without a colour in it becomes grey. All else is refused, unless fitting is
/// asked for.
/// </summary>
public static class PictureInput
{
    /// <summary>The images at <paramref name="spec"/>, all of <paramref name="shape"/>.</summary>
    /// <param name="spec">An image file, or what <see cref="DataSource"/> takes; of a source with a test part that part.</param>
    /// <param name="shape">What the model takes.</param>
    /// <param name="fit">Whether to crop and scale images of another size (<see cref="Resize.Fit(Image, int, int)"/>), and to turn colours
    /// into grey.</param>
    /// <param name="options">
    /// How many pixels a picture may have, which pictures to take, and how a built-in set is drawn; size and channels are the model's in
    /// any case.
    /// </param>
    /// <param name="cancellation">Asks to stop.</param>
    /// <exception cref="BadInputException">There are no images, one is broken, or one does not fit the model.</exception>
    /// <exception cref="OperationCanceledException">The token asked to stop.</exception>
    public static ImageSet Load(
        string? spec, ImageShape shape, bool fit = false, DataOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new DataOptions();
        if (File.Exists(spec) && ImageFile.HasKnownExtension(spec))
        {
            cancellation.ThrowIfCancellationRequested();
            ImageSet one = SetOf(ImageFile.Read(spec, options.MaxPixels), spec);
            return Conform(DataSource.Take(one, options), shape, fit, cancellation);
        }
        if (!Path.Exists(spec) && BuiltInSet.Find(spec) is null)
            throw new BadInputException(
                $"{spec} does not exist. Name an image, a folder of images, a folder with MNIST's IDX files, one IDX file, or a "
                + $"built-in set: {string.Join(", ", BuiltInSet.All.Select(set => set.Name))}.");
        options = options with { Size = fit ? new ImageSize(shape.Width, shape.Height) : null, Channels = null };
        return Conform(DataSource.LoadSingle(spec, options, cancellation), shape, fit, cancellation);
    }

    /// <summary>A picture out of the content of an image file, as a set of one.</summary>
    /// <param name="content">The whole file.</param>
    /// <param name="name">What messages call it.</param>
    /// <param name="shape">What the model takes.</param>
    /// <param name="fit">As for <see cref="Load"/>.</param>
    /// <param name="maxPixels">As <see cref="DataOptions.MaxPixels"/>.</param>
    /// <exception cref="BadInputException">The content is broken or of no known format, or does not fit the model.</exception>
    public static ImageSet Decode(
        byte[] content, string name, ImageShape shape, bool fit = false, long maxPixels = DataOptions.DefaultMaxPixels) =>
        Conform(SetOf(ImageFile.Decode(content, name, maxPixels), name), shape, fit);

    /// <summary>The same images in <paramref name="shape"/>; see <see cref="Load"/>.</summary>
    /// <exception cref="BadInputException">They do not fit; the message says what is wanted and how to convert.</exception>
    /// <exception cref="OperationCanceledException">The token asked to stop.</exception>
    public static ImageSet Conform(ImageSet images, ImageShape shape, bool fit = false, CancellationToken cancellation = default)
    {
        ImageShape found = images.Shape;
        if (found == shape)
            return images;
        bool isSameSize = (found.Width, found.Height) == (shape.Width, shape.Height);
        if (!fit && !(isSameSize && (shape.Channels == 3 || IsGrey(images))))
        {
            throw new BadInputException(
                $"{images.Name} has {found} (width×height×channels), the model takes {shape}. "
                + "Convert it with fit: true, which crops the middle, scales it and converts the colours.");
        }
        return DataSource.Convert(
            images, new DataOptions { Size = new ImageSize(shape.Width, shape.Height), Channels = shape.Channels }, cancellation);
    }

    /// <summary>Images of a set as rows, [count, pixels], as a model sees them.</summary>
    public static float[] Rows(ImageSet images, int first, int count)
    {
        float[] rows = new float[checked(count * images.PixelsPerImage)];
        images.CopyRows([.. Enumerable.Range(first, count)], rows);
        return rows;
    }

    /// <inheritdoc cref="Rows(ImageSet, int, int)"/>
    public static float[] Rows(ImageSet images) => Rows(images, 0, images.Count);

    private static ImageSet SetOf(Image image, string name)
    {
        image = image.WithChannels(image.Channels == 1 ? 1 : 3);
        byte[] pixels = new byte[image.Pixels.Length];
        image.CopyToPlanar(pixels);
        return new ImageSet(name, image.Width, image.Height, image.Channels, pixels);
    }

    private static bool IsGrey(ImageSet images)
    {
        if (images.Channels != 3 || images.Format == PixelFormat.Single)
            return false;
        int plane = images.Width * images.Height * images.Format.BytesPerValue();
        for (int i = 0; i < images.Count; i++)
        {
            ReadOnlySpan<byte> image = images[i], red = image[..plane];
            if (!red.SequenceEqual(image.Slice(plane, plane)) || !red.SequenceEqual(image.Slice(2 * plane, plane)))
                return false;
        }
        return true;
    }
}
