namespace GpuVae.Tests;

internal static class CentralDifferences
{
    /// <summary>
    /// The gradient of <paramref name="f"/> with respect to <paramref name="values"/>, which it reads and which end as they were.
    /// </summary>
    public static double[] Of(double[] values, Func<double> f)
    {
        const double h = 1e-5;
        double[] gradient = new double[values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            double kept = values[i];
            values[i] = kept + h;
            double above = f();
            values[i] = kept - h;
            gradient[i] = (above - f()) / (2 * h);
            values[i] = kept;
        }
        return gradient;
    }
}
