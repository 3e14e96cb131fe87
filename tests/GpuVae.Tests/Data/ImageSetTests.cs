using GpuVae.Data;

namespace GpuVae.Tests.Data;

public class ImageSetTests
{
    /// <summary>Image i has the pixels i, i + 1 and the label i.</summary>
    private static ImageSet Numbered(int count)
    {
        int[] labels = [.. Enumerable.Range(0, count)];
        return new ImageSet("numbers", 2, 1, 1, [.. labels.SelectMany(i => new[] { (byte)i, (byte)(i + 1) })], labels);
    }

    [Fact]
    public void A_split_is_a_partition_and_repeatable()
    {
        (ImageSet train, ImageSet test) = Numbered(100).Split(0.1, seed: 9);
        Assert.Equal((90, 10), (train.Count, test.Count));
        Assert.Equal(Enumerable.Range(0, 100), train.Labels!.Concat(test.Labels!).Order());
        Assert.All(Enumerable.Range(0, 10), i => Assert.Equal([(byte)test.Labels![i], (byte)(test.Labels![i] + 1)], test[i].ToArray()));
        Assert.Equal(test.Labels, Numbered(100).Split(0.1, seed: 9).Test.Labels);
        Assert.NotEqual(test.Labels, Numbered(100).Split(0.1, seed: 10).Test.Labels);
    }

    [Fact]
    public void Both_parts_of_a_split_have_an_image()
    {
        (ImageSet train, ImageSet test) = Numbered(2).Split(0.01, seed: 1);
        Assert.Equal((1, 1), (train.Count, test.Count));
        Assert.Contains("too few", Assert.Throws<BadInputException>(() => Numbered(1).Split(0.1, 1)).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => Numbered(5).Split(double.NaN, 1));
    }

    [Fact]
    public void Sizes_that_do_not_fit_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new ImageSet("a", 2, 2, 1, new byte[7]));
        Assert.Throws<ArgumentException>(() => new ImageSet("a", 2, 2, 2, new byte[8]));
        Assert.Throws<ArgumentException>(() => new ImageSet("a", 2, 2, 1, new byte[8], [1]));
    }
}
