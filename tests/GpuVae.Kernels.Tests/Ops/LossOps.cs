using GpuVae.Kernels.Likelihoods;
using ILGPU;

namespace GpuVae.Kernels.Tests.Ops;

/// <summary>
/// Every likelihood: loss, gradient by central differences, and mean, in both layouts and with several samples per image.
/// </summary>
internal static class LossOps
{
    // A lane adds up to 1000 terms of one sign. What a term loses is the rounding of its exponents: up to 20 before exp gives it back as a
    // relative error of 20 half ulp, 1.2e-6; a sum over pixels of both signs, the shared number's slope, can lose another half digit.
    private const double Tolerance = 3e-6;

    public static IEnumerable<Op> Rows()
    {
        foreach (LikelihoodCase likelihood in LikelihoodCase.All)
        {
            foreach ((int rows, int pixels) in new[] { (1, 1), (3, 17), (2, 1000) })
                yield return new Op($"{likelihood.Name} {rows}x{pixels}", Tolerance, run =>
                    Run(run, likelihood, rows, 1, pixels, 1, -0.8f));
            yield return new Op($"{likelihood.Name} 6 of 2 images 3x43, channels last", Tolerance, run =>
                Run(run, likelihood, 6, 3, 43, 3, -0.8f));
            if (likelihood.HasShared)
                yield return new Op($"{likelihood.Name} outside the clamp", Tolerance, run => Run(run, likelihood, 3, 1, 17, 1, -31f));
        }
    }

    private static void Run(OpRun run, LikelihoodCase likelihood, int rows, int samplesPerImage, int area, int channels, float shared)
    {
        int parameters = likelihood.Parameters, pixels = area * channels;
        bool isPlanar = channels == 1;
        PixelLayout layout = isPlanar ? PixelLayout.Planar(pixels) : PixelLayout.ChannelsLast(area, channels, parameters);
        float[] images = [.. run.Uniform(rows / samplesPerImage * pixels, 0, 1).Select((x, i) => Quantize(likelihood.Values, x, i))];
        float scale = 1f / rows;
        float[] decoded = new float[rows * pixels * parameters];
        double[] losses = new double[rows], means = new double[rows * pixels], gradient = new double[decoded.Length];
        double[] dShared = new double[rows];
        for (int row = 0; row < rows; row++)
        {
            for (int pixel = 0; pixel < pixels; pixel++)
            {
                int channel = pixel / area, place = pixel % area;
                int Column(int p) => row * pixels * parameters +
                    (isPlanar ? p * pixels + pixel : place * parameters * channels + p * channels + channel);
                for (int p = 0; p < parameters; p++)
                    decoded[Column(p)] = run.Uniform(1, likelihood.Ranges[p].Low, likelihood.Ranges[p].High)[0];
                double[] y = [.. Enumerable.Range(0, parameters).Select(p => (double)decoded[Column(p)])];
                double x = images[row / samplesPerImage * pixels + pixel];
                losses[row] += likelihood.Loss(y, shared, x);
                means[row * pixels + pixel] = likelihood.Mean(y);
                dShared[row] += scale * Reference.Derivative(s => likelihood.Loss(y, s, x), shared);
                for (int p = 0; p < parameters; p++)
                {
                    double kept = y[p];
                    gradient[Column(p)] = scale * Reference.Derivative(
                        v =>
                        {
                            y[p] = v;
                            return likelihood.Loss(y, shared, x);
                        },
                        kept);
                    y[p] = kept;
                }
            }
        }
        ArrayView<float> target = run.Upload(images), output = run.Upload(decoded);
        ArrayView<float> number = likelihood.HasShared ? run.Upload([shared]) : default;
        likelihood.On(run.Accelerator)
            .Forward(run.Stream, output, target, number, run.Expect("loss alone", losses), layout, samplesPerImage);
        likelihood.On(run.Accelerator).Means(run.Stream, output, number, run.Expect("means", means), layout);
        likelihood.On(run.Accelerator).Differentiate(
            run.Stream, run.Expect("gradient", decoded, gradient), target, number,
            likelihood.HasShared ? run.Expect("dShared", dShared) : default, run.Expect("loss", losses), layout, samplesPerImage, scale);
    }

    /// <summary>A value that the likelihood allows; every fifth is an end.</summary>
    private static float Quantize(PixelValues values, float x, int index) => values switch
    {
        PixelValues.Bits => MathF.Round(x),
        PixelValues.Levels when index % 5 == 0 => MathF.Round(x),
        PixelValues.Levels => MathF.Round(255 * x) / 255,
        _ => x,
    };
}
