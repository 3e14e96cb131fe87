using System.Text;
using GpuVae.Data;
using GpuVae.Imaging;
using GpuVae.Options;

namespace GpuVae.Tests.Data;

public class AttributesFileTests
{
    private static TemporaryFolder Folder(string csv, params string[] images)
    {
        var folder = new TemporaryFolder();
        foreach (string image in images)
            ImageFile.Write(folder[image], new Image(2, 2, 1));
        folder.Write("attributes.csv", Encoding.UTF8.GetBytes(csv));
        return folder;
    }

    private static ImageSet Load(TemporaryFolder folder) => ImageFolder.Load(folder.FullPath);

    [Fact]
    public void ColumnsBecomeFactorsOfTheImagesInAnyOrder()
    {
        using TemporaryFolder folder = Folder(
            "\uFEFFfile,smile,hair,Glasses\r\n\r\nc.png, 0.5 ,long,no\na.png,-1,short,yes\n\"b,1.png\",3,\"long, curly\",no\n",
            "a.png", "b,1.png", "c.png");
        ImageSet set = Load(folder);
        Assert.Equal(["smile", "hair", "Glasses"], set.Factors.Select(factor => factor.Name));
        Assert.Equal([-1f, 3, 0.5f], set.Factors[0].Values);
        Assert.Equal(["long", "long, curly", "short"], set.Factors[1].ValueNames!);
        Assert.Equal([2f, 1, 0], set.Factors[1].Values);
        Assert.Equal([false, true, false], set.Attribute("smile")); // 0.5 is below the middle of −1 and 3
        Assert.Equal([true, false, false], set.Attribute("glasses"));
        Assert.Equal([false, false, true], set.Attribute("hair=long"));
    }

    [Fact]
    public void SubfoldersStayLabelsAndBecomeAFactor()
    {
        using TemporaryFolder folder = Folder("file,age\ndogs/a.png,3\ncats\\b.png,5\n", "dogs/a.png", "cats/b.png");
        ImageSet set = Load(folder);
        Assert.Equal(["age", "label"], set.Factors.Select(factor => factor.Name));
        Assert.Equal([5f, 3], set.Factors[0].Values);
        Assert.Equal([false, true], set.Attribute("label=dogs"));
    }

    [Fact]
    public void ARowOfTooManyValuesEndsInAMessage()
    {
        using TemporaryFolder folder = Folder("file" + new string(',', 1 << 20), "a.png");
        Assert.Contains("more than 10000 values", Assert.Throws<BadInputException>(() => Load(folder)).Message);
    }

    [Theory]
    [InlineData("", "line 1", "header")]
    [InlineData("name,smile\na.png,1\nb.png,1", "line 1", "header")]
    [InlineData("file\na.png\nb.png", "line 1", "header")]
    [InlineData("file,smile,Smile\na.png,1,1\nb.png,1,1", "line 1", "Smile")]
    [InlineData("file,,smile\na.png,1,1\nb.png,1,1", "line 1", "column 2")]
    [InlineData("file,smile\na.png,1\nb.png,1,0", "line 3", "3 values")]
    [InlineData("file,smile\na.png,1\nb.png,", "line 3", "no value")]
    [InlineData("file,smile\na.png,1\nb.png,yes", "line 3", "`yes`")]
    [InlineData("file,smile\na.png,1\nb.png,NaN", "line 3", "`NaN`")]
    [InlineData("file,smile\na.png,NaN\nb.png,1", "line 2", "smile (column 2) is `NaN`", "no finite number")]
    [InlineData("file,age,smile\na.png,1,inf\nb.png,1,1", "line 2", "smile (column 3) is `inf`", "no finite number")]
    [InlineData("file,smile\na.png,1e999\nb.png,1", "line 2", "`1e999`", "no finite number")]
    [InlineData("file,smile\na.png,1\nb.png,1\nc.png,1", "line 4", "no image c.png")]
    [InlineData("file,smile\na.png,1\na.png,1\nb.png,1", "line 3", "line 2 already")]
    [InlineData("file,smile\na.png,1\nb.png,\"1", "line 3", "quotation mark")]
    [InlineData("file,smile\na.png,1\n", "no row for", "b.png")]
    public void BadRowsAreNamed(string csv, params string[] expected)
    {
        using TemporaryFolder folder = Folder(csv, "a.png", "b.png");
        string message = Assert.Throws<BadInputException>(() => Load(folder)).Message;
        Assert.Contains(folder["attributes.csv"], message);
        Assert.All(expected, part => Assert.Contains(part, message));
    }
}
