using GpuVae.Applications;

namespace GpuVae.Tests.Applications;

public sealed class LatentMapTests
{
    /// <summary>Codes made of two known directions of different spread, and a third that hardly varies.</summary>
    [Fact]
    public void TheAxesAreTheDirectionsInWhichCodesDifferMost()
    {
        float[] wide = [0.6f, 0.8f, 0], narrow = [0, 0, -1], mean = [1, -2, 3];
        var random = new Random(5);
        float[] codes = new float[3000];
        for (int i = 0; i < codes.Length; i += 3)
        {
            float along = 3 * Noise(), across = Noise();
            for (int j = 0; j < 3; j++)
                codes[i + j] = mean[j] + along * wide[j] + across * narrow[j] + 0.01f * Noise();
        }
        var map = LatentMap.Of(codes, 3);
        for (int j = 0; j < 3; j++)
        {
            Assert.Equal(mean[j], map.Center[j], 0.2);
            Assert.Equal(wide[j], map.Right[j], 0.02);
            // The largest component is made positive.
            Assert.Equal(-narrow[j], map.Up[j], 0.02);
        }
        float[] place = [.. map.Center.Select((center, j) => center + 2 * map.Right[j] - 5 * map.Up[j])];
        (float x, float y) = map.Place(place);
        Assert.Equal(2, x, 1e-4);
        Assert.Equal(-5, y, 1e-4);

        float Noise() => 2 * random.NextSingle() - 1;
    }

    [Fact]
    public void ASingleUnitHasNoSecondAxis()
    {
        var map = LatentMap.Of([1, 2, 4], 1);
        Assert.Equal((1.0f, 0.0f), (map.Right[0], map.Up[0]));
        Assert.Throws<ArgumentException>(() => LatentMap.Of([], 2));
        Assert.Throws<ArgumentException>(() => LatentMap.Of([1, 2, 3], 2));
    }
}
