using GpuVae.Kernels.Layers;
using GpuVae.Kernels.Training;
using ILGPU;

namespace GpuVae.Kernels.Tests.Ops;

/// <summary>What the features of a trained network, and a distance in them, need beside convolutions.</summary>
internal static class PerceptualOps
{
    // Sums of up to 130 products, two roots and quotients; the gradient is a difference of numbers of the same size.
    private const double DistanceTolerance = 3e-6;

    private static readonly WindowShape[] Windows =
    [
        // Overlapping with padding at an odd and an even side, side by side with pixels left over, larger steps than windows, one window.
        new(2, 7, 8, 17, 3, 2, 1), new(1, 5, 7, 3, 2, 2, 0), new(3, 9, 5, 1, 2, 3, 1), new(1, 4, 4, 40, 4, 1, 0), new(2, 3, 5, 5, 5, 1, 2),
    ];

    public static IEnumerable<Op> Rows()
    {
        foreach (WindowShape shape in Windows)
        {
            string size = $"{shape.Batch}x{shape.Height}x{shape.Width}x{shape.Channels}, {shape.Kernel}/{shape.Stride}+{shape.Padding}";
            // A choice and sums of at most nine numbers; the mean is of up to 25.
            yield return new Op($"Max pooling {size}", 3e-7, run => Max(run, shape));
            yield return new Op($"Mean pooling {size}", 5e-7, run => Mean(run, shape));
        }
        yield return new Op("Max pooling keeps NaN", 0, KeepNaN);
        // A product and a sum, or three of them.
        foreach ((int batch, int planes, int area, int[] sources) in new (int, int, int, int[])[]
            { (1, 1, 1, [0]), (3, 1, 35, [0, 0, 0]), (2, 3, 17, [2, 1, 0]), (2, 3, 129, [1]) })
        {
            yield return new Op(
                $"Image standardisation {batch}x{planes}x{area} to {sources.Length}", 3e-7,
                run => Standardize(run, batch, planes, area, sources));
        }
        foreach ((int places, int channels) in new[] { (1, 2), (3, 17), (65, 3), (7, 129), (2, 1000) })
            yield return new Op($"Feature distance {places}x{channels}", DistanceTolerance, run => Distance(run, places, channels));
    }

    /// <summary>The pixels of each window, by their taps, as they lie in x.</summary>
    private static IEnumerable<(int Output, int Tap, int Input)> Pixels(WindowShape s) =>
        from b in Enumerable.Range(0, s.Batch)
        from oy in Enumerable.Range(0, s.OutputHeight)
        from ox in Enumerable.Range(0, s.OutputWidth)
        from c in Enumerable.Range(0, s.Channels)
        from ky in Enumerable.Range(0, s.Kernel)
        from kx in Enumerable.Range(0, s.Kernel)
        let y = oy * s.Stride - s.Padding + ky
        let x = ox * s.Stride - s.Padding + kx
        where y >= 0 && y < s.Height && x >= 0 && x < s.Width
        select (((b * s.OutputHeight + oy) * s.OutputWidth + ox) * s.Channels + c, ky * s.Kernel + kx,
            ((b * s.Height + y) * s.Width + x) * s.Channels + c);

    private static int Outputs(WindowShape s) => s.Batch * s.OutputHeight * s.OutputWidth * s.Channels;

    private static void Max(OpRun run, WindowShape shape)
    {
        float[] x = run.Uniform(shape.Batch * shape.Height * shape.Width * shape.Channels), dy = run.Uniform(Outputs(shape));
        // Some windows have several of the largest: the first is it.
        for (int i = 0; i < x.Length; i++)
            x[i] = x[i] > 0.7f ? 0.7f : x[i];
        double[] y = new double[dy.Length], taps = new double[dy.Length], dx = new double[x.Length];
        foreach (IGrouping<int, (int Output, int Tap, int Input)> window in Pixels(shape).GroupBy(pixel => pixel.Output))
        {
            (int output, int tap, int input) = window.OrderBy(pixel => pixel.Tap).MaxBy(pixel => x[pixel.Input]);
            (y[output], taps[output]) = (x[input], tap);
            dx[input] += dy[output];
        }
        var kernel = new MaxPooling(run.Accelerator);
        ArrayView<float> chosen = run.Expect("taps", taps);
        kernel.Forward(run.Stream, shape, run.Upload(x), run.Expect("y", y), chosen);
        kernel.Backward(run.Stream, shape, run.Upload(dy), chosen, run.Expect("dx", dx));
    }

