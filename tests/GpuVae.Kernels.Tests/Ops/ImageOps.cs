using GpuVae.Kernels.Common;
using GpuVae.Kernels.Layers;
using ILGPU;

namespace GpuVae.Kernels.Tests.Ops;

/// <summary>What convolutional networks do to images with channels innermost beside convolutions.</summary>
internal static class ImageOps
{
    // Statistics of some hundred values of order one, and differences of them.
    private const double Tolerance = 5e-6;

    public static IEnumerable<Op> Rows()
    {
        foreach (NormalizationShape shape in new NormalizationShape[]
            {
                new(2, 1, 6, 1), new(1, 35, 12, 4), new(3, 9, 40, 2), new(2, 30, 33, 33), new(2, 23, 24, 8), new(3, 7, 64, 8),
            })
        {
            string size = $"{shape.Batch}x{shape.Area}x{shape.Channels} in {shape.Groups}";
            yield return new Op($"Group normalisation, SiLU kept {size}", Tolerance, run => Normalize(run, shape));
            yield return new Op($"Group normalisation backward {size}", Tolerance, run => NormalizeBackward(run, shape));
        }
        foreach (UpsamplingShape shape in new UpsamplingShape[] { new(1, 1, 1, 1), new(2, 5, 4, 3), new(3, 6, 7, 17), new(1, 2, 2, 40) })
        {
            yield return new Op($"Upsampling {shape.Batch}x{shape.Height}x{shape.Width}x{shape.Channels}", 0, run => Upsample(run, shape));
            yield return new Op(
                $"Upsampling backward {shape.Batch}x{shape.Height}x{shape.Width}x{shape.Channels}", 1e-7,
                run => UpsampleBackward(run, shape));
            yield return new Op(
                $"Bilinear upsampling {shape.Batch}x{shape.Height}x{shape.Width}x{shape.Channels}", 1e-6, run => Interpolate(run, shape));
            yield return new Op(
                $"Bilinear upsampling backward {shape.Batch}x{shape.Height}x{shape.Width}x{shape.Channels}", 1e-6,
                run => InterpolateBackward(run, shape));
        }
        foreach ((int count, int rows, int columns) in new[] { (1, 1, 1), (3, 5, 17), (2, 33, 3) })
            yield return new Op($"Transposition {count}x{rows}x{columns}", 0, run => Transpose(run, count, rows, columns));
        foreach (int n in OpTable.Sizes)
        {
            yield return new Op($"Addition, SiLU kept {n}", 1e-6, run => Add(run, n));
            yield return new Op($"Addition backward tanh {n}", 1e-6, run => AddBackward(run, n));
        }
    }

    private static double[] NormalizedOf(float[] x, float[] gamma, float[] beta, NormalizationShape s, double[] statistics)
    {
        double[] v = new double[x.Length];
        for (int group = 0; group < s.Batch * s.Groups; group++)
        {
            int[] members = [.. Members(s, group)];
            double mean = members.Average(i => (double)x[i]);
            double inverse = 1 / Math.Sqrt(members.Average(i => (x[i] - mean) * (x[i] - mean)) + 1e-5);
            (statistics[2 * group], statistics[2 * group + 1]) = (mean, inverse);
            foreach (int i in members)
                v[i] = (x[i] - mean) * inverse * gamma[i % s.Channels] + beta[i % s.Channels];
        }
        return v;
    }

    private static IEnumerable<int> Members(NormalizationShape s, int group)
    {
        int width = s.Channels / s.Groups, first = group / s.Groups * s.Area * s.Channels + group % s.Groups * width;
        return from a in Enumerable.Range(0, s.Area) from c in Enumerable.Range(0, width) select first + a * s.Channels + c;
    }

    private static void Normalize(OpRun run, NormalizationShape shape)
    {
        float[] x = run.Uniform(shape.Batch * shape.Area * shape.Channels, 1, 3), gamma = run.Uniform(shape.Channels);
        float[] beta = run.Uniform(shape.Channels);
        double[] statistics = new double[2 * shape.Batch * shape.Groups];
        double[] v = NormalizedOf(x, gamma, beta, shape, statistics);
        new GroupNormalization<Silu>(run.Accelerator).Forward(
            run.Stream, shape, run.Upload(x), run.Upload(gamma), run.Upload(beta),
            run.Expect("y", Array.ConvertAll(v, t => t * Reference.Sigmoid(t))),
            run.Expect("derivative", Array.ConvertAll(v, Reference.SiluDerivative)),
            run.Expect("statistics", statistics));
    }

    private static void NormalizeBackward(OpRun run, NormalizationShape shape)
    {
        float[] x = run.Uniform(shape.Batch * shape.Area * shape.Channels, 1, 3), gamma = run.Uniform(shape.Channels);
        float[] beta = run.Uniform(shape.Channels), dv = run.Uniform(x.Length);
        double[] statistics = new double[2 * shape.Batch * shape.Groups];
        NormalizedOf(x, gamma, beta, shape, statistics);
        double[] dx = new double[x.Length], dGamma = new double[shape.Channels], dBeta = new double[shape.Channels];
        for (int group = 0; group < shape.Batch * shape.Groups; group++)
        {
            int[] members = [.. Members(shape, group)];
            double mean = statistics[2 * group], inverse = statistics[2 * group + 1];
            double first = members.Average(i => (double)dv[i] * gamma[i % shape.Channels]);
            double second = members.Average(i => (double)dv[i] * gamma[i % shape.Channels] * (x[i] - mean) * inverse);
            foreach (int i in members)
            {
                double normalized = (x[i] - mean) * inverse;
                dx[i] = inverse * ((double)dv[i] * gamma[i % shape.Channels] - first - normalized * second);
                dGamma[i % shape.Channels] += dv[i] * normalized;
                dBeta[i % shape.Channels] += dv[i];
            }
        }
        ArrayView<float> saved = run.Upload(Array.ConvertAll(statistics, s => (float)s));
        ArrayView<float> parts = run.Upload(new float[2 * shape.Batch * shape.Channels]);
        var kernels = new GroupNormalization<Identity>(run.Accelerator);
        kernels.Backward(run.Stream, shape, run.Upload(x), run.Upload(gamma), saved, run.Upload(dv), run.Expect("dx", dx), parts);
        kernels.ParameterGradients(run.Stream, shape, parts, run.Expect("dγ", dGamma), run.Expect("dβ", dBeta));
    }

