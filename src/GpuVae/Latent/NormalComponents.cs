using GpuVae.Kernels.Latent;

namespace GpuVae.Latent;

/// <summary>
/// Weights, means and Cholesky factors of K normals while they are fitted to codes whose units have mean 0 and variance 1. A covariance is
/// drawn to the diagonal one of all codes, shrunk to the volume of a component, as if <see cref="PriorWeight"/> more codes had shown that
/// (maximum a posteriori: Fraley and Raftery 2007).
/// </summary>
internal sealed class NormalComponents(int count, int latents)
{
    private const double PriorWeight = 2, LeastVariance = 1e-6;

    private readonly double[] weights = new double[count], means = new double[count * latents];
    private readonly double[][] factors = new double[count][];
    private readonly double priorVariance = Math.Pow(count, -2.0 / latents);

    public int Count => count;

    public void Start(int c, ReadOnlySpan<float> mean)
    {
        weights[c] = 1.0 / count;
        factors[c] = new double[latents * latents];
        for (int i = 0; i < latents; i++)
        {
            means[c * latents + i] = mean[i];
            factors[c][i * latents + i] = Math.Sqrt(priorVariance);
        }
    }

    /// <summary>The M-step.</summary>
    /// <param name="sums">[K, features]: Σ ρ·φ of QuadraticFeatures.cs.</param>
    public void Maximize(float[] sums)
    {
        int features = QuadraticFeatures.Count(latents);
        double all = Enumerable.Range(1, count).Sum(c => (double)sums[c * features - 1]);
        for (int c = 0; c < count; c++)
        {
            ReadOnlySpan<float> own = sums.AsSpan(c * features, features), ofMean = own[^(latents + 1)..^1];
            double n = own[^1];
            weights[c] = n / all;
            // A component without codes stays where it is.
            if (n < 1e-3)
                continue;
            for (int i = 0; i < latents; i++)
                means[c * latents + i] = ofMean[i] / n;
            double[] covariance = new double[latents * latents];
            for (int i = 0, at = 0; i < latents; i++)
            {
                for (int j = 0; j <= i; j++, at++)
                    covariance[i * latents + j] =
                        (own[at] - n * means[c * latents + i] * means[c * latents + j]) / (n + PriorWeight);
                covariance[i * latents + i] += PriorWeight * priorVariance / (n + PriorWeight);
            }
            factors[c] = Cholesky(covariance);
        }
    }

    /// <summary>[features, K]: with them log π + log N(z) is linear in the features.</summary>
    public float[] Weights()
    {
        int features = QuadraticFeatures.Count(latents);
        float[] table = new float[features * count];
        for (int c = 0; c < count; c++)
        {
            double[] precision = Precision(factors[c]);
            double constant = Math.Log(Math.Max(weights[c], 1e-30)) - 0.5 * latents * Math.Log(2 * Math.PI);
            for (int i = 0, at = 0; i <= latents; i++)
            {
                for (int j = 0; j < Math.Min(i + 1, latents); j++, at++)
                {
                    double value = i == latents ? OfMean(j) : (i == j ? -0.5 : -1) * precision[i * latents + j];
                    table[at * count + c] = (float)value;
                    if (i == latents)
                        constant -= 0.5 * value * means[c * latents + j] + Math.Log(factors[c][j * latents + j]);
                }
            }
            table[(features - 1) * count + c] = (float)constant;

            double OfMean(int i)
            {
                double sum = 0;
                for (int j = 0; j < latents; j++)
                    sum += precision[Math.Max(i, j) * latents + Math.Min(i, j)] * means[c * latents + j];
                return sum;
            }
        }
        return table;
    }

    /// <summary>The mixture for codes as they were.</summary>
    /// <param name="label">Whose it is.</param>
    /// <param name="shifts">[L]: means of the codes.</param>
    /// <param name="scales">[L]: their deviations.</param>
    public MixtureCodeSampler ToSampler(int label, double[] shifts, double[] scales) => new(
        latents, Array.ConvertAll(weights, value => (float)value),
        [.. means.Select((mean, i) => (float)(shifts[i % latents] + scales[i % latents] * mean))],
        [.. factors.SelectMany(factor => factor.Select((value, i) => (float)(scales[i / latents] * value)))],
        [.. Enumerable.Repeat(label, count)]);

    private double[] Cholesky(double[] covariance)
    {
        double[] factor = new double[latents * latents];
        for (int i = 0; i < latents; i++)
        {
            for (int j = 0; j <= i; j++)
            {
                double value = covariance[i * latents + j];
                for (int k = 0; k < j; k++)
                    value -= factor[i * latents + k] * factor[j * latents + k];
                // Rounding must not make a direction without width.
                factor[i * latents + j] = i > j ? value / factor[j * latents + j] : Math.Sqrt(Math.Max(value, LeastVariance));
            }
        }
        return factor;
    }

    /// <summary>The lower triangle of (Λ·Λᵀ)⁻¹ = Mᵀ·M, M = Λ⁻¹.</summary>
    private double[] Precision(double[] factor)
    {
        double[] inverse = new double[latents * latents], precision = new double[latents * latents];
        for (int j = 0; j < latents; j++)
        {
            for (int i = j; i < latents; i++)
            {
                double value = i == j ? 1 : 0;
                for (int k = j; k < i; k++)
                    value -= factor[i * latents + k] * inverse[k * latents + j];
                inverse[i * latents + j] = value / factor[i * latents + i];
            }
        }
        for (int i = 0; i < latents; i++)
            for (int j = 0; j <= i; j++)
                for (int k = i; k < latents; k++)
                    precision[i * latents + j] += inverse[k * latents + i] * inverse[k * latents + j];
        return precision;
    }
}