    private static void Mean(OpRun run, WindowShape shape)
    {
        float[] x = run.Uniform(shape.Batch * shape.Height * shape.Width * shape.Channels, 1, 2), dy = run.Uniform(Outputs(shape), 1, 2);
        double[] y = new double[dy.Length], dx = new double[x.Length];
        foreach ((int output, _, int input) in Pixels(shape))
        {
            y[output] += (double)x[input] / (shape.Kernel * shape.Kernel);
            dx[input] += (double)dy[output] / (shape.Kernel * shape.Kernel);
        }
        var kernel = new MeanPooling(run.Accelerator);
        kernel.Forward(run.Stream, shape, run.Upload(x), run.Expect("y", y));
        kernel.Backward(run.Stream, shape, run.Upload(dy), run.Expect("dx", dx));
    }

    /// <summary>By the tap: a comparison of outputs would find NaN different from itself.</summary>
    private static void KeepNaN(OpRun run) => new MaxPooling(run.Accelerator).Forward(
        run.Stream, new WindowShape(1, 2, 2, 1, 2, 2, 0), run.Upload([0.5f, float.NaN, 2, 1]), run.Upload(new float[1]),
        run.Expect("tap", [1]));

    private static void Standardize(OpRun run, int batch, int planes, int area, int[] sources)
    {
        int channels = sources.Length;
        float[] x = run.Uniform(batch * planes * area), dy = run.Uniform(batch * area * channels, 1, 2);
        float[] factors = run.Uniform(2 * channels, 1, 2);
        double[] y = new double[dy.Length], dx = new double[x.Length];
        for (int i = 0; i < y.Length; i++)
        {
            int channel = i % channels, pixel = i / channels % area, image = i / channels / area;
            int from = (image * planes + sources[channel]) * area + pixel;
            y[i] = (double)factors[channel] * x[from] + factors[channels + channel];
            dx[from] += (double)factors[channel] * dy[i];
        }
        var kernel = new ImageStandardization(run.Accelerator);
        ArrayView<int> ofSources = run.Upload(sources);
        ArrayView<float> ofFactors = run.Upload(factors);
        kernel.Forward(run.Stream, run.Upload(x), run.Expect("y", y), ofSources, ofFactors, area);
        kernel.Backward(run.Stream, run.Upload(dy), run.Expect("dx", dx), ofSources, ofFactors, area);
    }

    private static void Distance(OpRun run, int places, int channels)
    {
        const float share = 0.2f, scale = 0.7f;
        float[] target = run.Uniform(places * channels, 0, 1), features = run.Uniform(places * channels, 0.1, 1);
        double[] distances = new double[places], gradient = new double[features.Length];
        for (int place = 0; place < places; place++)
        {
            double[] t = Reference.ToDouble(target[(place * channels)..((place + 1) * channels)]);
            double[] f = Reference.ToDouble(features[(place * channels)..((place + 1) * channels)]);
            distances[place] = share * Of(f, t);
            double[] slopes = Reference.Gradient(values => scale * Of(values, t), f);
            slopes.CopyTo(gradient, place * channels);
        }
        new FeatureDistance(run.Accelerator).Run(
            run.Stream, run.Upload(target), run.Upload(features), share, scale, run.Expect("distances", distances),
            run.Expect("gradient", gradient));
    }

    private static double Of(double[] features, double[] target)
    {
        double f = Math.Sqrt(features.Sum(value => value * value) + 1e-6), t = Math.Sqrt(target.Sum(value => value * value) + 1e-6);
        return features.Zip(target, (a, b) => (a / f - b / t) * (a / f - b / t)).Sum();
    }
}
