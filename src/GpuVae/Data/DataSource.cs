using GpuVae.Imaging;

namespace GpuVae.Data;

/// <summary>A training and a test set of the same image size and channels.</summary>
public sealed record DataSets(ImageSet Train, ImageSet Test)
{
    /// <summary>Images that choices are made by, such as when to stop, so that the test set has no part in them; null for none.</summary>
    public ImageSet? Validation { get; init; }
}

/// <summary>
/// Finds out what a path means. Accepted are: the name of a <see cref="BuiltInSet"/>; a folder with MNIST's IDX files
/// (<c>train-images-idx3-ubyte</c>, <c>t10k-…</c>, labels beside them, plain or .gz); one IDX file of images; a folder of images, whose
/// subfolders are classes; a folder with such folders <c>train</c> and <c>test</c>; the same in a zip or tar archive; CIFAR's binary files;
/// NumPy's arrays, .npy or .npz; lines of numbers, .csv; and what <see cref="Register"/> adds.
/// </summary>
public static class DataSource
{
    /// <summary>
    /// Loads the sets. The test set is <see cref="DataOptions.TestSpec"/>, or <see cref="DataOptions.TestSplit"/> of the training set;
    /// where neither is given, the one that lies beside the training set, else a tenth of it. The validation set is
    /// <see cref="DataOptions.ValidationSplit"/> of what is left. Images are drawn by the seed, of each label as many as its share.
    /// </summary>
    /// <exception cref="BadInputException">A path is missing or what it leads to is not usable.</exception>
    /// <exception cref="OperationCanceledException">The token asked to stop.</exception>
    public static DataSets Load(string? spec, DataOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new DataOptions();
        SetParts parts = SetFinder.Find(spec, options, cancellation);
        ImageSet train = parts.Train(options, cancellation);
        if (options is { TestSpec: not null, TestSplit: not null })
            throw new BadInputException("DataOptions.TestSpec and DataOptions.TestSplit both say where the test images are; give one.");
        ImageSet? test = options.TestSplit is not null ? null
            : options.TestSpec is null
            ? parts.Test?.Invoke(options, cancellation)
            : LoadSingle(
                options.TestSpec, options with { Size = new ImageSize(train.Width, train.Height), Channels = train.Channels },
                cancellation);
        if (test is null)
            (train, test) = train.Split(options.TestSplit ?? 0.1, options.Seed);
        if ((test.Width, test.Height, test.Channels) != (train.Width, train.Height, train.Channels))
            throw new BadInputException(
                $"The training images are {train.Width}×{train.Height}×{train.Channels}, the test images " +
                $"{test.Width}×{test.Height}×{test.Channels}. Bring them to one size with DataOptions.Size.");
        if (options.ValidationSplit <= 0)
            return new DataSets(train, test);
        // Another stream of numbers than that of the test set.
        DataSets parted = train.Split(options.ValidationSplit, ~options.Seed);
        ImageSet validation = parted.Test;
        return new DataSets(parted.Train, test)
        {
            Validation = new ImageSet(
                train.Name + " (validation)", validation.Source, validation.Labels, validation.LabelNames, validation.Factors),
        };
    }

    /// <summary>
    /// Loads the test set of <see cref="Load"/>, or of it what <see cref="DataOptions.First"/> and <see cref="DataOptions.Limit"/> take.
    /// The training set is not read where the test images are neither a part of it nor brought to its shape.
    /// </summary>
    /// <exception cref="BadInputException">A path is missing or what it leads to is not usable.</exception>
    /// <exception cref="OperationCanceledException">The token asked to stop.</exception>
    public static ImageSet LoadTest(string? spec, DataOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new DataOptions();
        if (options is { TestSpec: not null, Size: not null, Channels: not null })
            return LoadSingle(options.TestSpec, options, cancellation);
        return options is { TestSpec: null, TestSplit: null } && SetFinder.Find(spec, options, cancellation).Test is { } load
            ? load(options, cancellation)
            : Take(Load(spec, options with { First = 0, Limit = null }, cancellation).Test, options);
    }

