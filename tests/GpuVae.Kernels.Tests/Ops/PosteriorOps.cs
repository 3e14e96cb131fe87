using GpuVae.Kernels.Latent;
using GpuVae.Kernels.Random;
using ILGPU;

namespace GpuVae.Kernels.Tests.Ops;

/// <summary>
/// Sampled posteriors. The gradients are those of J = Σ dz·z(encoded) + Σ b·log q: of both parts, or of the first and of log q at a density
/// that stands still while the sample moves.
/// </summary>
internal static class PosteriorOps
{
    // exp of a log-variance, sums of up to 30 products of either sign; forward substitution through 17 units.
    private const double Tolerance = 3e-6;
    private const float KlWeight = 0.7f;

    public static IEnumerable<Op> Rows()
    {
        foreach ((int images, int samples, int latents) in new[] { (1, 1, 1), (3, 1, 17), (5, 3, 4), (2, 7, 33) })
        {
            foreach (bool full in new[] { false, true })
            {
                string name = $"{(full ? "Full covariance" : "Diagonal")} posterior {images}x{samples}x{latents}";
                yield return new Op($"{name} forward", Tolerance, run => Forward(run, images, samples, latents, full));
                foreach (PathGradient gradient in Enum.GetValues<PathGradient>())
                {
                    if (latents <= 17)
                    {
                        yield return new Op(
                            $"{name} backward, {gradient}", Tolerance, run => Backward(run, images, samples, latents, full, gradient));
                    }
                }
            }
        }
        yield return new Op("Noise of rows", 1e-6, Noise);
    }

    /// <summary>Weights of rows that add up to 1 over an image, as importance weights do.</summary>
    public static float[] Shares(OpRun run, int images, int samples)
    {
        float[] shares = run.Uniform(images * samples, 0.1, 1);
        foreach (int image in Enumerable.Range(0, images))
        {
            float sum = shares.AsSpan(image * samples, samples).ToArray().Sum();
            for (int r = image * samples; r < (image + 1) * samples; r++)
                shares[r] /= sum;
        }
        return shares;
    }

    private static void Noise(OpRun run)
    {
        const int rows = 3, columns = 70;
        double[] expected = [.. Enumerable.Range(0, rows * columns).Select(i =>
            (double)Philox.NormalAt(5, RandomPurpose.Latent, 9, i / columns, i % columns))];
        new RandomFill(run.Accelerator).NormalRows(
            run.Stream, run.Expect("noise", expected), columns, 5, RandomPurpose.Latent, run.Upload([9L]));
    }

    private static int Columns(int latents, bool full) => full ? FullCovariancePosterior.Columns(latents) : 2 * latents;

    /// <summary>Moments, one log-variance of an image outside the clamp unless gradients of it are wanted along the path.</summary>
    private static float[] Encoded(OpRun run, int images, int latents, bool full, bool withClamp)
    {
        int columns = Columns(latents, full);
        float[] encoded = run.Uniform(images * columns, -1, 1);
        for (int image = 0; withClamp && image < images; image++)
            encoded[image * columns + latents] = -40f;
        return encoded;
    }

    private static double[] Sample(double[] encoded, float[] noise, int row, int samples, int latents, bool full)
    {
        int at = row / samples * Columns(latents, full);
        double[] z = new double[latents];
        for (int i = 0; i < latents; i++)
        {
            double u = noise[row * latents + i];
            for (int j = 0; full && j < i; j++)
                u += encoded[at + 2 * latents + i * (i - 1) / 2 + j] * FullCovariancePosterior.Coupling / latents * noise[row
                    * latents + j];
            z[i] = encoded[at + i] + Math.Exp(Reference.ClampLogVariance(encoded[at + latents + i]) / 2) * u;
        }
        return z;
    }

