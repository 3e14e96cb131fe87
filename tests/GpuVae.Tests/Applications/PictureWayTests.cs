using GpuVae.Applications;
using GpuVae.Data;
using GpuVae.Models;
using GpuVae.Options;

namespace GpuVae.Tests.Applications;

public sealed class PictureWayTests(CpuDevice cpu) : IClassFixture<CpuDevice>
{
    private static readonly ImageShape Shape = new(4, 3);

    [Fact]
    public void BothEndsAreThePicturesThemselves()
    {
        using var model = new Vae(cpu.Device, new VaeOptions { Shape = Shape, Hidden = [8], Latent = 2 });
        float[] frames = PictureWay.Frames(model, Ends(labels: null), 5);
        AssertEnds(frames, count: 5);
        // In between the code moves: the middle is no mean of the ends.
        float[] codes = LatentCodes.Means(model, Ends(labels: null)), ends = new float[24], middle = new float[12], code = new float[2];
        Interpolation.Slerp(codes.AsSpan(0, 2), codes.AsSpan(2), 0.5, code);
        model.Decode(codes, ends);
        model.Decode(code, middle);
        float[] pictures = PictureInput.Rows(Ends(labels: null));
        for (int i = 0; i < 12; i++)
        {
            float details = (pictures[i] - ends[i] + pictures[12 + i] - ends[12 + i]) / 2;
            Assert.Equal(Math.Clamp(middle[i] + details, 0, 1), frames[24 + i], 1e-5f);
        }
    }

    [Fact]
    public void ALabelIsLeftForTheOther()
    {
        using var model = new Vae(cpu.Device, new VaeOptions { Shape = Shape, Hidden = [8], Latent = 2, Classes = 2 });
        AssertEnds(PictureWay.Frames(model, Ends([1, 0]), 2), count: 2);
        AssertEnds(PictureWay.Frames(model, Ends([1, 1]), 3), count: 3);
    }

    [Fact]
    public void AWayHasTwoEnds()
    {
        using var model = new Vae(cpu.Device, new VaeOptions { Shape = Shape, Hidden = [8], Latent = 2 });
        Assert.Throws<ArgumentException>(() => PictureWay.Frames(model, Ends(labels: null).Select([0]), 5));
        Assert.Throws<ArgumentOutOfRangeException>(() => PictureWay.Frames(model, Ends(labels: null), 1));
    }

    private static void AssertEnds(float[] frames, int count)
    {
        float[] pictures = PictureInput.Rows(Ends(labels: null));
        Assert.Equal(count * 12, frames.Length);
        for (int i = 0; i < 12; i++)
        {
            Assert.Equal(pictures[i], frames[i], 1e-6f);
            Assert.Equal(pictures[12 + i], frames[^(12 - i)], 1e-6f);
        }
    }

    private static ImageSet Ends(int[]? labels) =>
        new("ends", 4, 3, 1, [.. Enumerable.Range(0, 24).Select(i => (byte)(i * 37 % 256))], labels);
}