    /// <summary>Loads one set, for evaluating on it: of a source with two parts the test part, of an IDX file that file.</summary>
    /// <exception cref="BadInputException">The path is missing or what it leads to is not usable.</exception>
    /// <exception cref="OperationCanceledException">The token asked to stop.</exception>
    public static ImageSet LoadSingle(string? spec, DataOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new DataOptions();
        SetParts parts = SetFinder.Find(spec, options, cancellation);
        return (parts.IsTestBeside ? parts.Train : parts.Test ?? parts.Train)(options, cancellation);
    }

    /// <summary>Adds a format, for the whole process; what is added first is asked first, and before all others.</summary>
    public static void Register(IImageFormat format) => SetFinder.Register(format);

    /// <summary>Of images that are in memory those that the options take.</summary>
    internal static ImageSet Take(ImageSet images, DataOptions options)
    {
        (int first, int count) = options.Taken(images.Count, images.Name);
        return count == images.Count ? images : images.Select([.. Enumerable.Range(first, count)]);
    }

    /// <summary>Of images that are read when they are needed those that the options take, in memory and in their form.</summary>
    /// <exception cref="BadInputException">They would not fit into memory, or one holds what is no finite number.</exception>
    internal static ImageSet Loaded(ImageSet images, DataOptions options, CancellationToken cancellation)
    {
        if (!images.IsStreamed)
            return images;
        images = Take(images, options);
        if (options.IsStreamed)
            return Convert(images, options, cancellation);
        int perImage = options.Size is { } size ? checked(size.Width * size.Height * images.Channels) : images.PixelsPerImage;
        // The bound is one of memory: a float counts as four values of bytes.
        long values = (long)images.Count * Math.Max(perImage, images.PixelsPerImage) * images.Format.BytesPerValue();
        options.RequireKeeps(values, images.Name);
        images = new ImageSet(
            images.Name, PixelArray.Of(images.Source, images.Name, cancellation), images.Labels, images.LabelNames, images.Factors);
        images.Values.RequireFinite();
        return Convert(images, options, cancellation);
    }

    /// <summary>The set in the size and the channels of the options.</summary>
    /// <exception cref="BadInputException">It would not fit into memory.</exception>
    internal static ImageSet Convert(ImageSet set, DataOptions options, CancellationToken cancellation = default)
    {
        ImageSize size = options.Size ?? new ImageSize(set.Width, set.Height);
        int channels = options.Channels ?? set.Channels;
        if (size == new ImageSize(set.Width, set.Height) && channels == set.Channels)
            return set;
        if (set.IsStreamed)
            throw new BadInputException(
                $"{set.Name} is streamed as it is. Leave out DataOptions.Size and DataOptions.Channels, or DataOptions.IsStreamed.");
        if (set.Format == PixelFormat.Single || set.Channels is not (1 or 3) || channels is not (1 or 3))
            throw new BadInputException(
                $"{set.Name} holds images of {set.Shape} in the format {set.Format}; only pictures of 8 or 16 bits with 1 or 3 channels "
                + "are brought to another size or other channels. Leave out DataOptions.Size and DataOptions.Channels.");
        int perImage = checked(size.Width * size.Height * channels * set.Format.BytesPerValue());
        if ((long)perImage * set.Count > Array.MaxLength)
            throw new BadInputException(
                $"{set.Name}: {set.Count} images of {size}×{channels} do not fit into memory. Choose a smaller DataOptions.Size.");
        byte[] pixels = new byte[perImage * set.Count];
        Parallel.For(0, set.Count, new ParallelOptions { CancellationToken = cancellation }, i =>
        {
            IRaster image = set.Format == PixelFormat.Byte
                ? Image.FromPlanar(set[i], set.Width, set.Height, set.Channels)
                : DeepImage.FromPlanar(set[i], set.Shape);
            image.WithChannels(channels).Fit(size.Width, size.Height).CopyToPlanar(pixels.AsSpan(i * perImage, perImage));
        });
        var converted = new PixelArray(new ImageShape(size.Width, size.Height, channels), set.Format, pixels);
        return new ImageSet(set.Name, converted, set.Labels, set.LabelNames, set.Factors)
        {
            FileNames = set.FileNames,
        };
    }
}
