using System.Collections.Immutable;
using GpuVae.Formats;
using GpuVae.Imaging;

namespace GpuVae.Data;

/// <summary>Tells by name and content what a path leads to, and how to read it.</summary>
internal static class SetFinder
{
    /// <summary>What a tar archive has at its beginning.</summary>
    private const int HeadBytes = 512;

    private static readonly string Accepted =
        $"Accepted are the built-in sets {string.Join(", ", BuiltInSet.All.Select(set => $"`{set.Name}`"))}, a folder of images, "
        + "a folder with MNIST's IDX files, one IDX file, a zip or tar of images, CIFAR's binary files, .npy, .npz or .csv";

    private static ImmutableArray<IImageFormat> formats = [];

    public static void Register(IImageFormat format) => ImmutableInterlocked.Update(
        ref formats, known => known.Any(other => other.GetType() == format.GetType()) ? known : known.Add(format));

    /// <exception cref="BadInputException">There is nothing, or nothing that can be read.</exception>
    public static SetParts Find(string? spec, DataOptions options, CancellationToken cancellation)
    {
        if (BuiltInSet.Find(spec) is { } builtIn)
            return new SetParts(
                (given, stop) => Make(builtIn, given, test: false, stop), (given, stop) => Make(builtIn, given, test: true, stop));
        if (!Path.Exists(spec))
            throw new BadInputException($"{spec} does not exist. {Accepted}.");
        if (formats.FirstOrDefault(format => format.IsFormatOf(spec)) is { } known)
            return new SetParts(
                (given, stop) => known.Load(spec, isTest: false, given, stop),
                known.HasTest(spec) ? (given, stop) => known.Load(spec, isTest: true, given, stop) : null);
        return Directory.Exists(spec) ? OfFolder(spec) : OfFile(spec, options, cancellation);
    }

