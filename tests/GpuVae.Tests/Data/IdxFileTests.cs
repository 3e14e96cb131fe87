using System.IO.Compression;
using GpuVae.Data;
using GpuVae.Options;

namespace GpuVae.Tests.Data;

public class IdxFileTests
{
    private static readonly byte[] Images =
        [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, .. Enumerable.Range(1, 24).Select(i => (byte)i)];
    private static readonly byte[] Labels = [0, 0, 8, 1, 0, 0, 0, 2, 7, 5];

    [Fact]
    public void TheRealMnistIsRead()
    {
        string folder = MnistFolder() ?? "";
        Assert.SkipWhen(folder == "", "MNIST is not there (shared/data/mnist beside the repository)");
        DataSets sets = DataSource.Load(folder);
        Assert.Equal((60_000, 10_000), (sets.Train.Count, sets.Test.Count));
        Assert.Equal((28, 28, 1), (sets.Train.Width, sets.Train.Height, sets.Train.Channels));
        // Known of MNIST: the first labels, and the mean of all training pixels, 0.1307.
        Assert.Equal([5, 0, 4, 1, 9, 2, 1, 3, 1, 4], sets.Train.Labels![..10]);
        Assert.Equal([7, 2, 1, 0, 4, 1, 4, 9, 5, 9], sets.Test.Labels![..10]);
        long sum = 0;
        foreach (byte pixel in sets.Train.Pixels)
            sum += pixel;
        Assert.Equal(0.1307, sum / 255.0 / sets.Train.Pixels.Length, 4);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void PlainAndCompressedFilesAreRead(bool compressed)
    {
        using var folder = new TemporaryFolder();
        string images = folder.Write("images", compressed ? Gzip(Images) : Images);
        string labels = folder.Write("labels", compressed ? Gzip(Labels) : Labels);
        ImageSet set = IdxFile.Read(images, labels);
        Assert.Equal((2, 4, 3), (set.Count, set.Width, set.Height));
        Assert.Equal(Images[16..], set.Pixels);
        Assert.Equal([7, 5], set.Labels!);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void TruncationAtAnyByteIsReported(bool compressed)
    {
        using var folder = new TemporaryFolder();
        byte[] file = compressed ? Gzip(Images) : Images;
        for (int length = 0; length < file.Length; length++)
        {
            string path = folder.Write("cut", file[..length]);
            Exception? error = Record.Exception(() => IdxFile.Read(path));
            // The trailer of gzip is a checksum and a length: a file that lacks only those still has all of its data.
            if (error is null && compressed && length >= file.Length - 10)
                Assert.Equal(Images[16..], IdxFile.Read(path).Pixels);
            else
                Assert.Contains(path, Assert.IsType<BadInputException>(error).Message);
        }
    }

    [Fact]
    public void DamageSaysWhatItIs()
    {
        using var folder = new TemporaryFolder();
        void Reports(string expected, byte[] content)
        {
            string path = folder.Write("bad", content), message = Assert.Throws<BadInputException>(() => IdxFile.Read(path)).Message;
            Assert.Contains(path, message);
            Assert.Contains(expected, message);
        }
        Reports("instead of 0000", [1, .. Images[1..]]);
        Reports("type 13", [0, 0, 13, .. Images[3..]]);
        Reports("in 1 dimensions", Labels);
        Reports("goes on", [.. Images, 0]);
        Reports("zero", [.. Images[..4], 0, 0, 0, 0, .. Images[8..]]);
        Reports("more than", [.. Images[..4], 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1]);
        Reports("at most", [.. Images[..4], 0, 1, 0, 0, .. Images[8..]]);
        Reports("at most", Gzip([.. Images[..4], 0, 16, 0, 0, .. Images[8..]]));
        byte[] damaged = Gzip(Images);
        damaged[^6] ^= 1;
        Reports("gzip", damaged);
    }

    [Fact]
    public void CountsThatDifferNameBothFiles()
    {
        using var folder = new TemporaryFolder();
        string images = folder.Write("images", Images), labels = folder.Write("labels", [0, 0, 8, 1, 0, 0, 0, 1, 7]);
        string message = Assert.Throws<BadInputException>(() => IdxFile.Read(images, labels)).Message;
        Assert.Contains($"{images} holds 2 images but {labels} holds 1 labels", message);
    }

    [Fact]
    public void TestFilesAndLabelsAreFoundBesideTheTrainingFile()
    {
        using var folder = new TemporaryFolder();
        string train = folder.Write("train-images-idx3-ubyte", Images);
        folder.Write("train-labels-idx1-ubyte.gz", Gzip(Labels));
        string test = folder.Write("t10k-images-idx3-ubyte.gz", Gzip(Images));
        foreach (string spec in (string[])[folder.FullPath, train])
        {
            DataSets sets = DataSource.Load(spec);
            Assert.Equal([7, 5], sets.Train.Labels!);
            Assert.Equal((2, (int[]?)null), (sets.Test.Count, sets.Test.Labels));
        }
        Assert.Equal(2, DataSource.LoadSingle(test).Count);
    }

    private static byte[] Gzip(byte[] data)
    {
        var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionLevel.Optimal))
            gzip.Write(data);
        return stream.ToArray();
    }

    private static string? MnistFolder()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
            if (File.Exists(Path.Combine(at.FullName, "GpuVae.sln")))
            {
                string folder = Path.Combine(at.FullName, "..", "shared", "data", "mnist");
                return Directory.Exists(folder) ? folder : null;
            }
        return null;
    }
}
