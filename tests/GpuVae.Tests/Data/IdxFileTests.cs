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
        DataSets sets = OutsideFiles.Mnist();
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
            Assert.Contains(path, Assert.Throws<BadInputException>(() => IdxFile.Read(path)).Message);
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
    public void WhatFollowsACompressedFileIsRefused()
    {
        using var folder = new TemporaryFolder();
        byte[] file = Gzip(Images);
        foreach (byte[] junk in (byte[][])[[0], [7], [.. new byte[512]], [.. file[^8..]], [0x1F, 0x8B], file[..^8], [.. new byte[1 << 17]]])
        {
            string path = folder.Write("junk", [.. file, .. junk]);
            string message = Assert.Throws<BadInputException>(() => IdxFile.Read(path)).Message;
            Assert.Contains($"{path} is not a valid IDX file", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void HeadersAndMembersOfGzipAreRead()
    {
        using var folder = new TemporaryFolder();
        byte[] plain = Gzip(Images);
        // Extra field, name, comment and a checksum of the header, which is not looked at.
        byte[] header = [0x1F, 0x8B, 8, 2 + 4 + 8 + 16, .. plain[4..10], 3, 0, 1, 2, 3, .. "name\0"u8, .. "comment\0"u8, 9, 9];
        Assert.Equal(Images[16..], IdxFile.Read(folder.Write("named", [.. header, .. plain[10..]])).Pixels);
        // One stream in three parts, two of them alike, and larger than what is read ahead.
        byte[] noise = new byte[200_000];
        new Random(1).NextBytes(noise);
        byte[] sizes = [0, 0, 8, 3, 0, 0, 0, 4, 0, 0, 1, 244, 0, 0, 0, 200];
        byte[] parts = [.. Gzip(sizes), .. Gzip(noise), .. Gzip(noise)];
        Assert.Equal([.. noise, .. noise], IdxFile.Read(folder.Write("parts", parts)).Pixels);
        parts[^100_000] ^= 1;
        Assert.Contains("gzip", Assert.Throws<BadInputException>(() => IdxFile.Read(folder.Write("parts", parts))).Message);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ALimitReadsNoMoreThanItSays(bool compressed)
    {
        using var folder = new TemporaryFolder();
        byte[] images = [.. Images[..4], 0, 0, 0, 3, .. Images[8..], .. new byte[12]], labels = [0, 0, 8, 1, 0, 0, 0, 3, 7, 5, 3];
        // What is behind them is damaged; of what is not compressed only the length is seen.
        string train = folder.Write("train-images-idx3-ubyte", compressed ? Gzip(images)[..^9] : [.. images, 1]);
        folder.Write("train-labels-idx1-ubyte", compressed ? Gzip(labels)[..^9] : [.. labels, 1]);
        ImageSet one = DataSource.LoadSingle(train, new DataOptions { First = 1, Limit = 1 });
        Assert.Equal(Images[28..], one.Pixels);
        Assert.Equal([5], one.Labels!);
        string message = Assert.Throws<BadInputException>(() => DataSource.LoadSingle(train, new DataOptions { First = 3 })).Message;
        Assert.Contains("DataOptions.First = 3", message, StringComparison.Ordinal);
        Assert.Contains("the images 0 to 2", message, StringComparison.Ordinal);
        Assert.Throws<BadInputException>(() => DataSource.LoadSingle(train, new DataOptions { First = 1 }));
    }

    [Fact]
    public void OnlyTheTestPartIsReadWhereOnlyThatIsWanted()
    {
        using var folder = new TemporaryFolder();
        folder.Write("train-images-idx3-ubyte", [1, 2, 3]);
        folder.Write("t10k-images-idx3-ubyte", Images);
        Assert.Equal(Images[16..28], DataSource.LoadTest(folder.FullPath, new DataOptions { Limit = 1 }).Pixels);
        Assert.Equal(2, DataSource.LoadSingle(folder.FullPath).Count);
        Assert.Throws<BadInputException>(() => DataSource.Load(folder.FullPath));
    }

    /// <summary>2 MB that unpack into 2 GB.</summary>
    [Fact]
    public void WhatADeclarationTakesIsComparedWithTheBudgetFirst()
    {
        using var folder = new TemporaryFolder();
        byte[] header = [0, 0, 8, 3, 0, 0, 0x9C, 0x40, 0, 0, 0, 0xE0, 0, 0, 0, 0xE0]; // 40,000 images of 224×224
        string bomb = folder.Write("bomb-idx3-ubyte.gz", [.. Gzip([.. header, .. new byte[64 << 20]]), .. new byte[2 << 20]]);
        long before = GC.GetAllocatedBytesForCurrentThread();
        string message = Assert.Throws<BadInputException>(() => DataSource.Load(bomb)).Message;
        Assert.Contains(bomb, message, StringComparison.Ordinal);
        Assert.Contains("DataOptions.MaxPixels", message, StringComparison.Ordinal);
        ImageSet four = DataSource.LoadSingle(bomb, new DataOptions { Limit = 4 });
        Assert.Equal((4, 4 * 224 * 224), (four.Count, four.Pixels.Length));
        // As they are in the file they would be few enough, but not in the size that is wanted.
        var large = new DataOptions { Limit = 100, Size = new ImageSize(4096, 4096) };
        Assert.Contains("DataOptions.Size", Assert.Throws<BadInputException>(() => DataSource.LoadSingle(bomb, large)).Message);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 4 << 20);
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
}
