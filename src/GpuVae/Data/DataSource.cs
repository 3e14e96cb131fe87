using GpuVae.Imaging;

namespace GpuVae.Data;

/// <summary>A training and a test set of the same image size and channels.</summary>
public sealed record DataSets(ImageSet Train, ImageSet Test);

/// <summary>
/// Finds out what a path means. Accepted are: the name of a <see cref="BuiltInSet"/>; a folder with MNIST's IDX files
/// (<c>train-images-idx3-ubyte</c>, <c>t10k-…</c>, labels beside them, plain or .gz); one IDX file of images; a folder of images, whose
/// subfolders are classes; a folder with such folders <c>train</c> and <c>test</c>.
/// </summary>
public static class DataSource
{
    private static readonly string Accepted =
        $"Accepted are the built-in sets {string.Join(", ", BuiltInSet.All.Select(set => $"`{set.Name}`"))}, a folder of images, "
        + "a folder with MNIST's IDX files, or one IDX file";

    /// <summary>
    /// Loads both sets. The test set is <see cref="DataOptions.TestSpec"/>, else the one that lies beside the training set, else one image
    /// in ten, drawn by the seed, is taken out of the training set.
    /// </summary>
    /// <exception cref="BadInputException">A path is missing or what it leads to is not usable.</exception>
    /// <exception cref="OperationCanceledException">The token asked to stop.</exception>
    public static DataSets Load(string? spec, DataOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new DataOptions();
        Parts parts = Find(spec);
        ImageSet train = parts.Train(options, cancellation);
        ImageSet? test = options.TestSpec is null
            ? parts.Test?.Invoke(options, cancellation)
            : LoadSingle(
                options.TestSpec, options with { Size = new ImageSize(train.Width, train.Height), Channels = train.Channels },
                cancellation);
        if (test is null)
            (train, test) = train.Split(0.1, options.Seed);
        if ((test.Width, test.Height, test.Channels) != (train.Width, train.Height, train.Channels))
            throw new BadInputException(
                $"The training images are {train.Width}×{train.Height}×{train.Channels}, the test images " +
                $"{test.Width}×{test.Height}×{test.Channels}. Bring them to one size with DataOptions.Size.");
        return new DataSets(train, test);
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
        return options.TestSpec is null && Find(spec).Test is { } load
            ? load(options, cancellation)
            : Take(Load(spec, options with { First = 0, Limit = null }, cancellation).Test, options);
    }

    /// <summary>Loads one set, for evaluating on it: of a source with two parts the test part, of an IDX file that file.</summary>
    /// <exception cref="BadInputException">The path is missing or what it leads to is not usable.</exception>
    /// <exception cref="OperationCanceledException">The token asked to stop.</exception>
    public static ImageSet LoadSingle(string? spec, DataOptions? options = null, CancellationToken cancellation = default)
    {
        Parts parts = Find(spec);
        return (File.Exists(spec) ? parts.Train : parts.Test ?? parts.Train)(options ?? new DataOptions(), cancellation);
    }

    /// <summary>Of images that are in memory those that the options take.</summary>
    internal static ImageSet Take(ImageSet images, DataOptions options)
    {
        (int first, int count) = options.Taken(images.Count, images.Name);
        return count == images.Count ? images : images.Select([.. Enumerable.Range(first, count)]);
    }

    private static Parts Find(string? spec)
    {
        if (BuiltInSet.Find(spec) is { } builtIn)
            return new Parts(
                (options, cancellation) => Make(builtIn, options, test: false, cancellation),
                (options, cancellation) => Make(builtIn, options, test: true, cancellation));
        if (File.Exists(spec))
        {
            if (ImageFile.HasKnownExtension(spec))
                throw new BadInputException($"{spec} is a single image. {Accepted}: name the folder it is in.");
            if (!IdxFile.IsIdx(spec))
                throw new BadInputException($"{spec} is neither an IDX file nor an image that this build can read. Convert it to PNG.");
            return OfIdx(spec);
        }
        if (!Directory.Exists(spec))
            throw new BadInputException($"{spec} does not exist. {Accepted}.");

        string[] idx = [.. Directory.EnumerateFiles(spec).Where(IdxFile.IsImagesName).Order(StringComparer.Ordinal)];
        if (idx.Length > 0)
            return OfIdx(idx.FirstOrDefault(path => HasPart(path, "train")) ?? idx[0]);
        string trainFolder = Path.Combine(spec, "train"), testFolder = Path.Combine(spec, "test");
        return Directory.Exists(trainFolder) && Directory.Exists(testFolder)
            ? new Parts(
                (options, cancellation) => ImageFolder.Load(trainFolder, options, cancellation),
                (options, cancellation) => ImageFolder.Load(testFolder, options, cancellation))
            : new Parts((options, cancellation) => ImageFolder.Load(spec, options, cancellation), null);
    }