    private static SetParts OfFolder(string folder)
    {
        string[] files;
        try
        {
            files = [.. Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal)];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException($"{folder} could not be listed: {error.Message}", error);
        }
        string[] idx = [.. files.Where(IdxFile.IsImagesName)], arrays = [.. files.Where(NumpySets.IsNumpyName)];
        if (idx.Length > 0)
            return OfIdx(idx.FirstOrDefault(path => HasPart(path, "train")) ?? idx[0], isFile: false);
        if (arrays.Length > 0)
            return Loaded(NumpySets.Find(folder, [.. arrays.Select(path => NumpyArray.Open(new DiskFile(path)))]));
        if (files.Any(path => CifarFiles.IsCifarName(Path.GetFileName(path))))
            return Loaded(CifarFiles.Find(folder, [.. files.Select(path => new DiskFile(path))]));
        string trainFolder = Path.Combine(folder, "train"), testFolder = Path.Combine(folder, "test");
        return Directory.Exists(trainFolder) && Directory.Exists(testFolder)
            ? new SetParts(
                (options, cancellation) => ImageFolder.Load(trainFolder, options, cancellation),
                (options, cancellation) => ImageFolder.Load(testFolder, options, cancellation))
            : new SetParts((options, cancellation) => ImageFolder.Load(folder, options, cancellation), null);
    }

    private static SetParts OfFile(string path, DataOptions options, CancellationToken cancellation)
    {
        if (ImageFile.HasKnownExtension(path))
            throw new BadInputException($"{path} is a single image. {Accepted}: name the folder it is in.");
        byte[] head = Head(path);
        if (Archive.IsZip(head))
            return Loaded(ArchiveSets.Find(path, Archive.Zip(path), options));
        if (Archive.IsTar(head))
            return Loaded(ArchiveSets.Find(path, Archive.Tar(path, cancellation), options));
        if (NumpyArray.IsNumpy(head))
            return Loaded(NumpySets.Find(path, [NumpyArray.Open(new DiskFile(path))]));
        if (path.EndsWith(".csv", StringComparison.OrdinalIgnoreCase))
            return OfCsv(path);
        if (CifarFiles.IsCifar(new DiskFile(path)))
            return Loaded(CifarFiles.Find(path, [new DiskFile(path)]));
        if (head is [0x1F, 0x8B, ..] && Archive.IsTar(HeadOfGzip(path)))
            return Loaded(ArchiveSets.Find(path, Archive.TarGzip(path, options.MaxValues, cancellation), options));
        return IdxFile.IsImagesName(path) || head is [0, 0, ..] or [0x1F, 0x8B, ..]
            ? OfIdx(path, isFile: true)
            : throw new BadInputException(Unknown(path, head));
    }

    private static string Unknown(string path, byte[] head)
    {
        string? kind = head switch
        {
            [(byte)'B', (byte)'Z', (byte)'h', ..] or [0xFD, (byte)'7', (byte)'z', ..] or [0x28, 0xB5, 0x2F, 0xFD, ..]
                or [(byte)'7', (byte)'z', 0xBC, 0xAF, ..] or [(byte)'R', (byte)'a', (byte)'r', (byte)'!', ..] =>
                "is packed in a way that is not read. Unpack it and name what comes out.",
            [(byte)'P', (byte)'A', (byte)'R', (byte)'1', ..] =>
                "is a Parquet file, which the package GpuVae.Parquet reads: call ParquetImages.Register() first.",
            [0x80, ..] => "looks like a Python pickle, which is a program and is not read. Save the images as .npy or .npz.",
            _ => null,
        };
        return $"{path} {kind ?? "is of no format that is known here. Convert it to a folder of PNG files, or to .npy."}";
    }

    /// <summary>Reads into memory what only names its images, those that the options take, and brings it into their form.</summary>
    private static SetParts Loaded(SetParts parts)
    {
        return new SetParts(Loaded(parts.Train), parts.Test is { } test ? Loaded(test) : null);

        static Func<DataOptions, CancellationToken, ImageSet> Loaded(Func<DataOptions, CancellationToken, ImageSet> load) =>
            (options, cancellation) => DataSource.Loaded(load(options, cancellation), options, cancellation);
    }

    private static SetParts OfCsv(string path)
    {
        string test = Path.Combine(
            Path.GetDirectoryName(path) ?? "", Path.GetFileName(path).Replace("train", "test", StringComparison.OrdinalIgnoreCase));
        return new SetParts(Of(path), test != path && File.Exists(test) ? Of(test) : null, IsTestBeside: true);

        static Func<DataOptions, CancellationToken, ImageSet> Of(string path) => (options, cancellation) =>
            DataSource.Convert(DataSource.Take(CsvImages.Load(path, options, cancellation), options), options, cancellation);
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
        return DataSource.Convert(DataSource.Take(made, options), options, cancellation);
    }

    /// <summary>An IDX file of images, and the test images that lie beside <c>train-images…</c>, if any.</summary>
    private static SetParts OfIdx(string path, bool isFile)
    {
        string? test = !HasPart(path, "train") ? null : Directory.EnumerateFiles(Path.GetDirectoryName(Path.GetFullPath(path))!)
            .Where(other => IdxFile.IsImagesName(other) && (HasPart(other, "t10k") || HasPart(other, "test")))
            .Order(StringComparer.Ordinal).FirstOrDefault();
        return new SetParts(
            (options, cancellation) => LoadIdx(path, options, cancellation),
            test is null ? null : (options, cancellation) => LoadIdx(test, options, cancellation), isFile);
    }

    private static ImageSet LoadIdx(string path, DataOptions options, CancellationToken cancellation) =>
        IdxFile.Streamed(path, IdxFile.FindLabels(path), options, cancellation) is { } streamed
        ? DataSource.Loaded(streamed, options, cancellation)
        : DataSource.Convert(IdxFile.Read(path, IdxFile.FindLabels(path), options, cancellation), options, cancellation);

    private static bool HasPart(string path, string part) => Path.GetFileName(path).Contains(part, StringComparison.OrdinalIgnoreCase);

    private static byte[] Head(string path)
    {
        using FileStream file = InputFile.Open(path);
        return Head(path, file);
    }

    /// <summary>What a file compressed by gzip begins with once it is unpacked; nothing where it is damaged.</summary>
    private static byte[] HeadOfGzip(string path)
    {
        using FileStream file = InputFile.Open(path);
        try
        {
            using var unpacked = new GzipReader(file);
            return Head(path, unpacked);
        }
        catch (InvalidDataException)
        {
            return [];
        }
    }

    private static byte[] Head(string path, Stream stream)
    {
        try
        {
            byte[] head = new byte[HeadBytes];
            return head[..stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw InputFile.NotRead(path, error);
        }
    }
}
