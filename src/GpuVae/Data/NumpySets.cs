using System.Runtime.InteropServices;
using GpuVae.Formats;

namespace GpuVae.Data;

/// <summary>
/// Images and labels among arrays: those of an .npz file, or the .npy files of a folder. Names tell which is which, as Keras, MedMNIST and
/// most people write them: <c>x_train</c> and <c>y_train</c>, <c>test_images</c> and <c>test_labels</c>, <c>images</c> and <c>labels</c>.
/// Parts for validation are left to whoever made them.
/// </summary>
internal static class NumpySets
{
    private const int MaxLabel = 1_000_000;

    private static readonly string[] UsualNames = ["x_train", "train_images", "images", "x", "data", "arr_0"];

    public static bool IsNumpyName(string name) => name.EndsWith(".npy", StringComparison.OrdinalIgnoreCase);

    /// <exception cref="BadInputException">There are no images among them, or more than one array that may be.</exception>
    public static SetParts Find(string path, IReadOnlyList<NumpyArray> arrays)
    {
        NumpyArray[] rest = arrays.Count == 1 ? [.. arrays] : [.. arrays.Where(array => !Has(array, "val"))];
        NumpyArray[] train = [.. rest.Where(array => !Has(array, "test"))], test = [.. rest.Where(array => Has(array, "test"))];
        if (train.Length == 0)
            (train, test) = (test, []);
        NumpyArray images = ImagesOf(path, train) ?? throw new BadInputException(
            $"{path} has no array of images among {string.Join(", ", arrays.Select(array => array.Name))}. Name one of them `images`.");
        NumpyArray? testImages = ImagesOf(path, test);
        return new SetParts(
            (options, _) => Load(path, images, train, options),
            testImages is null ? null : (options, _) => Load(path, testImages, test, options));
    }

    private static bool Has(NumpyArray array, string word) => array.Name.Contains(word, StringComparison.OrdinalIgnoreCase);

    private static bool IsLabels(NumpyArray array)
    {
        string name = array.Name.ToLowerInvariant();
        return name is "y" or "target" or "targets" || name.Contains("label", StringComparison.Ordinal)
            || name.StartsWith("y_", StringComparison.Ordinal) || name.EndsWith("_y", StringComparison.Ordinal);
    }

    private static NumpyArray? ImagesOf(string path, NumpyArray[] arrays)
    {
        if (arrays.Length == 1)
            return arrays[0];
        NumpyArray[] may = [.. arrays.Where(array => array.Shape.Length > 1 && !IsLabels(array))];
        if (may.Length < 2)
            return may.SingleOrDefault();
        NumpyArray? usual = UsualNames.Select(name => Array.Find(may, array => array.Name.Equals(name, StringComparison.OrdinalIgnoreCase)))
            .FirstOrDefault(array => array is not null);
        return usual ?? throw new BadInputException(
            $"{path} has several arrays that may be the images: {string.Join(", ", may.Select(array => array.Name))}. Name the one "
            + "`images`, or name its file alone.");
    }

    private static ImageSet Load(string path, NumpyArray images, NumpyArray[] part, DataOptions options)
    {
        NumpyArray[] others = [.. part.Where(array => array != images)];
        NumpyArray? labels = Array.Find(others, IsLabels)
            ?? Array.Find(others, array => array is { IsInteger: true, Shape.Length: 1 } && array.Shape[0] == images.Shape[0]);
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(path));
        return new ImageSet(name, new NumpyImages(images, options), labels is null ? null : Labels(labels, images));
    }

    /// <exception cref="BadInputException">They are not one number for each image.</exception>
    private static int[] Labels(NumpyArray array, NumpyArray images)
    {
        if (!array.IsInteger || array.PerItem != 1 || array.Shape[0] != images.Shape[0])
            throw new BadInputException(
                $"{array.Title} is an array of ({string.Join(", ", array.Shape)}), and {images.Title} holds {images.Shape[0]} images: "
                + "labels are one integer for each image. For one-hot rows save array.argmax(1).");
        byte[] raw = new byte[checked(array.Shape[0] * array.ItemBytes)];
        array.Read(0, raw);
        int[] labels = new int[array.Shape[0]];
        for (int i = 0; i < labels.Length; i++)
        {
            long value = (array.Kind, array.ItemBytes) switch
            {
                ('i', 1) => (sbyte)raw[i],
                (_, 1) => raw[i],
                ('i', 2) => MemoryMarshal.Cast<byte, short>(raw)[i],
                (_, 2) => MemoryMarshal.Cast<byte, ushort>(raw)[i],
                ('i', 4) => MemoryMarshal.Cast<byte, int>(raw)[i],
                (_, 4) => MemoryMarshal.Cast<byte, uint>(raw)[i],
                _ => MemoryMarshal.Cast<byte, long>(raw)[i],
            };
            if (value is < 0 or > MaxLabel)
                throw new BadInputException($"{array.Title}: label {i} is {value}; labels are numbers from 0 to {MaxLabel}.");
            labels[i] = (int)value;
        }
        return labels;
    }
}
