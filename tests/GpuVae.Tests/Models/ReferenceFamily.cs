using GpuVae.Kernels.Latent;
using GpuVae.Options;
using Parameters = System.Collections.Generic.IReadOnlyDictionary<string, double[]>;

namespace GpuVae.Tests.Models;

/// <summary>The losses of all posteriors, priors and objectives in double precision, one formula per line, for a batch of images.</summary>
/// <param name="options">The model's.</param>
/// <param name="x">[batch, pixels] in [0, 1].</param>
/// <param name="labels">[batch], or empty.</param>
/// <param name="noise">[batch·k, latent].</param>
/// <param name="draws">[batch, latent]: of the prior, for the mean discrepancy.</param>
internal sealed class ReferenceFamily(VaeOptions options, double[] x, int[] labels, double[] noise, double[]? draws = null)
{
    private readonly int latent = options.Latent, pixels = options.Shape.Pixels, samples = options.Samples;

    private int Batch => x.Length / pixels;

    /// <summary>What the training step's gradient is the gradient of, or that of the encoder for gradients along the samples.</summary>
    /// <param name="at">Where it is asked for.</param>
    /// <param name="still">Where the density and the weights of samples stand still, for gradients along the samples.</param>
    /// <param name="ofEncoder">Whether the gradient of the encoder is wanted.</param>
    /// <param name="klRate">Weight of the KL term, or capacity.</param>
    /// <param name="imageCount">Images of the training set.</param>
    public double Objective(Parameters at, Parameters still, bool ofEncoder, double klRate, int imageCount)
    {
        Sample[] drawn = Draw(at);
        if (options.Objective == GpuVae.Options.Objective.Iwae || options.EncoderGradient != PathGradient.Standard)
        {
            if (options.EncoderGradient == PathGradient.Standard)
                return -Enumerable.Range(0, Batch).Average(image => LogMean(LogWeights(at, drawn, image, klRate)));
            Sample[] before = Draw(still);
            double sum = 0;
            for (int r = 0; r < drawn.Length; r++)
            {
                double[] logWeights = LogWeights(still, before, r / samples, klRate);
                double share = Math.Exp(logWeights[r % samples] - LogMean(logWeights)) / samples;
                double factor = ofEncoder && options.EncoderGradient == PathGradient.Dreg ? share * share : share;
                double density = LogPosterior(Encode(still, r / samples), drawn[r].Z);
                // The prior of pseudo-inputs lies in the encoder, too, but its gradient is not one along the samples.
                double prior = LogPrior(ofEncoder ? still : at, drawn[r].Z);
                sum += factor * (Reconstruction(at, r, drawn[r].Z) + klRate * (density - prior));
                if (ofEncoder)
                    sum -= share * klRate * LogPrior(at, before[r].Z);
            }
            return sum / Batch;
        }
        double reconstruction = Enumerable.Range(0, Batch).Average(r => Reconstruction(at, r, drawn[r].Z));
        if (!options.HasAnalyticKl)
            return reconstruction + klRate * Enumerable.Range(0, Batch).Average(r => drawn[r].LogDensity - LogPrior(at, drawn[r].Z));
        double[][] moments = [.. Enumerable.Range(0, Batch).Select(image => Encode(at, image))];
        double[] units = [.. Enumerable.Range(0, latent).Select(l => moments.Average(m => Kl(m[l], m[latent + l])))];
        if (options.FreeBits > 0)
            return reconstruction + klRate * units.Sum(unit => Math.Max(unit, options.FreeBits));
        if (options.Capacity > 0)
            return reconstruction + options.CapacityWeight * Math.Abs(units.Sum() - klRate);
        double correlation = options.Objective == GpuVae.Options.Objective.Tc
            ? (options.Beta - 1) * Enumerable.Range(0, Batch).Average(r => Correlation(moments, drawn[r].Z, imageCount))
            : 0;
        double discrepancy = options.Objective == GpuVae.Options.Objective.Mmd
            ? options.MmdWeight * Discrepancy([.. drawn.Select(sample => sample.Z)], [.. draws!.Chunk(latent)])
            : 0;
        return reconstruction + klRate * (units.Sum() + correlation) + discrepancy;
    }

