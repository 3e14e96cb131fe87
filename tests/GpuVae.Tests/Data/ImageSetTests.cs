using GpuVae.Data;
using GpuVae.Options;

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
    public void ASplitIsAPartitionAndRepeatable()
    {
        (ImageSet train, ImageSet test) = Numbered(100).Split(0.1, seed: 9);
        Assert.Equal((90, 10), (train.Count, test.Count));
        Assert.Equal(Enumerable.Range(0, 100), train.Labels!.Concat(test.Labels!).Order());
        Assert.All(Enumerable.Range(0, 10), i => Assert.Equal([(byte)test.Labels![i], (byte)(test.Labels![i] + 1)], test[i].ToArray()));
        Assert.Equal(test.Labels, Numbered(100).Split(0.1, seed: 9).Test.Labels);
        Assert.NotEqual(test.Labels, Numbered(100).Split(0.1, seed: 10).Test.Labels);
    }

    [Fact]
    public void BothPartsOfASplitHaveAnImage()
    {
        (ImageSet train, ImageSet test) = Numbered(2).Split(0.01, seed: 1);
        Assert.Equal((1, 1), (train.Count, test.Count));
        Assert.Contains("too few", Assert.Throws<BadInputException>(() => Numbered(1).Split(0.1, 1)).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => Numbered(5).Split(double.NaN, 1));
    }

    private static ImageSet People() => new("people", 1, 1, 1, [0, 1, 2, 3], factors:
    [
        Factor.Categorical("hat", ["none", "cap", "top"], [0, 2, 0, 1]),
        Factor.Categorical("hair", ["long", "short"], [1, 0, 1, 1]),
        Factor.Continuous("smile", [-1, 0.2f, 0.3f, 1], threshold: 0.25f),
    ]);

    [Fact]
    public void AttributesAreYesOrNoQuestionsAboutFactors()
    {
        ImageSet people = People();
        Assert.Equal(["hat", "hat=none", "hat=cap", "hat=top", "hair=long", "hair=short", "smile"], people.Attributes);
        Assert.Equal([false, true, false, true], people.Attribute("hat"));
        Assert.Equal([false, true, false, false], people.Attribute("Hat=Top"));
        Assert.Equal([false, false, true, true], people.Attribute("smile"));
        Assert.Equal([1, 3], people.With("hat").Pixels);
        Assert.Equal([0, 1], people.Without("smile").Pixels);
        string message = Assert.Throws<BadInputException>(() => people.Attribute("hair")).Message;
        Assert.Contains("hat=top, hair=long, hair=short, smile", message);
        ImageSet bareheaded = people.With("hat=none");
        Assert.Contains("without hair=short", Assert.Throws<BadInputException>(() => bareheaded.Without("hair=short")).Message);
        Assert.Contains("no attributes", Assert.Throws<BadInputException>(() => new ImageSet("a", 1, 1, 1, [0]).Attribute("hat")).Message);
    }

    [Fact]
    public void PartsKeepTheirFactors()
    {
        ImageSet part = People().Select([3, 0]);
        Assert.Equal([1f, 0], part.Factors[0].Values);
        Assert.Equal([1f, -1], part.Factors[2].Values);
        Assert.Equal([true, false], part.Attribute("smile"));
        (ImageSet train, ImageSet test) = People().Split(0.5, 1);
        Assert.Equal([.. Numbers(train), .. Numbers(test)], ((ImageSet[])[train, test]).SelectMany(set => set.Factors[2].Values));

        static IEnumerable<float> Numbers(ImageSet set) => set.Pixels.Select(pixel => People().Factors[2].Values[pixel]);
    }

    [Fact]
    public void WithoutOtherFactorsTheLabelsAreOne()
    {
        Factor unnamed = Assert.Single(Numbered(3).Factors);
        Assert.Equal(["0", "1", "2"], unnamed.ValueNames!);
        Assert.Equal([false, false, true], Numbered(3).Attribute("label=2"));
        var named = new ImageSet("animals", 1, 1, 1, [0, 1], [1, 0], ["cat", "dog"]);
        Assert.Equal([true, false], named.Attribute("label=dog"));
    }

    [Fact]
    public void LabelsAreNumberedAnewByTheirNames()
    {
        var animals = new ImageSet("animals", 1, 1, 1, [0, 1, 2], [1, 0, 1], ["Cat", "dog"]);
        ImageSet others = animals.WithLabelNames(["bird", "dog", "cat"]);
        Assert.Equal([1, 2, 1], others.Labels!);
        Assert.Equal([true, false, true], others.Attribute("label=dog"));
        // Where two names differ in their case alone, each finds its own.
        Assert.Equal([1, 2, 1], animals.WithLabelNames(["cat", "dog", "Cat"]).Labels!);
        // A name that no image has need not be known.
        Assert.Equal([0, 0], animals.Select([0, 2]).WithLabelNames(["dog"]).Labels!);
        Assert.Contains("'Cat'; known are dog", Assert.Throws<BadInputException>(() => animals.WithLabelNames(["dog"])).Message);
        Assert.Same(animals, animals.WithLabelNames([]));
        Assert.Equal([0, 1, 2], Numbered(3).WithLabelNames(["a", "b", "c"]).Labels!);
    }

    [Fact]
    public void SizesThatDoNotFitAreRefused()
    {
        Assert.Throws<ArgumentException>(() => new ImageSet("a", 2, 2, 1, new byte[7]));
        Assert.Throws<ArgumentException>(() => new ImageSet("a", 2, 2, 17, new byte[17 * 4]));
        Assert.Throws<ArgumentException>(() => new ImageSet("a", 2, 2, 1, new byte[8], [1]));
        Assert.Throws<ArgumentException>(() => new ImageSet("a", 2, 2, 1, new byte[8], [1, 2], ["zero", "one"]));
        Assert.Throws<ArgumentException>(() => new ImageSet("a", 2, 2, 1, new byte[8], factors: [Factor.Continuous("b", [1], 0)]));
    }
}
