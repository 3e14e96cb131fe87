using GpuVae.Data;
using GpuVae.Options;
using static GpuVae.Tests.Data.FormatFiles;

namespace GpuVae.Tests.Data;

public class NumpyTests
{
    private static readonly byte[] Levels = [.. Enumerable.Range(0, 24).Select(i => (byte)(i * 10))];

    [Fact]
    public void ArraysOfImagesBecomePlanar()
    {
        Check("|u1", [2, 3, 4], Levels, new ImageShape(4, 3), PixelFormat.Byte, i => Levels[i] / 255f);
        // [2, 2, 2, 3], the channels last: value (n, y, x, c) goes to (n, c, y, x).
        Check("|u1", [2, 2, 2, 3], Levels, new ImageShape(2, 2, 3), PixelFormat.Byte,
            i => Levels[i / 12 * 12 + i % 4 * 3 + i % 12 / 4] / 255f);
        // Channels first, where the last size is too large for channels.
        byte[] wide = [.. Enumerable.Range(0, 2 * 2 * 17).Select(i => (byte)i)];
        Check("|u1", [1, 2, 2, 17], wide, new ImageShape(17, 2, 2), PixelFormat.Byte, i => wide[i] / 255f);
        Check("|b1", [1, 1, 3], [1, 0, 2], new ImageShape(3, 1), PixelFormat.Byte, i => i == 1 ? 0 : 1);
        Check(
            "<f4", [2, 3], Bytes(-1f, 0, 2, 3, 4, 5.5f), new ImageShape(3, 1), PixelFormat.Single, i => new[] { -1, 0, 2, 3, 4, 5.5f }[i]);
        Check("<f8", [1, 2], Bytes(0.1, -7), new ImageShape(2, 1), PixelFormat.Single, i => i == 0 ? 0.1f : -7);
        Check("<f2", [1, 2], Bytes((Half)0.5f, (Half)2), new ImageShape(2, 1), PixelFormat.Single, i => i == 0 ? 0.5f : 2);
        Check("<u2", [1, 2, 1], Bytes<ushort>(65535, 257), new ImageShape(1, 2), PixelFormat.UInt16, i => i == 0 ? 1 : 257 / 65535f);
        Check(">u2", [1, 2, 1], [0xFF, 0xFF, 1, 1], new ImageShape(1, 2), PixelFormat.UInt16, i => i == 0 ? 1 : 257 / 65535f);
    }

    [Fact]
    public void FortransOrderIsTurnedRound()
    {
        // Value (n, y, x, c) of [2, 3, 2, 2] lies at n + 2 (y + 3 (x + 2 c)).
        int At(int n, int c, int y, int x) => n + 2 * (y + 3 * (x + 2 * c));
        byte[] fortran = Bytes([.. Levels.Select(level => (float)level)]);
        Check("<f4", [2, 3, 2, 2], fortran, new ImageShape(2, 3, 2), PixelFormat.Single,
            i => Levels[At(i / 12, i / 6 % 2, i / 2 % 3, i % 2)], isFortran: true);
    }

    [Fact]
    public void NamesInAnNpzTellImagesLabelsAndParts()
    {
        byte[] train = Npy("|u1", [3, 2, 2], [.. Enumerable.Range(0, 12).Select(i => (byte)i)]), test = Npy("|u1", [1, 2, 2], [9, 9, 9, 9]);
        byte[] labels = Npy("<i8", [3], Bytes(2L, 0, 1)), testLabels = Npy("|u1", [1, 1], [2]);
        using var folder = new TemporaryFolder();
        foreach (string[] names in (string[][])
            [["x_train", "y_train", "x_test", "y_test"], ["train_images", "train_labels", "test_images", "test_labels"]])
        {
            (string, byte[])[] files =
            [
                (names[0] + ".npy", train), (names[1] + ".npy", labels), (names[2] + ".npy", test), (names[3] + ".npy", testLabels),
                ("val_images.npy", test),
            ];
            foreach ((string name, byte[] content) in files)
                folder.Write($"{names[0]}/{name}", content);
            foreach (string path in (string[])[folder.Write("set.npz", Zip(files)), folder[names[0]]])
            {
                DataSets sets = DataSource.Load(path);
                Assert.Equal([2, 0, 1], sets.Train.Labels!);
                Assert.Equal([2], sets.Test.Labels!);
                Assert.Equal((3, 1, (byte)9), (sets.Train.Count, sets.Test.Count, sets.Test[0][0]));
            }
        }
        ImageSet byPlace = DataSource.LoadSingle(folder.Write("saved.npz", Zip(("arr_0.npy", train), ("arr_1.npy", labels))));
        Assert.Equal([2, 0, 1], byPlace.Labels!);
    }

    [Theory]
    [InlineData("|O", "Python objects")]
    [InlineData("<i8", "integers of 64 bits")]
    [InlineData("<c8", "uint8, uint16, float32 and float64 are read")]
    public void OtherValuesAreRefused(string type, string message)
    {
        using var folder = new TemporaryFolder();
        Assert.Contains(message, Refused(folder.Write("x.npy", Npy(type, [2, 1, 1], new byte[16]))), StringComparison.Ordinal);
    }

    [Fact]
    public void DamageIsToldWithTheNameOfTheFile()
    {
        using var folder = new TemporaryFolder();
        byte[] whole = Npy("|u1", [2, 3, 4], Levels);
        for (int length = 6; length < whole.Length; length++)
            Assert.Contains("cut.npy", Refused(folder.Write("cut.npy", whole[..length])), StringComparison.Ordinal);
        Assert.Contains("nothing is in it", Refused(folder.Write("x.npy", Npy("|u1", [0, 28, 28], []))), StringComparison.Ordinal);
        Assert.Contains("reshape", Refused(folder.Write("x.npy", Npy("|u1", [24], Levels))), StringComparison.Ordinal);
        Assert.Contains("reshape", Refused(folder.Write("x.npy", Npy("|u1", [1, 1, 1, 1, 24], Levels))), StringComparison.Ordinal);
        Assert.Contains("x.npy", Refused(folder.Write("x.npy", Npy("|u1", [99999999, 99999999], Levels))), StringComparison.Ordinal);
        string two = folder.Write("two.npz", Zip(("a.npy", whole), ("b.npy", whole)));
        Assert.Contains("several arrays that may be the images: a, b", Refused(two), StringComparison.Ordinal);
        string labels = folder.Write("l.npz", Zip(("images.npy", whole), ("labels.npy", Npy("|u1", [3], [0, 1, 2]))));
        Assert.Contains("one integer for each image", Refused(labels), StringComparison.Ordinal);
    }

    private static void Check(
        string type, int[] sizes, byte[] values, ImageShape shape, PixelFormat format, Func<int, float> expected, bool isFortran = false)
    {
        using var folder = new TemporaryFolder();
        ImageSet set = DataSource.LoadSingle(folder.Write("images.npy", Npy(type, sizes, values, isFortran)));
        Assert.Equal((sizes[0], shape, format), (set.Count, set.Shape, set.Format));
        float[] rows = new float[set.Count * shape.Pixels];
        set.CopyRows([.. Enumerable.Range(0, set.Count)], rows);
        Assert.Equal(Enumerable.Range(0, rows.Length).Select(expected), rows);
    }

    private static string Refused(string path) =>
        Assert.Throws<BadInputException>(() => DataSource.LoadSingle(path)).Message;
}