    /// <summary>
    /// The test set, a tenth of the training set, is another stretch of random numbers, not another part of the same ones, so its size
    /// changes nothing else.
    /// </summary>
    private static ImageSet Make(BuiltInSet set, DataOptions options, bool test, CancellationToken cancellation)
    {
        int count = options.SyntheticCount ?? set.DefaultCount, most = Array.MaxLength / set.PixelsPerImage;
        if (count > most)
            throw new BadInputException($"DataOptions.SyntheticCount = {count}: of {set.Name} at most {most} images fit into memory.");
        ImageSet made = test
            ? set.Create(Math.Max(1, count / 10), ~options.Seed, cancellation)
            : set.Create(count, options.Seed, cancellation);
        return Convert(Take(made, options), options, cancellation);
    }

    /// <summary>An IDX file of images, and the test images that lie beside <c>train-images…</c>, if any.</summary>
    private static Parts OfIdx(string path)
    {
        string? test = !HasPart(path, "train") ? null : Directory.EnumerateFiles(Path.GetDirectoryName(Path.GetFullPath(path))!)
            .Where(other => IdxFile.IsImagesName(other) && (HasPart(other, "t10k") || HasPart(other, "test")))
            .Order(StringComparer.Ordinal).FirstOrDefault();
        return new Parts(
            (options, cancellation) => LoadIdx(path, options, cancellation),
            test is null ? null : (options, cancellation) => LoadIdx(test, options, cancellation));
    }

    private static ImageSet LoadIdx(string path, DataOptions options, CancellationToken cancellation) =>
        Convert(IdxFile.Read(path, IdxFile.FindLabels(path), options, cancellation), options, cancellation);

    private static bool HasPart(string path, string part) => Path.GetFileName(path).Contains(part, StringComparison.OrdinalIgnoreCase);

    /// <summary>The set in the size and the channels of the options.</summary>
    /// <exception cref="BadInputException">It would not fit into memory.</exception>
    internal static ImageSet Convert(ImageSet set, DataOptions options, CancellationToken cancellation = default)
    {
        ImageSize size = options.Size ?? new ImageSize(set.Width, set.Height);
        int channels = options.Channels ?? set.Channels;
        if (size == new ImageSize(set.Width, set.Height) && channels == set.Channels)
            return set;
        int perImage = checked(size.Width * size.Height * channels);
        if ((long)perImage * set.Count > Array.MaxLength)
            throw new BadInputException(
                $"{set.Name}: {set.Count} images of {size}×{channels} do not fit into memory. Choose a smaller DataOptions.Size.");
        byte[] pixels = new byte[perImage * set.Count];
        Parallel.For(0, set.Count, new ParallelOptions { CancellationToken = cancellation }, i =>
        {
            Image image = Image.FromPlanar(set[i], set.Width, set.Height, set.Channels).WithChannels(channels);
            Resize.Fit(image, size.Width, size.Height).CopyToPlanar(pixels.AsSpan(i * perImage, perImage));
        });
        return new ImageSet(set.Name, size.Width, size.Height, channels, pixels, set.Labels, set.LabelNames, set.Factors);
    }

    /// <summary>How to load what a path leads to.</summary>
    /// <param name="Train">All of it, or its training part.</param>
    /// <param name="Test">Its test part, where it has one.</param>
    private readonly record struct Parts(
        Func<DataOptions, CancellationToken, ImageSet> Train, Func<DataOptions, CancellationToken, ImageSet>? Test);
}
