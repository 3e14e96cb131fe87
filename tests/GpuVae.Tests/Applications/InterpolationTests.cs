using GpuVae.Applications;

namespace GpuVae.Tests.Applications;

public class InterpolationTests
{
    [Fact]
    public void AnArcBetweenUnitVectorsStaysOnTheSphereWithEqualAngles()
    {
        float[] from = [1, 0, 0], to = [0, 1, 0];
        float[] path = Interpolation.Path(from, to, 4);
        for (int i = 0; i < 4; i++)
        {
            Assert.Equal(Math.Cos(i * Math.PI / 6), path[3 * i], 1e-6);
            Assert.Equal(Math.Sin(i * Math.PI / 6), path[3 * i + 1], 1e-6);
        }
    }

    [Fact]
    public void EndsAreReachedExactlyWhateverTheLengths()
    {
        float[] from = [3, -1, 2], to = [-0.5f, 4, 1];
        float[] path = Interpolation.Path(from, to, 5);
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(from[i], path[i], 1e-6f);
            Assert.Equal(to[i], path[12 + i], 1e-6f);
        }
    }

    [Theory]
    [InlineData(2f, 2f)]
    [InlineData(2f, -2f)]
    [InlineData(0f, 2f)]
    public void WhereNoArcIsDefinedTheLineIsStraight(float from, float to)
    {
        float[] result = new float[2];
        Interpolation.Slerp([from, from], [to, to], 0.25, result);
        Assert.Equal([0.75f * from + 0.25f * to, 0.75f * from + 0.25f * to], result);
    }
}
