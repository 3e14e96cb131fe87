using GpuVae.Kernels.Common;
using GpuVae.Kernels.Likelihoods;
using GpuVae.Kernels.Training;
using ILGPU;

namespace GpuVae.Kernels.Tests.Ops;

/// <summary>What a discriminator and its opponent need. Gradients by central differences.</summary>
internal static class AdversarialOps
{
    // Sums of up to a hundred products of either sign, one after the other, and two norms.
    private const double SpectralTolerance = 3e-6;

    // The slopes of a mean, as in ObservationOps.
    private const double MeanTolerance = 1e-5;

    public static IEnumerable<Op> Rows()
    {
        foreach ((int rows, int columns) in new[] { (1, 3), (7, 3), (48, 17), (33, 1), (65, 129) })
        {
            yield return new Op($"Spectral normalisation {rows}x{columns}", SpectralTolerance, run => Normalize(run, rows, columns));
            yield return new Op(
                $"Spectral normalisation backward {rows}x{columns}", SpectralTolerance, run => NormalizeBackward(run, rows, columns));
        }
        foreach (int n in OpTable.Sizes)
        {
            // A subtraction and a product.
            yield return new Op($"Hinge loss {n}", 3e-7, run => Hinge(run, n));
            // A difference of numbers of the same size, and products.
            yield return new Op($"Feature matching, tanh {n}", 1e-6, run => Match(run, n));
            // Two roots, a quotient, a product and a sum.
            yield return new Op($"Adaptive weight {n}", 1e-6, run => Weigh(run, n, squaredNorm: 0.7f, most: 100, ratio: null));
        }
        yield return new Op("Adaptive weight at its bound", 1e-6, run => Weigh(run, 17, squaredNorm: 1e-12f, most: 100, ratio: 100));
        foreach (LikelihoodCase likelihood in LikelihoodCase.All)
        {
            yield return new Op($"{likelihood.Name}, means backward 3x17", MeanTolerance, run => Means(run, likelihood, 3, 17, 1));
            yield return new Op(
                $"{likelihood.Name}, means backward 2x43x3, channels last", MeanTolerance, run => Means(run, likelihood, 2, 43, 3));
        }
    }

    private static (double[] U, double[] V) Round(float[] weight, float[] u, int columns)
    {
        double[] v = new double[columns], next = new double[u.Length];
        for (int i = 0; i < weight.Length; i++)
            v[i % columns] += (double)weight[i] * u[i / columns];
        double norm = Norm(v);
        for (int i = 0; i < weight.Length; i++)
            next[i / columns] += weight[i] * v[i % columns] / norm;
        return (next, v);
    }

    private static double Norm(double[] x) => Math.Sqrt(x.Sum(value => value * value));

    private static void Normalize(OpRun run, int rows, int columns)
    {
        float[] weight = run.Uniform(rows * columns), u = run.Uniform(rows, 0.1, 1);
        (double[] next, double[] v) = Round(weight, u, columns);
        double sigma = Norm(next);
        var kernel = new SpectralNormalization(run.Accelerator);
        ArrayView<float> ofWeight = run.Upload(weight), direction = run.Expect("u", u, next);
        kernel.Iterate(run.Stream, ofWeight, direction, run.Expect("v", v));
        const float gain = 2.5f;
        kernel.Apply(run.Stream, ofWeight, direction, gain, run.Expect("normalised", [.. weight.Select(w => gain * w / sigma)]));
    }

    private static void NormalizeBackward(OpRun run, int rows, int columns)
    {
        float[] weight = run.Uniform(rows * columns), gradient = run.Uniform(rows * columns);
        (double[] u, double[] v) = Round(weight, run.Uniform(rows, 0.1, 1), columns);
        const float gain = 2.5f;
        double sigma = Norm(u), ofV = Norm(v);
        double[] expected = Reference.Gradient(
            w =>
            {
                double dot = 0, norm = 0;
                for (int i = 0; i < w.Length; i++)
                {
                    dot += gradient[i] * w[i];
                    norm += u[i / columns] / sigma * w[i] * v[i % columns] / ofV;
                }
                return gain * dot / norm;
            },
            Reference.ToDouble(weight));
        new SpectralNormalization(run.Accelerator).Backward(
            run.Stream, run.Upload([.. weight.Select(w => (float)(gain * w / sigma))]), run.Upload([.. u.Select(value => (float)value)]),
            run.Upload([.. v.Select(value => (float)value)]), gain, run.Upload(new float[rows]),
            run.Expect("gradient", gradient, expected));
    }

