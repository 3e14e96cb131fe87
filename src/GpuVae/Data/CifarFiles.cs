using System.Text;
using GpuVae.Formats;

namespace GpuVae.Data;

/// <summary>
/// CIFAR-10 and CIFAR-100 in their binary versions: records of one label, or of a coarse and a fine one, and the 3072 bytes of an image,
/// 32 × 32 RGB, planar. Files of names beside them name the labels.
/// </summary>
internal static class CifarFiles
{
    private const int Side = 32, Channels = 3, ImageBytes = Channels * Side * Side, MaxNames = 1 << 16;

    private static readonly string[] Cifar10Files = [.. Enumerable.Range(1, 5).Select(i => $"data_batch_{i}.bin"), "test_batch.bin"];
    private static readonly string[] Cifar100Files = ["train.bin", "test.bin"];

    /// <summary>Whether a file has a name of these sets.</summary>
    public static bool IsCifarName(string name) => Cifar10Files.Contains(Last(name)) || Cifar100Files.Contains(Last(name));

    /// <summary>Whether a file may be one of these sets by its name's end and its length.</summary>
    public static bool IsCifar(DataFile file) => file.Name.EndsWith(".bin", StringComparison.OrdinalIgnoreCase)
        && file.Length > 0 && (file.Length % (ImageBytes + 1) == 0 || file.Length % (ImageBytes + 2) == 0);

    /// <summary>The Python versions of these sets are pickles, which are programs.</summary>
    public static bool IsPickle(string name) =>
        Cifar10Files.Contains(Last(name) + ".bin") || (Last(name) is "train" or "test" && name.Contains("cifar", StringComparison.Ordinal));

    /// <param name="path">What was named.</param>
    /// <param name="files">Of a folder or an archive, or one file.</param>
    public static SetParts Find(string path, IReadOnlyList<DataFile> files)
    {
        DataFile[] all = [.. files.Where(file => files.Count == 1 || IsCifarName(file.Name))];
        DataFile[] train = [.. all.Where(file => !IsTest(file))], test = [.. all.Where(IsTest)];
        if (train.Length == 0)
            (train, test) = (test, []);
        return new SetParts(
            (options, _) => Load(path, train, files, options), test.Length == 0 ? null : (options, _) => Load(path, test, files, options));
    }

    private static bool IsTest(DataFile file) => Last(file.Name).StartsWith("test", StringComparison.Ordinal);

    private static ImageSet Load(string path, DataFile[] parts, IReadOnlyList<DataFile> files, DataOptions options)
    {
        bool isFine = parts.Any(file => Cifar100Files.Contains(Last(file.Name)))
            || parts.All(file => file.Length % (ImageBytes + 1) != 0);
        int stride = ImageBytes + (isFine ? 2 : 1);
        foreach (DataFile file in parts)
            if (file.Length == 0 || file.Length % stride != 0)
                throw new BadInputException(
                    $"{file.Title} is no whole CIFAR file: {file.Length} bytes are no whole number of records of {stride}. "
                    + "Download it again.");
        SeekableFile[] whole = [.. parts.Select(file => file.Seekable(options.MaxValues))];
        var images = new JoinedSources(whole.Select(file => new RecordImages(
            file, checked((int)(file.Length / stride)), new ImageShape(Side, Side, Channels), stride - ImageBytes, stride)));
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(path));
        if (!isFine)
        {
            (int[] labels, string[]? names) = Labels(whole, stride, 0, 10, Names(files, "batches.meta.txt", 10));
            return new ImageSet(name, images, labels, names);
        }
        (int[] coarse, string[]? coarseNames) = Labels(whole, stride, 0, 20, Names(files, "coarse_label_names.txt", 20));
        (int[] fine, string[]? fineNames) = Labels(whole, stride, 1, 100, Names(files, "fine_label_names.txt", 100));
        return new ImageSet(
            name, images, fine, fineNames,
            [
                Factor.Categorical("label", fineNames ?? Numbers(100), fine),
                Factor.Categorical("coarse", coarseNames ?? Numbers(20), coarse),
            ]);
    }

    private static (int[] Labels, string[]? Names) Labels(SeekableFile[] files, int stride, int place, int classes, string[]? names)
    {
        var labels = new List<int>();
        byte[] label = new byte[1];
        foreach (SeekableFile file in files)
            for (long at = place; at < file.Length; at += stride)
            {
                file.Read(at, label);
                if (label[0] >= classes)
                    throw new BadInputException(
                        $"{file.Title} is no CIFAR-{(classes == 10 ? 10 : 100)} file: the label of image {at / stride} is {label[0]}, of "
                        + $"{classes} classes. Download it again.");
                labels.Add(label[0]);
            }
        return ([.. labels], names);
    }

    private static string[]? Names(IReadOnlyList<DataFile> files, string name, int count)
    {
        if (files.FirstOrDefault(file => Last(file.Name) == name) is not { } found)
            return null;
        string[] names = Encoding.UTF8.GetString(found.ReadAll(MaxNames)).Split(
            '\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return names.Length >= count ? names[..count] : null;
    }

    private static string[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(i => $"{i}")];

    private static string Last(string name) => name[(name.LastIndexOf('/') + 1)..];
}