    private static int SourceOf(UpsamplingShape s, int i)
    {
        int c = i % s.Channels, x = i / s.Channels % s.Width, y = i / s.Channels / s.Width % s.Height;
        int b = i / s.Channels / s.Width / s.Height;
        return ((b * s.SourceHeight + y / 2) * s.SourceWidth + x / 2) * s.Channels + c;
    }

    private static void Upsample(OpRun run, UpsamplingShape shape)
    {
        float[] x = run.Uniform(shape.Batch * shape.SourceHeight * shape.SourceWidth * shape.Channels);
        double[] y = new double[shape.Batch * shape.Height * shape.Width * shape.Channels];
        for (int i = 0; i < y.Length; i++)
            y[i] = x[SourceOf(shape, i)];
        new Upsampling(run.Accelerator).Forward(run.Stream, shape, run.Upload(x), run.Expect("y", y));
    }

    private static void UpsampleBackward(OpRun run, UpsamplingShape shape)
    {
        float[] dy = run.Uniform(shape.Batch * shape.Height * shape.Width * shape.Channels);
        double[] dx = new double[shape.Batch * shape.SourceHeight * shape.SourceWidth * shape.Channels];
        for (int i = 0; i < dy.Length; i++)
            dx[SourceOf(shape, i)] += dy[i];
        new Upsampling(run.Accelerator).Backward(run.Stream, shape, run.Upload(dy), run.Expect("dx", dx));
    }

    private static void Interpolate(OpRun run, UpsamplingShape shape)
    {
        float[] x = run.Uniform(shape.Batch * shape.SourceHeight * shape.SourceWidth * shape.Channels);
        double[] y = new double[shape.Batch * shape.Height * shape.Width * shape.Channels];
        foreach ((int to, int from, double weight) in Weights(shape))
            y[to] += weight * x[from];
        new BilinearUpsampling(run.Accelerator).Forward(run.Stream, shape, run.Upload(x), run.Expect("y", y));
    }

    private static void InterpolateBackward(OpRun run, UpsamplingShape shape)
    {
        float[] dy = run.Uniform(shape.Batch * shape.Height * shape.Width * shape.Channels);
        double[] dx = new double[shape.Batch * shape.SourceHeight * shape.SourceWidth * shape.Channels];
        foreach ((int to, int from, double weight) in Weights(shape))
            dx[from] += weight * dy[to];
        new BilinearUpsampling(run.Accelerator).Backward(run.Stream, shape, run.Upload(dy), run.Expect("dx", dx));
    }

    /// <summary>Of every pair of pixels: how much one of the result has of one of the source, from where their middles lie.</summary>
    private static IEnumerable<(int To, int From, double Weight)> Weights(UpsamplingShape s) =>
        from image in Enumerable.Range(0, s.Batch)
        from row in Along(s.Height, s.SourceHeight)
        from column in Along(s.Width, s.SourceWidth)
        from channel in Enumerable.Range(0, s.Channels)
        select (((image * s.Height + row.To) * s.Width + column.To) * s.Channels + channel,
            ((image * s.SourceHeight + row.From) * s.SourceWidth + column.From) * s.Channels + channel, row.Weight * column.Weight);

    private static IEnumerable<(int To, int From, double Weight)> Along(int count, int sources)
    {
        for (int to = 0; to < count; to++)
        {
            double middle = Math.Clamp((to + 0.5) / 2 - 0.5, 0, sources - 1);
            int first = (int)middle;
            yield return (to, first, 1 - (middle - first));
            if (middle > first)
                yield return (to, first + 1, middle - first);
        }
    }

    private static void Transpose(OpRun run, int count, int rows, int columns)
    {
        float[] from = run.Uniform(count * rows * columns);
        double[] to = new double[from.Length];
        for (int i = 0; i < from.Length; i++)
            to[(i / (rows * columns) * columns + i % columns) * rows + i / columns % rows] = from[i];
        new Transposition(run.Accelerator).Run(run.Stream, count, rows, columns, run.Upload(from), run.Expect("to", to));
    }

    private static void Add(OpRun run, int n)
    {
        float[] a = run.Uniform(n, 0, 2), b = run.Uniform(n);
        double[] sum = [.. a.Zip(b, (s, t) => (double)s + t)];
        new Addition<Silu>(run.Accelerator).Forward(
            run.Stream, run.Upload(a), run.Upload(b), run.Expect("y", Array.ConvertAll(sum, v => v * Reference.Sigmoid(v))),
            run.Expect("derivative", Array.ConvertAll(sum, Reference.SiluDerivative)));
    }

    private static void AddBackward(OpRun run, int n)
    {
        float[] saved = run.Uniform(n), dy = run.Uniform(n), dx = run.Uniform(n);
        double[] expected = new double[n];
        for (int i = 0; i < n; i++)
            expected[i] = ((double)dx[i] + dy[i]) * (1 - (double)saved[i] * saved[i]);
        new Addition<Tanh>(run.Accelerator).Backward(run.Stream, run.Upload(saved), run.Upload(dy), run.Expect("dx", dx, expected));
    }
}
