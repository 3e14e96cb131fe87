using GpuVae.Elbo;
using GpuVae.Options;

namespace GpuVae.Tests.Models;

/// <summary>The VAE and its loss once more, in double precision, one formula per line: what the kernels are held against.</summary>
internal static class ReferenceVae
{
    /// <summary>The loss of one batch, averaged over it: x [batch, pixels] in [0, 1], noise [batch, latent].</summary>
    public static ElboParts Loss(
        VaeOptions options, IReadOnlyDictionary<string, double[]> parameters, double[] x, double[] noise, double beta)
    {
        int latent = options.Latent, pixels = options.Shape.Pixels, batch = x.Length / pixels;
        double reconstruction = 0, kl = 0;
        for (int b = 0; b < batch; b++)
        {
            double[] moments = Network(options, parameters, "encoder", options.EncoderWidths, x.AsSpan(b * pixels, pixels));
            double[] z = new double[latent];
            for (int j = 0; j < latent; j++)
            {
                double mean = moments[j], logVariance = Math.Clamp(moments[latent + j], -30, 20);
                z[j] = mean + noise[b * latent + j] * Math.Exp(0.5 * logVariance);
                kl += -0.5 * (1 + logVariance - mean * mean - Math.Exp(logVariance));
            }
            double[] output = Network(options, parameters, "decoder", options.DecoderWidths, z);
            for (int p = 0; p < pixels; p++)
            {
                double[] y = [.. Enumerable.Range(0, output.Length / pixels).Select(i => output[i * pixels + p])];
                reconstruction += NegativeLogLikelihood(options, parameters, x[b * pixels + p], y);
            }
        }
        return new ElboParts(reconstruction / batch, kl / batch, beta);
    }

    /// <summary>The means of p(x|z) of a batch, [batch, pixels], of a likelihood with a mean in its first column.</summary>
    public static double[] Means(VaeOptions options, IReadOnlyDictionary<string, double[]> parameters, double[] x, double[] noise)
    {
        int latent = options.Latent, pixels = options.Shape.Pixels, batch = x.Length / pixels;
        double[] means = new double[x.Length];
        for (int b = 0; b < batch; b++)
        {
            double[] moments = Network(options, parameters, "encoder", options.EncoderWidths, x.AsSpan(b * pixels, pixels));
            double[] z =
            [
                .. Enumerable.Range(0, latent).Select(j =>
                    moments[j] + noise[b * latent + j] * Math.Exp(0.5 * Math.Clamp(moments[latent + j], -30, 20))),
            ];
            double[] output = Network(options, parameters, "decoder", options.DecoderWidths, z);
            for (int p = 0; p < pixels; p++)
                means[b * pixels + p] = options.Likelihood == Likelihood.Bernoulli ? 1 / (1 + Math.Exp(-output[p])) : output[p];
        }
        return means;
    }

    /// <param name="options">The model's.</param>
    /// <param name="parameters">The model's.</param>
    /// <param name="x">The pixel.</param>
    /// <param name="y">What the decoder gives for it.</param>
    internal static double NegativeLogLikelihood(
        VaeOptions options, IReadOnlyDictionary<string, double[]> parameters, double x, double[] y)
    {
        int components = options.MixtureComponents;
        return options.Likelihood switch
        {
            Likelihood.Bernoulli => Math.Max(y[0], 0) - y[0] * x + Math.Log(1 + Math.Exp(-Math.Abs(y[0]))),
            Likelihood.Gaussian => Normal(x, y[0], Math.Log(options.Variance)),
            Likelihood.GaussianLearned => Normal(x, y[0], Math.Clamp(y[1], -30, 20)),
            Likelihood.ContinuousBernoulli => Math.Log((Math.Exp(y[0]) - 1) / y[0]) - y[0] * x,
            Likelihood.GaussianShared => Normal(x, y[0], parameters["likelihood.log_variance"][0]),
            Likelihood.Laplace => Laplace(x, y[0], Math.Exp(parameters["likelihood.log_scale"][0])),
            Likelihood.DiscretizedLogistic => -Math.Log(Logistic(x, y[0], Math.Exp(y[1]))),
            Likelihood.LogisticMixture => -Math.Log(
                Enumerable.Range(0, components)
                    .Sum(k => Math.Exp(y[k]) * Logistic(x, y[components + k], Math.Exp(y[2 * components + k])))
                / y.Take(components).Sum(Math.Exp)),
            _ => throw new ArgumentOutOfRangeException(nameof(options)),
        };
    }

    private static double Normal(double x, double mean, double logVariance) =>
        0.5 * ((x - mean) * (x - mean) / Math.Exp(logVariance) + logVariance + Math.Log(2 * Math.PI));

    private static double Laplace(double x, double mean, double scale) => Math.Abs(x - mean) / scale + Math.Log(2 * scale);

    /// <summary>The probability of level 255·x under a logistic on [-1, 1].</summary>
    private static double Logistic(double x, double mean, double scale)
    {
        double Below(double side) => 1 / (1 + Math.Exp((mean - side) / scale));
        double above = x > 254.5 / 255 ? 1 : Below(2 * x - 1 + 1 / 255.0);
        return above - (x < 0.5 / 255 ? 0 : Below(2 * x - 1 - 1 / 255.0));
    }

    internal static double[] Network(
        VaeOptions options, IReadOnlyDictionary<string, double[]> parameters, string name, int[] widths, ReadOnlySpan<double> input)
    {
        double[] x = input.ToArray();
        for (int layer = 0; layer < widths.Length - 1; layer++)
        {
            double[] weight = parameters[$"{name}.{2 * layer}.weight"], bias = parameters[$"{name}.{2 * layer}.bias"];
            double[] y = new double[widths[layer + 1]];
            for (int o = 0; o < y.Length; o++)
            {
                y[o] = bias[o];
                for (int i = 0; i < x.Length; i++)
                    y[o] += weight[o * x.Length + i] * x[i];
                if (layer < widths.Length - 2)
                    y[o] = Activate(options.Activation, y[o]);
            }
            x = y;
        }
        return x;
    }

    private static double Activate(ActivationKind kind, double x) => kind switch
    {
        ActivationKind.Relu => Math.Max(x, 0),
        ActivationKind.LeakyRelu => x > 0 ? x : 0.01 * x,
        ActivationKind.Silu => x / (1 + Math.Exp(-x)),
        ActivationKind.Gelu => x * 0.5 * (1 + Erf(x / Math.Sqrt(2))),
        ActivationKind.Tanh => Math.Tanh(x),
        ActivationKind.Sigmoid => 1 / (1 + Math.Exp(-x)),
        ActivationKind.Softplus => Math.Log(1 + Math.Exp(x)),
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    /// <summary>The Maclaurin series 2/√π Σ (−1)ⁿ x²ⁿ⁺¹ / (n! (2n+1)); good to 1e-12 for the |x| &lt; 3 that occur here.</summary>
    private static double Erf(double x)
    {
        double term = x, sum = x;
        for (int n = 1; Math.Abs(term) > 1e-18 && n < 200; n++)
        {
            term *= -x * x / n;
            sum += term / (2 * n + 1);
        }
        return 2 / Math.Sqrt(Math.PI) * sum;
    }
}
