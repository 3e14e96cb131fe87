using GpuVae.Options;
using Parameters = System.Collections.Generic.IReadOnlyDictionary<string, double[]>;

namespace GpuVae.Tests.Models;

/// <summary>The loss of a hierarchy in double precision, image by image, with tanh networks and a Bernoulli likelihood.</summary>
/// <param name="options">The model's.</param>
/// <param name="x">[batch, pixels] in [0, 1].</param>
/// <param name="labels">[batch], or empty.</param>
/// <param name="noise">[batch, latent].</param>
internal sealed class ReferenceHierarchy(VaeOptions options, double[] x, int[] labels, double[] noise)
{
    private readonly int pixels = options.Shape.Pixels, units = options.LevelUnits, width = options.StateWidth;

    private int Batch => x.Length / pixels;

    /// <summary>The terms, averaged over the batch; the KL term level by level.</summary>
    public (double Reconstruction, double[] Kl) Terms(Parameters at)
    {
        double reconstruction = 0;
        double[] kl = new double[options.Hierarchy];
        for (int image = 0; image < Batch; image++)
        {
            double[] contexts = Network(at, "encoder", Labelled(x.AsSpan(image * pixels, pixels).ToArray(), image));
            double[] state = [];
            for (int level = 0; level < options.Hierarchy; level++)
            {
                double[] hidden = contexts[(level * width)..((level + 1) * width)];
                if (level > 0)
                    hidden = Sum(hidden, Linear(at, $"posterior.{level}.0", state));
                double[] moments = Linear(at, $"posterior.{level}.2", [.. hidden.Select(value => Math.Max(value, 0))]);
                double[] z = new double[units];
                for (int l = 0; l < units; l++)
                {
                    (double mu, double s) = (moments[l], moments[units + l]);
                    z[l] = mu + Math.Exp(s / 2) * noise[image * options.Latent + level * units + l];
                    kl[level] += 0.5 * (mu * mu + Math.Exp(s) - 1 - s) / Batch;
                }
                double[] sum = Linear(at, $"hierarchy.{level}.units", z);
                if (level > 0)
                    sum = Sum(state, sum);
                double[] inner = [.. Linear(at, $"hierarchy.{level}.0", sum).Select(Math.Tanh)];
                state = Sum(sum, Linear(at, $"hierarchy.{level}.2", inner));
            }
            double[] logits = Network(at, "decoder", Labelled(state, image));
            for (int p = 0; p < pixels; p++)
                reconstruction += (Math.Log(1 + Math.Exp(logits[p])) - x[image * pixels + p] * logits[p]) / Batch;
        }
        return (reconstruction, kl);
    }

    /// <summary>What a step's gradient is the gradient of.</summary>
    public double Objective(Parameters at)
    {
        (double reconstruction, double[] kl) = Terms(at);
        return reconstruction + options.Beta * kl.Sum(level => Math.Max(level, options.FreeBits));
    }

    private double[] Labelled(double[] input, int image) => options.Classes == 0
        ? input
        : [.. input, .. Enumerable.Range(0, options.Classes).Select(label => label == labels[image] ? 1.0 : 0.0)];

    private double[] Network(Parameters at, string name, double[] input)
    {
        for (int layer = 0; layer <= options.Hidden.Count; layer++)
        {
            input = Linear(at, $"{name}.{2 * layer}", input);
            if (layer < options.Hidden.Count)
                input = [.. input.Select(Math.Tanh)];
        }
        return input;
    }

    private static double[] Linear(Parameters at, string name, double[] input)
    {
        (double[] weight, double[] bias) = (at[$"{name}.weight"], at[$"{name}.bias"]);
        double[] output = new double[bias.Length];
        for (int o = 0; o < output.Length; o++)
        {
            output[o] = bias[o];
            for (int i = 0; i < input.Length; i++)
                output[o] += weight[o * input.Length + i] * input[i];
        }
        return output;
    }

    private static double[] Sum(double[] a, double[] b) => [.. a.Zip(b, (left, right) => left + right)];
}
