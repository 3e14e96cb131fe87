using GpuVae.Data;
using GpuVae.Options;
using static GpuVae.Tests.Data.FormatFiles;

namespace GpuVae.Tests.Data;

public class ImageSplitTests
{
    [Fact]
    public void EveryLabelHasItsShareInBothParts()
    {
        int[] labels = [.. Enumerable.Repeat(0, 100), .. Enumerable.Repeat(1, 40), .. Enumerable.Repeat(2, 10), 3];
        bool[] drawn = ImageSplit.Draw(labels.Length, labels, 0.2, 7);
        int[] counts = [.. Enumerable.Range(0, 4).Select(label => labels.Where((of, i) => of == label && drawn[i]).Count())];
        Assert.Equal([20, 8, 2, 0], counts);
        Assert.Equal(drawn, ImageSplit.Draw(labels.Length, labels, 0.2, 7));
        Assert.NotEqual(drawn, ImageSplit.Draw(labels.Length, labels, 0.2, 8));
    }

    [Theory]
    [InlineData(2, 0.001, 1)]
    [InlineData(2, 0.999, 1)]
    [InlineData(10, 0.25, 2)]
    [InlineData(7, 0.5, 4)]
    public void BothPartsHoldImagesWhateverTheLabels(int count, double fraction, int expected)
    {
        foreach (int[]? labels in (int[]?[])[null, new int[count], [.. Enumerable.Range(0, count)]])
            Assert.Equal(expected, ImageSplit.Draw(count, labels, fraction, 1).Count(isIn => isIn));
    }

    [Fact]
    public void TestAndValidationImagesAreTakenOutOfTheTrainingImages()
    {
        using var folder = new TemporaryFolder();
        byte[] values = [.. Enumerable.Range(0, 100).Select(i => (byte)i)];
        string images = folder.Write("s/x_train.npy", Npy("|u1", [100, 1], values));
        folder.Write("s/y_train.npy", Npy("|u1", [100], [.. values.Select(i => (byte)(i % 5))]));
        folder.Write("s/x_test.npy", Npy("|u1", [1, 1], [200]));
        var options = new DataOptions { TestSplit = 0.2, ValidationSplit = 0.25, Seed = 3 };
        DataSets sets = DataSource.Load(folder["s"], options);
        ImageSet[] parts = [sets.Train, sets.Validation!, sets.Test];
        Assert.Equal([60, 20, 20], parts.Select(part => part.Count));
        Assert.Equal(values, parts.SelectMany(part => part.Pixels).Order());
        Assert.All(parts, part => Assert.All(part.Labels!.GroupBy(label => label), of => Assert.Equal(part.Count / 5, of.Count())));
        Assert.Equal(sets.Test.Pixels, DataSource.LoadTest(folder["s"], options).Pixels);
        Assert.Null(DataSource.Load(folder["s"]).Validation);
        Assert.Equal([200], DataSource.Load(folder["s"]).Test.Pixels);
        Assert.Contains("DataOptions.TestSplit", Assert.Throws<BadInputException>(
            () => DataSource.Load(folder["s"], options with { TestSpec = images })).Message, StringComparison.Ordinal);
    }
}
