namespace GpuVae.Kernels.Tests;

/// <summary>Double-precision mathematics that the references share.</summary>
internal static class Reference
{
    /// <summary>Central difference of f at x, for derivatives checked independently of their formula.</summary>
    public static double Derivative(Func<double, double> f, double x)
    {
        const double h = 1e-5;
        return (f(x + h) - f(x - h)) / (2 * h);
    }

    /// <summary>Central differences of f with respect to every element of x, which is left as it was.</summary>
    public static double[] Gradient(Func<double[], double> f, double[] x)
    {
        const double h = 1e-5;
        double[] gradient = new double[x.Length];
        for (int i = 0; i < x.Length; i++)
        {
            double kept = x[i];
            x[i] = kept + h;
            double above = f(x);
            x[i] = kept - h;
            gradient[i] = (above - f(x)) / (2 * h);
            x[i] = kept;
        }
        return gradient;
    }

    /// <summary>ln Σ e^x.</summary>
    public static double LogSumExp(IEnumerable<double> x)
    {
        double[] values = [.. x];
        double largest = values.Max();
        return largest + Math.Log(values.Sum(v => Math.Exp(v - largest)));
    }

    /// <summary>ln N(x; mean, e^s) with s clamped as the kernels clamp it.</summary>
    public static double LogNormal(double x, double mean, double logVariance)
    {
        double s = ClampLogVariance(logVariance);
        return -0.5 * ((x - mean) * (x - mean) * Math.Exp(-s) + s + Math.Log(2 * Math.PI));
    }

    public static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    public static double SiluDerivative(double x) => Derivative(v => v * Sigmoid(v), x);

    public static double Softplus(double x) => Math.Max(x, 0) + Math.Log(1 + Math.Exp(-Math.Abs(x)));

    /// <summary>
    /// Distribution function of the standard normal: its series around 0, its continued fraction in the tails (A&amp;S 26.2.11, 26.2.14).
    /// </summary>
    public static double NormalDistribution(double x)
    {
        double density = Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI);
        if (Math.Abs(x) < 5)
        {
            double term = x, sum = x;
            for (int n = 3; n < 200; n += 2)
                sum += term *= x * x / n;
            return 0.5 + density * sum;
        }
        double fraction = 0;
        for (int n = 60; n > 0; n--)
            fraction = n / (Math.Abs(x) + fraction);
        double tail = density / (Math.Abs(x) + fraction);
        return x > 0 ? 1 - tail : tail;
    }

    public static double ClampLogVariance(double s) => Math.Clamp(s, -30, 20);

    /// <summary>Mean SSIM by its definition: central moments under the window, place by place.</summary>
    public static double Ssim(ReadOnlySpan<float> x, ReadOnlySpan<float> y, int channels, int height, int width)
    {
        int windowX = Math.Min(11, width), windowY = Math.Min(11, height);
        double[] across = Window(windowX), down = Window(windowY);
        double sum = 0;
        int places = 0;
        for (int plane = 0; plane < channels; plane++)
        {
            for (int top = 0; top + windowY <= height; top++)
            {
                for (int left = 0; left + windowX <= width; left++, places++)
                {
                    double mx = 0, my = 0, vx = 0, vy = 0, cxy = 0;
                    for (int i = 0; i < windowX * windowY; i++)
                    {
                        int at = (plane * height + top + i / windowX) * width + left + i % windowX;
                        double weight = down[i / windowX] * across[i % windowX];
                        (mx, my) = (mx + weight * x[at], my + weight * y[at]);
                    }
                    for (int i = 0; i < windowX * windowY; i++)
                    {
                        int at = (plane * height + top + i / windowX) * width + left + i % windowX;
                        double weight = down[i / windowX] * across[i % windowX], a = x[at] - mx, b = y[at] - my;
                        (vx, vy, cxy) = (vx + weight * a * a, vy + weight * b * b, cxy + weight * a * b);
                    }
                    sum += (2 * mx * my + 1e-4) * (2 * cxy + 9e-4) / ((mx * mx + my * my + 1e-4) * (vx + vy + 9e-4));
                }
            }
        }
        return sum / places;
    }

    private static double[] Window(int side)
    {
        double[] weights = [.. Enumerable.Range(0, side).Select(i => Math.Exp(-Math.Pow(i - (side - 1) / 2.0, 2) / (2 * 1.5 * 1.5)))];
        return [.. weights.Select(weight => weight / weights.Sum())];
    }

    public static double[] ToDouble(float[] values) => Array.ConvertAll(values, v => (double)v);
}
