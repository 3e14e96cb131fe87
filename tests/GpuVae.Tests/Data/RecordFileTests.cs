using System.Text;
using GpuVae.Data;
using GpuVae.Options;
using static GpuVae.Tests.Data.FormatFiles;

namespace GpuVae.Tests.Data;

/// <summary>CIFAR's binary files, and images as lines of numbers.</summary>
public class RecordFileTests
{
    [Fact]
    public void Cifar10IsReadFromAFolderAnArchiveOrAFile()
    {
        using var folder = new TemporaryFolder();
        (string, byte[])[] files =
        [
            ("c/data_batch_1.bin", [.. Cifar(10, 3), .. Cifar(20, 9)]),
            ("c/data_batch_2.bin", Cifar(30, 0)), ("c/test_batch.bin", Cifar(40, 1)),
            ("c/batches.meta.txt", Encoding.UTF8.GetBytes(string.Join('\n', Enumerable.Range(0, 10).Select(i => $"class {i}")) + "\n\n")),
        ];
        foreach ((string name, byte[] content) in files)
            folder.Write(name, content);
        foreach (string path in (string[])[folder["c"], folder.Write("cifar.tar.gz", Gzip(Tar(files))), folder.Write("c.zip", Zip(files))])
        {
            DataSets sets = DataSource.Load(path);
            Assert.Equal((3, 1, new ImageShape(32, 32, 3)), (sets.Train.Count, sets.Test.Count, sets.Train.Shape));
            Assert.Equal([3, 9, 0], sets.Train.Labels!);
            Assert.Equal("class 9", sets.Train.LabelNames![9]);
            Assert.Equal([10, 20, 30], Enumerable.Range(0, 3).Select(i => sets.Train[i][3071]));
        }
        Assert.Equal([3, 9], DataSource.LoadSingle(folder["c/data_batch_1.bin"]).Labels!);
        var small = new DataOptions { First = 0, Size = new ImageSize(8, 8), Channels = 1 };
        Assert.Equal(20, DataSource.LoadSingle(folder["c"], small)[0][0] / 2);
    }

    [Fact]
    public void Cifar100HasCoarseLabelsToo()
    {
        using var folder = new TemporaryFolder();
        folder.Write("c/train.bin", [.. Cifar(10, 19, 99), .. Cifar(20, 2, 7)]);
        ImageSet set = DataSource.LoadSingle(folder["c"]);
        Assert.Equal([99, 7], set.Labels!);
        Assert.Equal([true, false], set.Attribute("coarse=19"));
        folder.Write("c/train.bin", Cifar(10, 20, 99));
        Assert.Contains("the label of image 0 is 20", Refused(folder["c"]), StringComparison.Ordinal);
        folder.Write("c/train.bin", Cifar(10, 20, 99)[1..]);
        Assert.Contains("no whole number of records", Refused(folder["c"]), StringComparison.Ordinal);
    }

    [Fact]
    public void LinesOfNumbersAreImagesWithTheLabelFirst()
    {
        using var folder = new TemporaryFolder();
        ImageSet mnist = Csv("label,1x1,1x2,2x1,2x2\n7,0,10,20,255\n3,1,2,3,4\n");
        Assert.Equal((new ImageShape(2, 2), PixelFormat.Byte), (mnist.Shape, mnist.Format));
        Assert.Equal([7, 3], mnist.Labels!);
        Assert.Equal([0, 10, 20, 255, 1, 2, 3, 4], mnist.Pixels);
        ImageSet words = Csv("cat,1,2,3\ndog,4,5,6\ncat,7,8,9\n");
        Assert.Equal([0, 1, 0], words.Labels!);
        Assert.Equal(["cat", "dog"], words.LabelNames!);
        Assert.Equal(new ImageShape(3, 1), words.Shape);
        ImageSet floats = Csv("0,1,2.5,-3\n");
        Assert.Equal(PixelFormat.Single, floats.Format);
        ImageSet unlabelled = Csv("pixel0,pixel1\n1,2\n");
        Assert.Null(unlabelled.Labels);
        Assert.Equal([1, 2], unlabelled.Pixels);
        ImageSet last = Csv("a,b,class\n1,2,9\n");
        Assert.Equal([9], last.Labels!);
        Assert.Equal([1, 2], last.Pixels);

        ImageSet Csv(string text) => DataSource.LoadSingle(folder.Write("set.csv", Encoding.UTF8.GetBytes(text)));
    }

    [Fact]
    public void ABadLineIsNamed()
    {
        using var folder = new TemporaryFolder();
        foreach ((string text, string message) in new[]
        {
            ("1,2,3\n1,2\n", "line 2: there are 2 values, in the lines before 3"), ("1,2,x\n1,2,3\n", "line 1: column 3 is `x`"),
            ("1,2,NaN\n", "line 1: column 3 is `NaN`"), ("nothing\n", "line 1: there are no values"), ("label,a,b\n", "holds no images"),
            ("", "holds no images"),
        })
            Assert.Contains(message, Refused(folder.Write("set.csv", Encoding.UTF8.GetBytes(text))), StringComparison.Ordinal);
    }

    [Fact]
    public void TheTestLinesMayLieBeside()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("mnist_train.csv", "1,2,3\n"u8.ToArray());
        folder.Write("mnist_test.csv", "4,5,6\n7,8,9\n"u8.ToArray());
        DataSets sets = DataSource.Load(path);
        Assert.Equal((1, 2), (sets.Train.Count, sets.Test.Count));
        Assert.Equal([2, 3], DataSource.LoadSingle(path).Pixels);
    }

    private static string Refused(string path) =>
        Assert.Throws<BadInputException>(() => DataSource.LoadSingle(path)).Message;
}
