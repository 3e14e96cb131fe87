using GpuVae.Formats;
using GpuVae.Imaging;

namespace GpuVae.Data;

/// <summary>What an archive holds: NumPy's arrays, CIFAR's files, or pictures, whose folders are labels as in an image folder.</summary>
internal static class ArchiveSets
{
    /// <exception cref="BadInputException">It holds nothing of these.</exception>
    public static SetParts Find(string path, IReadOnlyList<DataFile> files, DataOptions options)
    {
        DataFile[] arrays = [.. files.Where(file => NumpySets.IsNumpyName(file.Name))];
        if (arrays.Length > 0)
        {
            // To look into one is to unpack it, so what they declare together is looked at first.
            long bytes = arrays.Sum(file => file.Length);
            if (bytes > options.MaxValues)
                throw new BadInputException(
                    $"{path} unpacks to {bytes} bytes; at most {options.MaxValues} are kept of such a file. Unpack it and name the folder, "
                    + "or raise DataOptions.MaxPixels.");
            return NumpySets.Find(path, [.. arrays.Select(file => NumpyArray.Open(file.Seekable(options.MaxValues)))]);
        }
        if (files.Any(file => CifarFiles.IsCifarName(file.Name)))
            return CifarFiles.Find(path, files);
        DataFile[] pictures = [.. files.Where(file => ImageFile.HasKnownExtension(file.Name))];
        if (pictures.Length == 0)
            throw new BadInputException(files.Any(file => CifarFiles.IsPickle(file.Name))
                ? $"{path} holds Python's pickles, which are programs and are not read. Download the binary version of the set."
                : $"{path} holds no pictures ({ImageFile.Formats}), no .npy arrays and no CIFAR files. Name another file.");
        string root = Root(pictures);
        DataFile[] train = Below(pictures, root + "train/"), test = Below(pictures, root + "test/");
        return train.Length > 0 && test.Length > 0
            ? new SetParts(
                (given, stop) => Load(path, train, root + "train/", given, stop),
                (given, stop) => Load(path, test, root + "test/", given, stop))
            : new SetParts((given, stop) => Load(path, pictures, root, given, stop), null);
    }

    /// <summary>Pictures as a set, those that the options take.</summary>
    private static ImageSet Load(string path, DataFile[] files, string root, DataOptions options, CancellationToken cancellation)
    {
        (int[]? labels, string[]? names) = FolderClasses.Of([.. files.Select(file => file.Name[root.Length..])]);
        return Pictures.Load(path, files, labels, names, options, cancellation);
    }

    private static DataFile[] Below(DataFile[] files, string folder) =>
        [.. files.Where(file => file.Name.StartsWith(folder, StringComparison.Ordinal))];

    /// <summary>The folders in which all files are, with a slash at the end, or nothing.</summary>
    private static string Root(DataFile[] files)
    {
        string root = "";
        while (true)
        {
            string first = files[0].Name;
            int end = first.IndexOf('/', root.Length);
            if (end < 0 || !Array.TrueForAll(files, file => file.Name.StartsWith(first[..(end + 1)], StringComparison.Ordinal)))
                return root;
            root = first[..(end + 1)];
        }
    }
}