    /// <summary>The two terms that are logged, per image.</summary>
    public (double Reconstruction, double Kl) Terms(Parameters at)
    {
        Sample[] drawn = Draw(at);
        if (options.HasAnalyticKl && options.Objective != GpuVae.Options.Objective.Iwae)
        {
            return (
                Enumerable.Range(0, Batch).Average(r => Reconstruction(at, r, drawn[r].Z)),
                Enumerable.Range(0, Batch).Average(image =>
                {
                    double[] m = Encode(at, image);
                    return Enumerable.Range(0, latent).Sum(l => Kl(m[l], m[latent + l]));
                }));
        }
        double reconstruction = 0, bound = 0;
        for (int image = 0; image < Batch; image++)
        {
            double[] logWeights = LogWeights(at, drawn, image, 1);
            bound += LogMean(logWeights) / Batch;
            for (int s = 0; s < samples; s++)
            {
                int r = image * samples + s;
                reconstruction += Math.Exp(logWeights[s] - LogMean(logWeights)) / samples * Reconstruction(at, r, drawn[r].Z) / Batch;
            }
        }
        return (reconstruction, -bound - reconstruction);
    }

    /// <summary>The encoder's output for an image.</summary>
    public double[] Encode(Parameters at, int image) => EncodeRow(at, x.AsSpan(image * pixels, pixels).ToArray(), Label(image));

    /// <summary>log q(z|x) of any z, by way of the noise that gives it.</summary>
    public double LogPosterior(double[] encoded, double[] z)
    {
        double sum = 0;
        double[] eps = new double[latent];
        for (int i = 0; i < latent; i++)
        {
            eps[i] = (z[i] - encoded[i]) * Math.Exp(-encoded[latent + i] / 2);
            for (int j = 0; options.Posterior == Posterior.Full && j < i; j++)
                eps[i] -= encoded[2 * latent + i * (i - 1) / 2 + j] * 0.04 / latent * eps[j];
            sum -= 0.5 * (eps[i] * eps[i] + encoded[latent + i] + Math.Log(2 * Math.PI));
        }
        return sum;
    }

    /// <summary>The code that noise gives, without its density.</summary>
    public double[] Transform(Parameters at, double[] encoded, double[] eps)
    {
        double[] z = new double[latent];
        for (int i = 0; i < latent; i++)
        {
            double u = eps[i];
            for (int j = 0; options.Posterior == Posterior.Full && j < i; j++)
                u += encoded[2 * latent + i * (i - 1) / 2 + j] * 0.04 / latent * eps[j];
            z[i] = encoded[i] + Math.Exp(encoded[latent + i] / 2) * u;
        }
        for (int step = 0; options.Posterior == Posterior.Flow && step < VaeOptions.FlowSteps; step++)
            z = FlowStep(at, encoded, z, step).Next;
        return z;
    }

    public double LogPrior(Parameters at, double[] z)
    {
        if (options.Prior == Prior.Normal)
            return z.Sum(value => LogNormal(value, 0, 0));
        double[] weights = at["prior.weights"];
        return LogSum([.. Enumerable.Range(0, weights.Length).Select(c =>
        {
            double logWeight = weights[c] - LogSum(weights);
            if (options.Prior == Prior.Vamp)
            {
                double[] pseudo = [.. at["prior.pseudo_inputs"].AsSpan(c * pixels, pixels).ToArray().Select(a => 1 / (1 + Math.Exp(-a)))];
                return logWeight + LogPosterior(EncodeRow(at, pseudo, options.Classes > 0 ? c % options.Classes : 0), z);
            }
            double[] means = at["prior.means"], logVariances = at["prior.log_variances"];
            return logWeight + z.Select((value, l) => LogNormal(value, means[c * latent + l], logVariances[c * latent + l])).Sum();
        })]);
    }

    private sealed record Sample(double[] Z, double LogDensity);

    private Sample[] Draw(Parameters at)
    {
        var drawn = new Sample[Batch * samples];
        for (int r = 0; r < drawn.Length; r++)
        {
            double[] encoded = Encode(at, r / samples), eps = noise.AsSpan(r * latent, latent).ToArray();
            double density = -0.5 * eps.Select((e, l) => e * e + encoded[latent + l] + Math.Log(2 * Math.PI)).Sum();
            double[] z = Transform(at, encoded, eps);
            if (options.Posterior == Posterior.Flow)
            {
                double[] code = [.. eps.Select((e, l) => encoded[l] + Math.Exp(encoded[latent + l] / 2) * e)];
                for (int step = 0; step < VaeOptions.FlowSteps; step++)
                {
                    (code, double logGates) = FlowStep(at, encoded, code, step);
                    density -= logGates;
                }
            }
            drawn[r] = new Sample(z, density);
        }
        return drawn;
    }