    /// <summary>log q(z|x) of any z: by forward substitution for the noise that would give it.</summary>
    private static double LogDensity(double[] encoded, double[] z, int image, int latents, bool full)
    {
        int at = image * Columns(latents, full);
        double sum = 0;
        double[] noise = new double[latents];
        for (int i = 0; i < latents; i++)
        {
            double s = Reference.ClampLogVariance(encoded[at + latents + i]);
            noise[i] = (z[i] - encoded[at + i]) * Math.Exp(-s / 2);
            for (int j = 0; full && j < i; j++)
                noise[i] -= encoded[at + 2 * latents + i * (i - 1) / 2 + j] * FullCovariancePosterior.Coupling / latents * noise[j];
            sum -= 0.5 * (noise[i] * noise[i] + s + Math.Log(2 * Math.PI));
        }
        return sum;
    }

    private static void Forward(OpRun run, int images, int samples, int latents, bool full)
    {
        // The density's reference divides by the factor: without log-variances of -30 it keeps its digits.
        float[] encoded = Encoded(run, images, latents, full, withClamp: false), noise = run.Uniform(images * samples * latents, -2, 2);
        double[] at = Reference.ToDouble(encoded);
        double[][] z = [.. Enumerable.Range(0, images * samples).Select(row => Sample(at, noise, row, samples, latents, full))];
        double[] density = [.. z.Select((code, row) => LogDensity(at, code, row / samples, latents, full))];
        ArrayView<float> e = run.Upload(encoded), n = run.Upload(noise);
        ArrayView<float> codes = run.Expect("z", [.. z.SelectMany(code => code)]), densities = run.Expect("log q", density);
        if (full)
            new FullCovariancePosterior(run.Accelerator).Forward(run.Stream, e, n, codes, densities, latents, samples);
        else
            new DiagonalPosterior(run.Accelerator).Forward(run.Stream, e, 2 * latents, n, codes, densities, latents, samples);
    }

    private static void Backward(OpRun run, int images, int samples, int latents, bool full, PathGradient gradient)
    {
        bool alongPath = gradient != PathGradient.Standard;
        int rows = images * samples;
        float scale = 1f / images;
        float[] encoded = Encoded(run, images, latents, full, withClamp: !alongPath), noise = run.Uniform(rows * latents, -2, 2);
        float[] dz = run.Uniform(rows * latents), shares = Shares(run, images, samples);
        double[] fixedDensity = Reference.ToDouble(encoded);
        double Objective(double[] at)
        {
            double sum = 0;
            for (int row = 0; row < rows; row++)
            {
                double[] z = Sample(at, noise, row, samples, latents, full);
                double density = LogDensity(alongPath ? fixedDensity : at, z, row / samples, latents, full);
                double term = scale * KlWeight * shares[row] * density;
                for (int l = 0; l < latents; l++)
                    term += dz[row * latents + l] * z[l];
                sum += gradient == PathGradient.Dreg ? shares[row] * term : term;
            }
            return sum;
        }
        double[] expected = Reference.Gradient(Objective, Reference.ToDouble(encoded));
        ArrayView<float> e = run.Upload(encoded), n = run.Upload(noise), d = run.Upload(dz);
        var weights = new RowWeights(run.Upload(shares), run.Upload([KlWeight]), scale);
        ArrayView<float> dEncoded = run.Expect("dEncoded", expected);
        if (full)
        {
            var posterior = new FullCovariancePosterior(run.Accelerator);
            if (alongPath)
                posterior.AlongPath(run.Stream, e, n, run.Upload(new float[dz.Length]), d, weights, latents, samples, gradient);
            posterior.Backward(run.Stream, e, n, d, weights, dEncoded, latents, samples, gradient);
        }
        else
        {
            var posterior = new DiagonalPosterior(run.Accelerator);
            if (alongPath)
                posterior.AlongPath(run.Stream, e, 2 * latents, n, d, weights, latents, samples, gradient);
            posterior.Backward(run.Stream, e, 2 * latents, n, d, weights, dEncoded, latents, samples, gradient);
        }
    }
}
