using GpuVae.Data;
using GpuVae.Options;

namespace GpuVae.Tests.Data;

public class ImageDomainsTests
{
    [Fact]
    public void LabelsAreTheDomainsAndGreyBecomesColour()
    {
        ImageSet joined = ImageDomains.Join([("grey", Plain(2, 1, 7)), ("colour", Plain(3, 3, 9))]);
        Assert.Equal((5, 3), (joined.Count, joined.Channels));
        Assert.Equal([0, 0, 1, 1, 1], joined.Labels!);
        Assert.Equal(["grey", "colour"], joined.LabelNames!);
        Assert.Equal(Enumerable.Repeat((byte)7, 12), joined[1].ToArray());
        Assert.Equal(Enumerable.Repeat((byte)9, 12), joined[4].ToArray());
        Assert.Equal([false, false, true, true, true], joined.Attribute("domain=colour"));
    }

    [Fact]
    public void TrainingAndTestPartsOfEachDomainAreJoined()
    {
        DataSets sets = ImageDomains.Load(["faces", "faces:drawn"], new DataOptions { SyntheticCount = 20, Size = new ImageSize(8, 8) });
        Assert.Equal((40, 4), (sets.Train.Count, sets.Test.Count));
        Assert.Equal(["faces", "faces:drawn"], sets.Test.LabelNames!);
        Assert.Equal([0, 0, 1, 1], sets.Test.Labels!);
    }

    [Theory]
    [InlineData("two folders", "faces")]
    [InlineData("twice", "faces", "faces")]
    [InlineData("28×28", "faces", "digits")]
    [InlineData("nowhere", "faces", "nowhere")]
    public void DomainsThatCannotBeAreRefused(string fragment, params string[] specs)
    {
        var options = new DataOptions { SyntheticCount = 10 };
        Assert.Contains(fragment, Assert.Throws<BadInputException>(() => ImageDomains.Load(specs, options)).Message);
    }

    private static ImageSet Plain(int count, int channels, byte value)
    {
        byte[] pixels = new byte[count * channels * 4];
        pixels.AsSpan().Fill(value);
        return new ImageSet("plain", 2, 2, channels, pixels);
    }
}
