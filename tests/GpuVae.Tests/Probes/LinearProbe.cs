using System.Numerics.Tensors;

namespace GpuVae.Tests.Probes;

/// <summary>
/// Softmax regression on standardised features, fitted by Adam with a rate that falls to zero: a judge of images that has nothing in common
/// with the models under test. The same data give the same probe.
/// </summary>
internal sealed class LinearProbe
{
    private readonly int dimension, classes;
    private readonly float[] mean, scale, weights; // [dimension], [dimension], [classes, dimension + 1] with the bias last

    private LinearProbe(int dimension, int classes)
    {
        (this.dimension, this.classes) = (dimension, classes);
        (mean, scale, weights) = (new float[dimension], new float[dimension], new float[classes * (dimension + 1)]);
    }

    /// <param name="features">[n, dimension].</param>
    /// <param name="labels">[n], below <paramref name="classes"/>.</param>
    /// <param name="classes">How many there are.</param>
    /// <param name="epochs">Passes over the data.</param>
    public static LinearProbe Fit(float[] features, int[] labels, int classes, int epochs = 12)
    {
        const int batch = 50;
        const float startRate = 3e-3f, decay = 0.9f, squareDecay = 0.999f, shrink = 1e-4f;
        int n = labels.Length, dimension = features.Length / n, width = dimension + 1;
        var probe = new LinearProbe(dimension, classes);
        float[] x = probe.Standardise(features, n);
        float[] w = probe.weights, gradient = new float[w.Length], first = new float[w.Length], second = new float[w.Length];
        float[] scores = new float[classes];
        var random = new Random(1);
        int[] order = [.. Enumerable.Range(0, n)];
        int steps = epochs * (n / batch), step = 0;
        for (int epoch = 0; epoch < epochs; epoch++)
        {
            random.Shuffle(order);
            for (int start = 0; start + batch <= n; start += batch)
            {
                Array.Clear(gradient);
                foreach (int i in order.AsSpan(start, batch))
                {
                    ReadOnlySpan<float> row = x.AsSpan(i * width, width);
                    probe.Score(row, scores);
                    TensorPrimitives.SoftMax(scores, scores);
                    scores[labels[i]] -= 1;
                    for (int c = 0; c < classes; c++)
                    {
                        Span<float> of = gradient.AsSpan(c * width, width);
                        if (MathF.Abs(scores[c]) > 1e-4f)
                            TensorPrimitives.MultiplyAdd(row, scores[c] / batch, of, of);
                    }
                }
                step++;
                float rate = startRate * (1 - (float)step / (steps + 1));
                float correct = 1 / (1 - MathF.Pow(decay, step)), correctSquare = 1 / (1 - MathF.Pow(squareDecay, step));
                for (int k = 0; k < w.Length; k++)
                {
                    float g = gradient[k] + shrink * w[k];
                    first[k] += (1 - decay) * (g - first[k]);
                    second[k] += (1 - squareDecay) * (g * g - second[k]);
                    w[k] -= rate * first[k] * correct / (MathF.Sqrt(second[k] * correctSquare) + 1e-6f);
                }
            }
        }
        return probe;
    }

    /// <summary>The likeliest class of each row of <paramref name="features"/>, [n, dimension].</summary>
    public int[] Predict(float[] features) => Array.ConvertAll(Judge(features), answer => answer.Class);

    /// <summary>The likeliest class of each row of <paramref name="features"/>, [n, dimension], and its probability.</summary>
    public (int Class, double Probability)[] Judge(float[] features)
    {
        int n = features.Length / dimension;
        var answers = new (int, double)[n];
        float[] row = new float[dimension + 1];
        float[] scores = new float[classes];
        for (int i = 0; i < n; i++)
        {
            StandardiseRow(features.AsSpan(i * dimension, dimension), row);
            Score(row, scores);
            int best = TensorPrimitives.IndexOfMax<float>(scores);
            answers[i] = (best, 1 / scores.Sum(score => Math.Exp(score - scores[best])));
        }
        return answers;
    }

    private void Score(ReadOnlySpan<float> row, Span<float> scores)
    {
        for (int c = 0; c < classes; c++)
            scores[c] = TensorPrimitives.Dot(row, weights.AsSpan(c * row.Length, row.Length));
    }

    /// <summary>Learns mean and deviation, and makes rows [n, dimension + 1] of mean 0, deviation 1 and a last 1.</summary>
    private float[] Standardise(float[] features, int n)
    {
        double[] square = new double[dimension];
        double[] sum = new double[dimension];
        for (int i = 0; i < n; i++)
            for (int k = 0; k < dimension; k++)
            {
                double value = features[i * dimension + k];
                sum[k] += value;
                square[k] += value * value;
            }
        // Features that hardly vary must not be blown up.
        double floor = 0;
        for (int k = 0; k < dimension; k++)
            floor += Math.Max(0, square[k] / n - sum[k] / n * (sum[k] / n)) / dimension;
        for (int k = 0; k < dimension; k++)
        {
            double m = sum[k] / n, variance = Math.Max(0, square[k] / n - m * m);
            (mean[k], scale[k]) = ((float)m, (float)(1 / Math.Sqrt(variance + 0.1 * floor + 1e-12)));
        }
        float[] rows = new float[n * (dimension + 1)];
        for (int i = 0; i < n; i++)
            StandardiseRow(features.AsSpan(i * dimension, dimension), rows.AsSpan(i * (dimension + 1), dimension + 1));
        return rows;
    }

    private void StandardiseRow(ReadOnlySpan<float> features, Span<float> row)
    {
        TensorPrimitives.Subtract(features, mean, row);
        TensorPrimitives.Multiply(row[..dimension], scale, row);
        row[dimension] = 1;
    }
}
