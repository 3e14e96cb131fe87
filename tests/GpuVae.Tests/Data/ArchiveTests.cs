using GpuVae.Data;
using GpuVae.Options;
using static GpuVae.Tests.Data.FormatFiles;

namespace GpuVae.Tests.Data;

public class ArchiveTests
{
    private static readonly (string, byte[])[] Pictures =
    [
        ("pets/dogs/b.png", Png(4, 3, 1, 20)), ("pets/cats/deep/a.png", Png(4, 3, 1, 10)), ("pets/dogs/a.png", Png(4, 3, 1, 30)),
        ("pets/notes.txt", [1]), ("__MACOSX/pets/dogs/._a.png", [0]), ("pets/dogs/._a.png", [0]),
    ];

    [Theory]
    [InlineData("pets.zip")]
    [InlineData("pets.tar")]
    [InlineData("pets.tar.gz")]
    [InlineData("pets")]
    public void PicturesInAnArchiveAreReadAsFromAFolder(string name)
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write(name, name.EndsWith("zip", StringComparison.Ordinal) ? Zip(Pictures)
            : name.EndsWith("gz", StringComparison.Ordinal) ? Gzip(Tar(Pictures)) : Tar(Pictures));
        ImageSet set = DataSource.LoadSingle(path);
        Assert.Equal((3, 4, 3, 1), (set.Count, set.Width, set.Height, set.Channels));
        Assert.Equal(["cats", "dogs"], set.LabelNames!);
        Assert.Equal([0, 1, 1], set.Labels!);
        Assert.Equal([10, 30, 20], Enumerable.Range(0, 3).Select(i => set[i][0]));
        ImageSet one = DataSource.LoadSingle(path, new DataOptions { First = 1, Limit = 1, Size = new ImageSize(2, 2) });
        Assert.Equal((1, 2, (byte)30, 1), (one.Count, one.Width, one[0][0], one.Labels![0]));
    }

    [Fact]
    public void TrainAndTestInAnArchiveAreTheParts()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("set.zip", Zip(
            ("set/train/a/1.png", Png(2, 2, 3, 1)), ("set/train/b/2.png", Png(2, 2, 3, 2)), ("set/test/b/3.png", Png(2, 2, 3, 3))));
        DataSets sets = DataSource.Load(path);
        Assert.Equal((2, 1), (sets.Train.Count, sets.Test.Count));
        Assert.Equal(["a", "b"], sets.Train.LabelNames!);
        Assert.Equal(3, DataSource.LoadSingle(path)[0][0]);
    }

    [Fact]
    public void ATopFolderAloneMakesNoLabels()
    {
        using var folder = new TemporaryFolder();
        Assert.Null(DataSource.LoadSingle(folder.Write("x.zip", Zip(("x/1.png", Png(2, 2, 1, 1)), ("x/2.png", Png(2, 2, 1, 2))))).Labels);
    }

    [Fact]
    public void AnArchiveWithinAnArchiveIsRefused()
    {
        using var folder = new TemporaryFolder();
        byte[] inner = Zip(Pictures);
        foreach (string name in (string[])["in/more.zip", "more.tar.gz", "more.tar"])
        {
            string message = Refused(folder.Write("outer.zip", Zip((name, inner), ("a.png", Png(1, 1, 1, 1)))));
            Assert.Contains($"outer.zip holds another archive, {name}", message, StringComparison.Ordinal);
            Assert.Contains("holds another archive", Refused(folder.Write("outer.tar", Tar((name, inner)))), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void DamageIsToldWithTheNameOfTheFile()
    {
        using var folder = new TemporaryFolder();
        byte[] zip = Zip(Pictures), tar = Tar(Pictures), packed = Gzip(tar);
        string cut = Refused(folder.Write("cut.zip", zip[..^30]));
        Assert.Contains("cut.zip could not be unpacked", cut, StringComparison.Ordinal);
        byte[] flipped = [.. zip];
        flipped[60] ^= 0x55;
        Assert.Contains("flipped.zip", Refused(folder.Write("flipped.zip", flipped)), StringComparison.Ordinal);
        Assert.Contains("cut.tar could not be unpacked", Refused(folder.Write("cut.tar", tar[..600])), StringComparison.Ordinal);
        Assert.Contains("cut.tar.gz", Refused(folder.Write("cut.tar.gz", packed[..^9])), StringComparison.Ordinal);
        Assert.Contains("no pictures", Refused(folder.Write("none.zip", Zip(("a.txt", [1])))), StringComparison.Ordinal);
        Assert.Contains("no pictures", Refused(folder.Write("empty.zip", Zip())), StringComparison.Ordinal);
        string pickles = folder.Write("python.tar", Tar(("cifar-10-batches-py/data_batch_1", [0x80])));
        Assert.Contains("pickle", Refused(pickles), StringComparison.Ordinal);
        Assert.Contains("Unpack it", Refused(folder.Write("set.tar.xz", [0xFD, (byte)'7', (byte)'z', 0])), StringComparison.Ordinal);
    }

    [Fact]
    public void ABombIsRefusedBeforeItIsUnpacked()
    {
        using var folder = new TemporaryFolder();
        byte[] zeros = new byte[20_000_000];
        var small = new DataOptions { MaxPixels = 1000 };
        string zip = folder.Write("bomb.zip", Zip(("a.npy", zeros))), tar = folder.Write("bomb.tar.gz", Gzip(Tar(("a.png", zeros))));
        Assert.Contains("at most 16000 are kept", Refused(zip, small), StringComparison.Ordinal);
        Assert.Contains("unpacks to more than the 16000", Refused(tar, small), StringComparison.Ordinal);

        // A length that is not that of the data, in the directory at the end.
        byte[] lies = Zip(("a.png", Png(2, 2, 1, 1)));
        int directory = lies.AsSpan().IndexOf("PK\x01\x02"u8);
        lies[directory + 24]--;
        Assert.Contains("a.png", Refused(folder.Write("lies.zip", lies)), StringComparison.Ordinal);
        lies[directory + 27] = 0x30;
        Assert.Contains("lies.zip", Refused(folder.Write("lies.zip", lies)), StringComparison.Ordinal);
    }

    private static string Refused(string path, DataOptions? options = null) =>
        Assert.Throws<BadInputException>(() => DataSource.LoadSingle(path, options)).Message;
}