    private static void Hinge(OpRun run, int n)
    {
        const float scale = 0.25f;
        // Away from the kinks at -1 and 1.
        float[] scores = [.. run.Uniform(n, -3, 3).Select(s => Math.Abs(Math.Abs(s) - 1) < 0.01 ? s + 0.05f : s)];
        var kernel = new HingeLoss(run.Accelerator);
        foreach (bool areImages in new[] { true, false })
        {
            double Loss(double s) => Math.Max(0, areImages ? 1 - s : 1 + s);
            kernel.Discriminate(
                run.Stream, run.Upload(scores), areImages, scale, run.Expect($"terms {areImages}", [.. scores.Select(s => Loss(s))]),
                run.Expect($"gradient {areImages}", [.. scores.Select(s => scale * Reference.Derivative(Loss, s))]));
        }
        kernel.Generate(run.Stream, scale, run.Expect("generator's gradient", [.. scores.Select(_ => -(double)scale)]));
    }

    private static void Match(OpRun run, int n)
    {
        const float scale = 0.3f;
        float[] preActivations = run.Uniform(n), target = run.Uniform(n, 2, 3), gradient = run.Uniform(n);
        float[] features = [.. preActivations.Select(v => (float)Math.Tanh(v))];
        double[] expected =
        [
            .. Enumerable.Range(0, n).Select(i => gradient[i] + scale * Reference.Derivative(
                v => 0.5 * (Math.Tanh(v) - target[i]) * (Math.Tanh(v) - target[i]), preActivations[i])),
        ];
        ArrayView<float> y = run.Upload(features);
        new FeatureMatching<Tanh>(run.Accelerator).AddGradient(
            run.Stream, run.Upload(target), y, y, scale, run.Expect("gradient", gradient, expected));
    }

    private static void Weigh(OpRun run, int n, float squaredNorm, float most, double? ratio)
    {
        const float weight = 0.8f, ofReconstruction = 0.3f;
        // The third of eight steps, or long after them.
        (long step, double risen) = n % 2 == 0 ? (2L, 3.0 / 8) : (1000L, 1.0);
        float[] addend = run.Uniform(n), gradient = run.Uniform(n, 2, 3);
        double lambda = weight * risen * (ratio ?? Math.Sqrt(ofReconstruction) / (Math.Sqrt(squaredNorm) + 1e-4));
        new AdaptiveWeight(run.Accelerator).Add(
            run.Stream, run.Upload(addend), run.Upload([ofReconstruction, squaredNorm]), run.Upload([step]), weight, 8, most,
            run.Expect("λ", [lambda]), run.Expect("gradient", gradient, [.. gradient.Zip(addend, (g, a) => g + lambda * a)]));
    }

    private static void Means(OpRun run, LikelihoodCase likelihood, int rows, int area, int channels)
    {
        int parameters = likelihood.Parameters, pixels = area * channels;
        PixelLayout layout = channels == 1 ? PixelLayout.Planar(pixels) : PixelLayout.ChannelsLast(area, channels, parameters);
        float[] decoded = new float[rows * pixels * parameters], dImages = run.Uniform(rows * pixels);
        double[] expected = new double[decoded.Length];
        for (int i = 0; i < dImages.Length; i++)
        {
            double slope = dImages[i];
            int[] at =
            [
                .. Enumerable.Range(0, parameters).Select(p =>
                    i / pixels * pixels * parameters + layout.FirstColumnOf(i % pixels) + p * layout.ParameterStride),
            ];
            for (int p = 0; p < parameters; p++)
                decoded[at[p]] = run.Uniform(1, likelihood.Ranges[p].Low, likelihood.Ranges[p].High)[0];
            double[] ofMean = Reference.Gradient(likelihood.Mean, [.. at.Select(place => (double)decoded[place])]);
            for (int p = 0; p < parameters; p++)
                expected[at[p]] = slope * ofMean[p];
        }
        likelihood.On(run.Accelerator).DifferentiateMeans(
            run.Stream, run.Expect("gradient", decoded, expected), run.Upload([0f]), run.Upload(dImages), layout);
    }
}
