using GpuVae.Applications;
using GpuVae.Options;

namespace GpuVae.Tests.Applications;

/// <summary>Grids, walks and blends of latent codes.</summary>
public class LatentArtTests
{
    [Fact]
    public void AGridOfQuantilesTakesTheMiddlesOfEquallyProbableIntervals()
    {
        // The quantiles 1/6, 1/2, 5/6 and 1/4, 3/4 of N(0, 1).
        const float sixth = 0.967422f, quarter = 0.674490f;
        float[] codes = LatentGrid.Quantiles([5, 6, 7, 8], unitX: 1, unitY: 3, columns: 3, rows: 2);
        float[] expected =
        [
            5, -sixth, 7, -quarter, 5, 0, 7, -quarter, 5, sixth, 7, -quarter, 5, -sixth, 7, quarter, 5, 0, 7, quarter, 5, sixth, 7, quarter,
        ];
        Assert.Equal(expected, codes, (a, b) => Math.Abs(a - b) < 1e-5);
    }

    [Fact]
    public void TraversalsMoveOneUnitEachAndLeaveTheOthers() => Assert.Equal(
        [1, 2, -3, 1, 2, 0, 1, 2, 3, -3, 2, 9, 0, 2, 9, 3, 2, 9],
        LatentGrid.Traversals([1, 2, 9], [2, 0], columns: 3));

    [Theory]
    [InlineData(-1)]
    [InlineData(3)]
    public void UnitsThatDoNotExistAreRefused(int unit)
    {
        Assert.Contains("units 0 to 2", Assert.Throws<BadInputException>(() => LatentGrid.Traversals([1, 2, 9], [unit], 3)).Message);
        Assert.Throws<BadInputException>(() => LatentGrid.Quantiles([1, 2, 9], 0, unit, 3, 3));
    }

    [Fact]
    public void APlaneHasItsThreeCodesAtItsCorners()
    {
        float[] corner = [1, 0, 0], right = [0, 2, 0], below = [0, 0, 3];
        float[] codes = LatentGrid.Plane(corner, right, below, columns: 4, rows: 3);
        Assert.Equal(12 * 3, codes.Length);
        AssertNear(corner, codes[..3]);
        AssertNear(right, codes[9..12]);
        AssertNear(below, codes[24..27]);
        AssertNear([-1, 2, 3], codes[33..]);
    }

    [Fact]
    public void ALoopVisitsEveryStopAndHasNoSeam()
    {
        const int frames = 50;
        float[] walk = LatentWalk.Loop([1, 0, 0, 1, -1, 0], latent: 2, frames);
        Assert.Equal(3 * frames * 2, walk.Length);
        AssertNear([1, 0], walk[..2]);
        AssertNear([0, 1], walk[(2 * frames)..(2 * frames + 2)]);
        AssertNear([-1, 0], walk[(4 * frames)..(4 * frames + 2)]);
        // Eased: near a stop steps are short, in the middle they are 1.5 times the mean; the last frame is next to the first.
        double Step(int from) => double.Hypot(walk[2 * from + 2] - walk[2 * from], walk[2 * from + 3] - walk[2 * from + 1]);
        double mean = Math.PI / 2 / frames;
        Assert.InRange(Step(0) / mean, 0, 0.1);
        Assert.InRange(Step(frames / 2) / mean, 1.4, 1.6);
        Assert.InRange(Math.Abs(walk[^2] - 1) + Math.Abs(walk[^1]), 0, 0.01);
    }

    [Fact]
    public void OneStopIsNoWalk() => Assert.Throws<ArgumentException>(() => LatentWalk.Loop([1, 2], latent: 2, 10));

    [Fact]
    public void ABlendIsAsLongAsWhatItIsMadeOf()
    {
        // (3·(2, 0) + 1·(0, 2)) / 4 = (1.5, 0.5), stretched to length 2.
        float[] blend = LatentBlend.Mix([2, 0, 0, 2], [3, 1]);
        AssertNear([1.5f * 2 / MathF.Sqrt(2.5f), 0.5f * 2 / MathF.Sqrt(2.5f)], blend);
        AssertNear([2, 0], LatentBlend.Mix([2, 0, 0, 2], [1, 0]));
        AssertNear([0, 0], LatentBlend.Mix([2, 0, -2, 0], [1, 1]));
    }

    [Theory]
    [InlineData(-1.0, 2.0)]
    [InlineData(0.0, 0.0)]
    [InlineData(double.NaN, 1.0)]
    [InlineData(double.PositiveInfinity, 1.0)]
    public void WeightsThatAreNoneAreRefused(double first, double second) =>
        Assert.Throws<BadInputException>(() => LatentBlend.Mix([2, 0, 0, 2], [first, second]));

    private static void AssertNear(float[] expected, float[] actual) => Assert.Equal(expected, actual, (a, b) => Math.Abs(a - b) < 1e-5f);
}
