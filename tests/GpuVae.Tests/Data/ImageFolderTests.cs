using GpuVae.Data;
using GpuVae.Imaging;
using GpuVae.Options;

namespace GpuVae.Tests.Data;

public class ImageFolderTests
{
    private static void Save(string path, int width, int height, int channels, byte value)
    {
        var image = new Image(width, height, channels);
        image.Pixels.AsSpan().Fill(value);
        ImageFile.Write(path, image);
    }

    [Fact]
    public void SubfoldersAreLabels()
    {
        using var folder = new TemporaryFolder();
        Save(folder["dogs/b.png"], 4, 3, 1, 20);
        Save(folder["cats/deep/a.pgm"], 4, 3, 1, 10);
        Save(folder["dogs/a.png"], 4, 3, 1, 30);
        folder.Write("dogs/notes.txt", [1, 2, 3]);
        ImageSet set = ImageFolder.Load(folder.FullPath);
        Assert.Equal((3, 4, 3, 1), (set.Count, set.Width, set.Height, set.Channels));
        Assert.Equal(["cats", "dogs"], set.LabelNames!);
        Assert.Equal([0, 1, 1], set.Labels!);
        Assert.Equal([10, 30, 20], Enumerable.Range(0, 3).Select(i => set[i][0]));
    }

