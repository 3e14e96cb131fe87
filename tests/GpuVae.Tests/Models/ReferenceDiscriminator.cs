using GpuVae.Options;

namespace GpuVae.Tests.Models;

/// <summary>
/// A discriminator and the losses around it once more, in double precision: weights [out, in, k, k] as PyTorch has them, divided by their
/// spectral norms as they are after one round of the power method from <c>directions</c>, whose vectors are then constants; the first
/// four times as large.
/// </summary>
internal sealed class ReferenceDiscriminator
{
    private readonly ImageShape shape;
    private readonly Dictionary<string, double[]> weights;
    private readonly List<(double[] U, double[] V)> vectors = [];

    /// <param name="shape">Of the images.</param>
    /// <param name="weights">Read anew for every answer.</param>
    /// <param name="directions">Of the rows [k, k, in] of each weight, each from a multiple of 64 on.</param>
    public ReferenceDiscriminator(ImageShape shape, Dictionary<string, double[]> weights, double[] directions)
    {
        (this.shape, this.weights) = (shape, weights);
        int at = 0;
        foreach ((double[] weight, int outputs) in Weights())
        {
            int rows = weight.Length / outputs;
            double[] u = directions[at..(at + rows)], v = new double[outputs], next = new double[rows];
            at += (rows + 63) / 64 * 64;
            ForEach(weight, outputs, (row, o, i) => v[o] += weight[i] * u[row]);
            v = Unit(v);
            ForEach(weight, outputs, (row, o, i) => next[row] += weight[i] * v[o]);
            vectors.Add((Unit(next), v));
        }
    }

    /// <summary>The scores of all images [batch, pixels], planar.</summary>
    public double[] Scores(double[] images) => [.. Features(images)[^1].SelectMany(image => image)];

    /// <summary>The discriminator's loss.</summary>
    public double Hinge(double[] images, double[] others) =>
        Scores(images).Average(s => Math.Max(0, 1 - s)) + Scores(others).Average(s => Math.Max(0, 1 + s));

    /// <summary>The loss of what made <paramref name="others"/>.</summary>
    public double Generator(double[] images, double[] others, double matching)
    {
        List<double[][]> features = Features(others), targets = Features(images);
        double loss = -features[^1].SelectMany(image => image).Average();
        foreach ((double[][] of, double[][] wanted) in features.Zip(targets).SkipLast(1))
            loss += matching * of.SelectMany(image => image).Zip(wanted.SelectMany(image => image), (a, b) => (a - b) * (a - b)).Average();
        return loss;
    }

    private static double[] Unit(double[] x)
    {
        double norm = Math.Sqrt(x.Sum(value => value * value));
        return [.. x.Select(value => value / norm)];
    }

    private IEnumerable<(double[] Weight, int Outputs)> Weights() =>
        from pair in weights
        where pair.Key.EndsWith(".weight", StringComparison.Ordinal)
        select (pair.Value, weights[pair.Key.Replace(".weight", ".bias", StringComparison.Ordinal)].Length);

    /// <summary>Calls back with row (of [k, k, in]), output and place of every number of a weight [out, in, k·k].</summary>
    private void ForEach(double[] weight, int outputs, Action<int, int, int> visit)
    {
        int taps = TapsOf(weight), inputs = weight.Length / outputs / taps;
        for (int i = 0; i < weight.Length; i++)
            visit(i % taps * inputs + i / taps % inputs, i / taps / inputs, i);
    }

    /// <summary>Those that halve images of odd sides, and the last two, have 3 × 3; the first one's images here may be even.</summary>
    private int TapsOf(double[] weight) =>
        ReferenceEquals(weight, weights["discriminator.0.weight"]) && shape.Width % 2 == 0 && shape.Height % 2 == 0 ? 16 : 9;

    /// <summary>What every layer gives, [layer][image][channel, y, x].</summary>
    private List<double[][]> Features(double[] images)
    {
        int batch = images.Length / shape.Pixels, width = shape.Width, height = shape.Height, inputs = shape.Channels, layer = 0;
        double[][] x = [.. Enumerable.Range(0, batch).Select(b => images[(b * shape.Pixels)..((b + 1) * shape.Pixels)])];
        var all = new List<double[][]>();
        (double[] Weight, int Outputs)[] layers = [.. Weights()];
        foreach ((double[] weight, int outputs) in layers)
        {
            int stride = layer < layers.Length - 2 ? 2 : 1, kernel = (int)Math.Sqrt(TapsOf(weight));
            int nextWidth = (width + 2 - kernel) / stride + 1, nextHeight = (height + 2 - kernel) / stride + 1;
            double sigma = 0;
            (double[] u, double[] v) = vectors[layer];
            ForEach(weight, outputs, (row, o, i) => sigma += u[row] * weight[i] * v[o]);
            sigma /= layer == 0 ? 4 : 1;
            double[] bias = weights[$"discriminator.{2 * layer}.bias"];
            bool isLast = ++layer == layers.Length;
            x =
            [
                .. x.Select(image =>
                {
                    double[] y = new double[outputs * nextHeight * nextWidth];
                    for (int i = 0; i < y.Length; i++)
                    {
                        int o = i / nextWidth / nextHeight;
                        int top = i / nextWidth % nextHeight * stride - 1, left = i % nextWidth * stride - 1;
                        double sum = bias[o];
                        for (int tap = 0; tap < inputs * kernel * kernel; tap++)
                        {
                            int row = top + tap / kernel % kernel, column = left + tap % kernel;
                            if (row >= 0 && row < height && column >= 0 && column < width)
                                sum += weight[o * inputs * kernel * kernel + tap] / sigma
                                    * image[(tap / kernel / kernel * height + row) * width + column];
                        }
                        y[i] = isLast || sum > 0 ? sum : 0.01 * sum;
                    }
                    return y;
                }),
            ];
            all.Add(x);
            (width, height, inputs) = (nextWidth, nextHeight, outputs);
        }
        return all;
    }
}
