namespace GpuVae.Tests;

internal static class Norms
{
    /// <summary>‖actual − expected‖ / ‖expected‖, Euclidean.</summary>
    public static double RelativeError(ReadOnlySpan<float> actual, ReadOnlySpan<double> expected)
    {
        Assert.Equal(expected.Length, actual.Length);
        double difference = 0, norm = 0;
        for (int i = 0; i < actual.Length; i++)
        {
            difference += (actual[i] - expected[i]) * (actual[i] - expected[i]);
            norm += expected[i] * expected[i];
        }
        return Math.Sqrt(difference / norm);
    }

    public static double RelativeError(ReadOnlySpan<float> actual, float[] expected) =>
        RelativeError(actual, expected.Select(value => (double)value).ToArray());
}