    [Fact]
    public void AFolderIsReadOnceWhateverLinksLeadToIt()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need a privilege there");
        using var folder = new TemporaryFolder();
        Save(folder["all/cats/deep/a.png"], 2, 2, 1, 10);
        Save(folder["all/dogs/b.png"], 2, 2, 1, 20);
        Save(folder["elsewhere/in/c.png"], 2, 2, 1, 30);
        // One to its own parent, one to the whole, one to a sibling, two ways to another place, and into it; one is a circle.
        Directory.CreateSymbolicLink(folder["all/cats/deep/up"], "..");
        Directory.CreateSymbolicLink(folder["all/cats/whole"], folder["all"]);
        Directory.CreateSymbolicLink(folder["all/cats/dogs"], "../dogs");
        Directory.CreateSymbolicLink(folder["all/x"], folder["way"]);
        Directory.CreateSymbolicLink(folder["all/y"], "../elsewhere/in");
        Directory.CreateSymbolicLink(folder["way"], "elsewhere");
        Directory.CreateSymbolicLink(folder["all/z"], "z");
        foreach (string path in (string[])[folder["all"], folder["way/../all/"], folder["all/cats/whole"]])
        {
            ImageSet set = ImageFolder.Load(path);
            Assert.Equal([10, 20, 30], set.Pixels.Where((_, i) => i % 4 == 0));
            Assert.Equal(["cats", "dogs", "x"], set.LabelNames!);
        }
        Assert.Contains("could not be listed", Assert.Throws<BadInputException>(() => ImageFolder.Load(folder["all/z"])).Message);
    }

    [Fact]
    public void OneColouredImageMakesTheSetRgbUnlessGreyIsWanted()
    {
        using var folder = new TemporaryFolder();
        Save(folder["a.png"], 2, 2, 1, 50);
        ImageFile.Write(folder["b.png"], new Image(2, 2, 3, [.. Enumerable.Range(0, 12).Select(i => (byte)i)]));
        ImageSet rgb = ImageFolder.Load(folder.FullPath);
        Assert.Equal(3, rgb.Channels);
        Assert.Null(rgb.Labels);
        Assert.Equal([0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11], rgb[1].ToArray());
        Assert.Equal(1, ImageFolder.Load(folder.FullPath, new DataOptions { Channels = 1 }).Channels);
    }

    [Fact]
    public void DifferentSizesNeedASize()
    {
        using var folder = new TemporaryFolder();
        Save(folder["a.png"], 20, 10, 1, 50);
        Save(folder["b.png"], 9, 40, 3, 50);
        string message = Assert.Throws<BadInputException>(() => ImageFolder.Load(folder.FullPath)).Message;
        Assert.Contains(folder["a.png"], message);
        Assert.Contains(folder["b.png"], message);
        Assert.Contains("DataOptions.Size", message);
        ImageSet set = ImageFolder.Load(folder.FullPath, new DataOptions { Size = new ImageSize(8, 6), Channels = 1 });
        Assert.Equal((2, 8, 6), (set.Count, set.Width, set.Height));
        Assert.All(set.Pixels, pixel => Assert.Equal(50, pixel));
    }

    [Fact]
    public void OnlyTheImagesThatAreTakenAreRead()
    {
        using var folder = new TemporaryFolder();
        foreach (string name in (string[])["cats/a.png", "cats/b.png", "dogs/c.png", "dogs/d.png"])
            Save(folder[name], 2, 2, 1, (byte)name[5]);
        folder.Write("attributes.csv", "file,age\ncats/a.png,1\ncats/b.png,2\ndogs/c.png,3\ndogs/d.png,4\n"u8.ToArray());
        File.WriteAllBytes(folder["cats/a.png"], [1, 2, 3]);
        File.WriteAllBytes(folder["dogs/d.png"], [1, 2, 3]);
        ImageSet set = ImageFolder.Load(folder.FullPath, new DataOptions { First = 1, Limit = 2 });
        Assert.Equal([(byte)'b', (byte)'c'], [set[0][0], set[1][0]]);
        Assert.Equal([0, 1], set.Labels!);
        Assert.Equal([2f, 3], set.Factors[0].Values);
        Assert.Contains(
            "the images 0 to 3",
            Assert.Throws<BadInputException>(() => ImageFolder.Load(folder.FullPath, new DataOptions { First = 4 })).Message);
    }

    [Fact]
    public void MorePixelsThanAllowedAreRefusedBeforeAnythingIsDecoded()
    {
        using var folder = new TemporaryFolder();
        foreach (string name in (string[])["a.png", "b.png", "c.png"])
            Save(folder[name], 20, 10, 3, 5);
        string Message(DataOptions options) => Assert.Throws<BadInputException>(() => ImageFolder.Load(folder.FullPath, options)).Message;
        Assert.Contains("20×10 pixels; at most 199", Message(new DataOptions { MaxPixels = 199 }));
        Assert.Equal(3, ImageFolder.Load(folder.FullPath, new DataOptions { MaxPixels = 200 }).Count);
        // Each is small enough, all together are not; the last, which cannot be decoded, is not reached.
        byte[] cut = File.ReadAllBytes(folder["c.png"]);
        for (int i = 0; i < 4; i++)
            folder.Write($"d{i}.png", cut);
        folder.Write("e.png", [.. cut[..^60], .. new byte[60]]);
        string message = Message(new DataOptions { MaxPixels = 200 });
        Assert.Contains($"{folder.FullPath} would take 4800 values", message);
        Assert.Contains("at most 3200", message);
        Assert.Contains("DataOptions.MaxPixels", message);
        Assert.Contains("would take 3600 values", Message(new DataOptions { MaxPixels = 200, Size = new ImageSize(15, 10) }));
        Assert.Contains("e.png", Message(new DataOptions { MaxPixels = 200, Channels = 1 }));
    }

    [Fact]
    public void APictureThatTurnsOutColouredMakesTheSetRgb()
    {
        using var folder = new TemporaryFolder();
        // The header of a grey PNG does not tell whether pixels are transparent, and that of a TIFF not whether it is grey.
        Save(folder["a.png"], 2, 2, 1, 50);
        Save(folder["b.tif"], 2, 2, 1, 60);
        Assert.Equal(1, ImageFolder.Load(folder.FullPath).Channels);
        ImageFile.Write(folder["c.tif"], new Image(2, 2, 3, [.. Enumerable.Range(0, 12).Select(i => (byte)i)]));
        ImageSet set = ImageFolder.Load(folder.FullPath);
        Assert.Equal((3, 3), (set.Count, set.Channels));
        Assert.Equal([0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11], set[2].ToArray());
        Assert.All(set[0].ToArray(), value => Assert.Equal(50, value));
    }

    [Fact]
    public void EmptyFoldersBrokenFilesAndMissingPathsAreNamed()
    {
        using var folder = new TemporaryFolder();
        string Message(string spec) => Assert.Throws<BadInputException>(() => DataSource.Load(spec)).Message;
        Assert.Contains("holds no images", Message(folder.FullPath));
        Assert.Contains("does not exist", Message(folder["nowhere"]));
        Assert.Contains("digits", Message(folder["nowhere"]));
        Save(folder["one.png"], 5, 5, 1, 1);
        Assert.Contains("single image", Message(folder["one.png"]));
        Assert.Contains("too few", Message(folder.FullPath));
        folder.Write("two.png", [137, 80, 78, 71]);
        Assert.Contains(folder["two.png"], Message(folder.FullPath));
    }

    [Fact]
    public void TrainAndTestFoldersAreTheTwoSets()
    {
        using var folder = new TemporaryFolder();
        Save(folder["train/a.png"], 5, 5, 1, 1);
        Save(folder["train/b.png"], 5, 5, 1, 2);
        Save(folder["test/a.png"], 5, 5, 1, 3);
        DataSets sets = DataSource.Load(folder.FullPath);
        Assert.Equal((2, 1), (sets.Train.Count, sets.Test.Count));
        Assert.Equal(3, sets.Test[0][0]);
    }

    [Fact]
    public void TheBuiltInSetTakesAnySizeAndATestSetIsBroughtToThatOfTheTrainingSet()
    {
        using var folder = new TemporaryFolder();
        Save(folder["a.png"], 50, 40, 3, 200);
        var options = new DataOptions { Size = new ImageSize(16, 12), Channels = 3, SyntheticCount = 40 };
        DataSets sets = DataSource.Load(null, options);
        Assert.Equal((40, 4, 16, 12, 3), (sets.Train.Count, sets.Test.Count, sets.Test.Width, sets.Test.Height, sets.Test.Channels));
        Assert.NotEqual(sets.Train[0].ToArray(), sets.Test[0].ToArray());
        ImageSet test = DataSource.Load("digits", options with { TestSpec = folder.FullPath }).Test;
        Assert.Equal((1, 16, 12, 3), (test.Count, test.Width, test.Height, test.Channels));
    }

    [Fact]
    public void AlphaIsCompositedOnBlack()
    {
        using var folder = new TemporaryFolder();
        // Half transparent, then fully; one pixel of a colour that is not there any more.
        ImageFile.Write(folder["a.png"], new Image(2, 1, 4, [200, 100, 50, 128, 255, 255, 255, 0]));
        folder.Write("b.pgm", [.. "P5 2 1 255\n"u8, 0xFF, 0x80]);
        ImageSet set = ImageFolder.Load(folder.FullPath);
        Assert.Equal(3, set.Channels);
        Assert.Equal([100, 0, 50, 0, 25, 0], set[0].ToArray());
        Assert.Equal([255, 128, 255, 128, 255, 128], set[1].ToArray());
    }

    [Fact]
    public void BuiltInSetsAreNamedLikePaths()
    {
        var options = new DataOptions { SyntheticCount = 20, Seed = 3 };
        foreach (string name in (string[])["digits", "faces", "faces:drawn", "faces:both"])
        {
            DataSets sets = DataSource.Load(name, options);
            Assert.Equal((20, 2), (sets.Train.Count, sets.Test.Count));
            Assert.Equal(sets.Test.Pixels, DataSource.LoadSingle(name, options).Pixels);
            Assert.NotEqual(sets.Train[0].ToArray(), sets.Test[0].ToArray());
        }
        ImageSet small = DataSource.Load("faces", options with { Size = new ImageSize(16, 16), Channels = 1 }).Train;
        Assert.Equal((16, 16, 1), (small.Width, small.Height, small.Channels));
        Assert.Equal(12, small.Factors.Count);
        Assert.Contains("faces:both", Assert.Throws<BadInputException>(() => DataSource.Load("faces:old", options)).Message);
        string tooMany = Assert.Throws<BadInputException>(
            () => DataSource.Load("faces", options with { SyntheticCount = 1_000_000 })).Message;
        Assert.Contains("DataOptions.SyntheticCount = 1000000", tooMany);
    }

    [Theory]
    [InlineData("28", 28, 28)]
    [InlineData("64x48", 64, 48)]
    public void SizesAreParsed(string text, int width, int height) => Assert.Equal(new ImageSize(width, height), ImageSize.Parse(text));

    [Theory]
    [InlineData("0")]
    [InlineData("-3")]
    [InlineData("3x")]
    [InlineData("1x2x3")]
    [InlineData("99999")]
    [InlineData("NaN")]
    public void BadSizesAreRefused(string text) =>
        Assert.Contains(text, Assert.Throws<BadInputException>(() => ImageSize.Parse(text)).Message);
}
