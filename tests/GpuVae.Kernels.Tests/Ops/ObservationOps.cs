using GpuVae.Kernels.Common;
using GpuVae.Kernels.Layers;
using GpuVae.Kernels.Likelihoods;

namespace GpuVae.Kernels.Tests.Ops;

/// <summary>
/// What is seen of an image, under every likelihood: some of its pixels, or the image reduced. Gradients by central differences.
/// </summary>
internal static class ObservationOps
{
    // As for the losses of whole images.
    private const double Tolerance = 3e-6;

    // The slopes of a mean far out are small beside those near the middle, and the logistic's is a difference of terms of the size of 1.
    private const double MeanTolerance = 1e-5;

    public static IEnumerable<Op> Rows()
    {
        yield return new Op("Bernoulli, seen 3x17", Tolerance, run => Seen(run, LikelihoodCase.Find("Bernoulli"), 3, 1, 17, 1));
        yield return new Op("Block means 3x12x8x3 by 4", 1e-6, run => Means(run, 3, new PoolShape(8, 12, 3, 4)));
        foreach (LikelihoodCase likelihood in LikelihoodCase.All)
        {
            yield return new Op($"{likelihood.Name}, seen 6 of 2 images 3x43, channels last", Tolerance, run =>
                Seen(run, likelihood, 6, 3, 43, 3));
            yield return new Op($"{likelihood.Name}, reduced 3x6x4x3 by 2", MeanTolerance, run =>
                Reduced(run, likelihood, 3, new PoolShape(6, 4, 3, 2), isPlanar: true));
            yield return new Op($"{likelihood.Name}, reduced 2x8x12x3 by 4, channels last", MeanTolerance, run =>
                Reduced(run, likelihood, 2, new PoolShape(8, 12, 3, 4), isPlanar: false));
        }
    }

    private static void Seen(OpRun run, LikelihoodCase likelihood, int rows, int samplesPerImage, int area, int channels)
    {
        const float shared = -0.8f;
        int pixels = area * channels;
        var outputs = new Outputs(run, likelihood, rows, area, channels, isPlanar: channels == 1);
        float[] images = [.. run.Uniform(rows / samplesPerImage * pixels, 0, 1).Select(x => MathF.Round(x))];
        float[] seen = [.. run.Uniform(pixels, 0, 1).Select(x => MathF.Round(x))];
        double[] losses = new double[rows];
        double[] gradient = new double[outputs.Values.Length];
        for (int row = 0; row < rows; row++)
        {
            for (int pixel = 0; pixel < pixels; pixel++)
            {
                if (seen[pixel] == 0)
                    continue;
                double x = images[row / samplesPerImage * pixels + pixel];
                double[] y = outputs.Of(row, pixel);
                losses[row] += likelihood.Loss(y, shared, x);
                outputs.Add(gradient, row, pixel, Reference.Gradient(v => likelihood.Loss(v, shared, x), y));
            }
        }
        likelihood.On(run.Accelerator).DifferentiateSeen(
            run.Stream, run.Expect("gradient", outputs.Values, gradient), run.Upload(images), run.Upload(seen), run.Upload([shared]),
            run.Expect("loss", losses), outputs.Layout, samplesPerImage);
    }

    private static void Reduced(OpRun run, LikelihoodCase likelihood, int rows, PoolShape pool, bool isPlanar)
    {
        const float precision = 3f;
        int area = pool.Width * pool.Height, channels = pool.Channels, pixels = area * channels;
        int f = pool.Factor, columns = pool.Width / f, smallArea = area / (f * f);
        var outputs = new Outputs(run, likelihood, rows, area, channels, isPlanar);
        float[] small = run.Uniform(rows * smallArea * channels, 0, 1);
        double[] reduced = new double[small.Length], losses = new double[rows], gradient = new double[outputs.Values.Length];
        int SmallOf(int row, int pixel)
        {
            int channel = pixel / area, y = pixel % area / pool.Width, x = pixel % pool.Width;
            return (row * channels + channel) * smallArea + y / f * columns + x / f;
        }
        for (int i = 0; i < rows * pixels; i++)
            reduced[SmallOf(i / pixels, i % pixels)] += likelihood.Mean(outputs.Of(i / pixels, i % pixels)) / (f * f);
        for (int i = 0; i < small.Length; i++)
            losses[i / (smallArea * channels)] += precision / 2 * (reduced[i] - small[i]) * (reduced[i] - small[i]);
        for (int i = 0; i < rows * pixels; i++)
        {
            int j = SmallOf(i / pixels, i % pixels);
            double slope = precision * (reduced[j] - small[j]) / (f * f);
            double[] ofMean = Reference.Gradient(likelihood.Mean, outputs.Of(i / pixels, i % pixels));
            outputs.Add(gradient, i / pixels, i % pixels, [.. ofMean.Select(d => d * slope)]);
        }
        likelihood.On(run.Accelerator).DifferentiateReduced(
            run.Stream, run.Expect("gradient", outputs.Values, gradient), run.Upload(small), run.Upload([0f]),
            run.Expect("loss", losses), outputs.Layout, pool, precision);
    }

    private static void Means(OpRun run, int rows, PoolShape pool)
    {
        float[] images = run.Uniform(rows * pool.Pixels);
        double[] means = new double[images.Length];
        int f = pool.Factor, width = pool.Width;
        for (int i = 0; i < images.Length; i++)
        {
            int first = i / width / f * f * width + i % width / f * f;
            for (int p = 0; p < f * f; p++)
                means[i] += images[first + p / f * width + p % f] / (double)(f * f);
        }
        new AveragePool(run.Accelerator).Apply(run.Stream, run.Upload(images), run.Expect("means", means), pool);
    }

    /// <summary>A decoder's output, and where it has the parameters of a pixel.</summary>
    private sealed class Outputs
    {
        private readonly int pixels, area, channels, parameters;
        private readonly bool isPlanar;

        public Outputs(OpRun run, LikelihoodCase likelihood, int rows, int area, int channels, bool isPlanar)
        {
            (this.area, this.channels, this.isPlanar) = (area, channels, isPlanar);
            (pixels, parameters) = (area * channels, likelihood.Parameters);
            Values = new float[rows * pixels * parameters];
            Layout = isPlanar ? PixelLayout.Planar(pixels) : PixelLayout.ChannelsLast(area, channels, parameters);
            for (int row = 0; row < rows; row++)
                for (int pixel = 0; pixel < pixels; pixel++)
                    for (int p = 0; p < parameters; p++)
                        Values[At(row, pixel, p)] = run.Uniform(1, likelihood.Ranges[p].Low, likelihood.Ranges[p].High)[0];
        }

        public float[] Values { get; }

        public PixelLayout Layout { get; }

        public double[] Of(int row, int pixel) => [.. Enumerable.Range(0, parameters).Select(p => (double)Values[At(row, pixel, p)])];

        public void Add(double[] gradient, int row, int pixel, double[] slopes)
        {
            for (int p = 0; p < parameters; p++)
                gradient[At(row, pixel, p)] += slopes[p];
        }

        private int At(int row, int pixel, int parameter) => row * pixels * parameters + (isPlanar
            ? parameter * pixels + pixel
            : pixel % area * parameters * channels + parameter * channels + pixel / area);
    }
}