    private (double[] Next, double LogGates) FlowStep(Parameters at, double[] encoded, double[] z, int step)
    {
        int width = options.FlowWidth;
        double[] w1 = at[$"flow.{step}.0.weight"], b1 = at[$"flow.{step}.0.bias"];
        double[] w2 = at[$"flow.{step}.2.weight"], b2 = at[$"flow.{step}.2.bias"];
        double[] hidden = [.. Enumerable.Range(0, width).Select(h => Math.Max(
            0, b1[h] + encoded[2 * latent + step * width + h] + Enumerable.Range(0, latent).Sum(l => w1[h * latent + l] * z[l])))];
        double[] output = [.. Enumerable.Range(0, 2 * latent).Select(o =>
            b2[o] + Enumerable.Range(0, width).Sum(h => w2[o * width + h] * hidden[h]))];
        double[] gates = [.. Enumerable.Range(0, latent).Select(l => 1 / (1 + Math.Exp(-output[latent + l] - 2)))];
        return ([.. z.Select((value, l) => gates[l] * value + (1 - gates[l]) * output[l])], gates.Sum(Math.Log));
    }

    private double[] EncodeRow(Parameters at, double[] image, int label) =>
        ReferenceVae.Network(options, at, "encoder", options.EncoderWidths, [.. image, .. OneHot(label)]);

    private int Label(int image) => options.Classes > 0 ? labels[image] : 0;

    private double[] OneHot(int label) => [.. Enumerable.Range(0, options.Classes).Select(c => label == c ? 1.0 : 0.0)];

    /// <summary>−ln p(x|z) of the image that a row belongs to.</summary>
    public double Reconstruction(Parameters at, int row, double[] z)
    {
        int image = row / samples;
        double[] output = ReferenceVae.Network(options, at, "decoder", options.DecoderWidths, [.. z, .. OneHot(Label(image))]);
        return Enumerable.Range(0, pixels).Sum(p => ReferenceVae.NegativeLogLikelihood(
            options, at, x[image * pixels + p], [.. Enumerable.Range(0, output.Length / pixels).Select(i => output[i * pixels + p])]));
    }

    private double[] LogWeights(Parameters at, Sample[] drawn, int image, double klWeight) =>
        [.. Enumerable.Range(image * samples, samples).Select(r =>
            -Reconstruction(at, r, drawn[r].Z) - klWeight * (drawn[r].LogDensity - LogPrior(at, drawn[r].Z)))];

    private double Correlation(double[][] moments, double[] z, int imageCount)
    {
        double logCount = Math.Log((double)imageCount * moments.Length);
        double joint = LogSum([.. moments.Select(m => z.Select((value, l) => LogNormal(value, m[l], m[latent + l])).Sum())]);
        return joint - logCount - Enumerable.Range(0, latent).Sum(l =>
            LogSum([.. moments.Select(m => LogNormal(z[l], m[l], m[latent + l]))]) - logCount);
    }

    /// <summary>The squared maximum mean discrepancy with inverse multiquadratic kernels.</summary>
    public static double Discrepancy(double[][] z, double[][] p)
    {
        int n = z.Length;
        double sum = 0;
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++)
                sum += (i == j ? 0 : (Kernel(z[i], z[j]) + Kernel(p[i], p[j])) / (n * (n - 1.0))) - 2 * Kernel(z[i], p[j]) / n / n;
        return sum;

        static double Kernel(double[] a, double[] b)
        {
            double distance = a.Zip(b).Sum(pair => (pair.First - pair.Second) * (pair.First - pair.Second));
            return ((double[])[0.1, 0.2, 0.5, 1, 2, 5, 10]).Sum(s => 2 * a.Length * s / (2 * a.Length * s + distance));
        }
    }

    private static double Kl(double mean, double logVariance) => 0.5 * (mean * mean + Math.Exp(logVariance) - 1 - logVariance);

    private static double LogNormal(double value, double mean, double logVariance) =>
        -0.5 * ((value - mean) * (value - mean) * Math.Exp(-logVariance) + logVariance + Math.Log(2 * Math.PI));

    private static double LogMean(double[] values) => LogSum(values) - Math.Log(values.Length);

    private static double LogSum(double[] values) => values.Max() + Math.Log(values.Sum(value => Math.Exp(value - values.Max())));
}
