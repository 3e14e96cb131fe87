using GpuVae.Kernels.Layers;
using ILGPU;

namespace GpuVae.Kernels.Tests.Ops;

internal static class TransformerOps
{
    // Scores of up to 64 products, exponentials of them, and sums over up to 37 places of both.
    private const double Tolerance = 2e-6;

    public static IEnumerable<Op> Rows()
    {
        foreach ((int images, int places, int heads, int size) in new[] { (1, 1, 1, 1), (1, 37, 1, 3), (2, 17, 3, 5), (1, 5, 1, 64) })
        {
            string name = $"{images}x{places}x{heads}x{size}";
            var all = new AttentionShape(places, heads, size, 0, places);
            yield return new Op($"Causal attention {name}", Tolerance, run => Attend(run, images, all));
            yield return new Op(
                $"Causal attention of the last place {name}", Tolerance,
                run => Attend(run, images, all with { First = places - 1, Count = 1 }));
            yield return new Op($"Causal attention backward {name}", Tolerance, run => AttendBackward(run, images, all));
        }
        foreach ((int images, int places, int codes, int labels, int width) in
            new[] { (1, 1, 1, 0, 1), (3, 7, 5, 2, 17), (2, 3, 9, 3, 129) })
        {
            string name = $"{images}x{places}x{width} of {codes} codes and {labels} labels";
            var all = new EmbeddingShape(codes, places, width, 0, places);
            // Sums of three numbers, and of as many as there are rows.
            yield return new Op($"Sequence embedding {name}", 1e-6, run => Embed(run, images, labels, all));
            yield return new Op(
                $"Sequence embedding of the last place {name}", 1e-6,
                run => Embed(run, images, labels, all with { First = places - 1, Count = 1 }));
        }
    }

    private static void Attend(OpRun run, int images, AttentionShape shape)
    {
        float[] qkv = run.Uniform(images * shape.Places * 3 * shape.Width, -2, 2);
        (double[] o, double[] logSums) = Attended(Reference.ToDouble(qkv), images, shape);
        new CausalAttention(run.Accelerator).Forward(
            run.Stream, run.Upload(qkv), run.Expect("o", o), run.Expect("log sums", logSums), shape);
    }

    private static void AttendBackward(OpRun run, int images, AttentionShape shape)
    {
        float[] qkv = run.Uniform(images * shape.Places * 3 * shape.Width, -2, 2), dO = run.Uniform(images * shape.Places * shape.Width);
        double[] x = Reference.ToDouble(qkv);
        (double[] o, double[] logSums) = Attended(x, images, shape);
        // Of one image at a time: no other depends on it.
        int ofImage = qkv.Length / images, ofOutput = dO.Length / images;
        double[] gradient =
        [
            .. Enumerable.Range(0, images).SelectMany(i => Reference.Gradient(
                values => Attended(values, 1, shape).O.Select((value, at) => value * dO[i * ofOutput + at]).Sum(),
                x[(i * ofImage)..((i + 1) * ofImage)])),
        ];
        double[] deltas = new double[logSums.Length];
        for (int i = 0; i < o.Length; i++)
        {
            int row = i / shape.Width, head = i % shape.Width / shape.HeadSize;
            deltas[(row / shape.Places * shape.Heads + head) * shape.Places + row % shape.Places] += o[i] * dO[i];
        }
        new CausalAttention(run.Accelerator).Backward(
            run.Stream, run.Upload(qkv), run.Upload(Array.ConvertAll(o, value => (float)value)),
            run.Upload(Array.ConvertAll(logSums, value => (float)value)), run.Upload(dO), run.Expect("deltas", deltas),
            run.Expect("gradient", gradient), shape);
    }

    /// <summary>By all scores at once.</summary>
    private static (double[] O, double[] LogSums) Attended(double[] qkv, int images, AttentionShape shape)
    {
        int size = shape.HeadSize, width = shape.Width;
        double[] o = new double[images * shape.Count * width], logSums = new double[images * shape.Heads * shape.Count];
        for (int image = 0; image < images; image++)
        {
            for (int head = 0; head < shape.Heads; head++)
            {
                double At(int place, int part, int d) => qkv[((image * shape.Places + place) * 3 + part) * width + head * size + d];
                for (int i = 0; i < shape.Count; i++)
                {
                    int place = shape.First + i;
                    double[] scores =
                    [
                        .. Enumerable.Range(0, place + 1).Select(u =>
                            Enumerable.Range(0, size).Sum(d => At(place, 0, d) * At(u, 1, d)) / Math.Sqrt(size)),
                    ];
                    double logSum = Reference.LogSumExp(scores);
                    logSums[(image * shape.Heads + head) * shape.Count + i] = logSum;
                    for (int d = 0; d < size; d++)
                        o[(image * shape.Count + i) * width + head * size + d] =
                            scores.Select((score, u) => Math.Exp(score - logSum) * At(u, 2, d)).Sum();
                }
            }
        }
        return (o, logSums);
    }

    private static void Embed(OpRun run, int images, int labels, EmbeddingShape shape)
    {
        int rows = shape.Codes + shape.Places + labels, width = shape.Width;
        float[] table = run.Uniform(rows * width), dy = run.Uniform(images * shape.Count * width);
        float[] codes = [.. Enumerable.Range(0, images * shape.Places).Select(_ => (float)run.Next(shape.Codes))];
        float[] ofImages = [.. Enumerable.Range(0, labels > 0 ? images : 0).Select(_ => (float)run.Next(labels))];
        double[] y = new double[dy.Length], dTable = new double[table.Length];
        for (int i = 0; i < y.Length; i++)
        {
            int image = i / width / shape.Count, place = shape.First + i / width % shape.Count;
            List<int> terms = [shape.Codes + place];
            if (place > 0)
                terms.Add((int)codes[image * shape.Places + place - 1]);
            if (labels > 0)
                terms.Add(shape.Codes + shape.Places + (int)ofImages[image]);
            foreach (int term in terms)
            {
                y[i] += table[term * width + i % width];
                dTable[term * width + i % width] += dy[i];
            }
        }
        var kernel = new SequenceEmbedding(run.Accelerator);
        ArrayView<float> onDevice = run.Upload(codes), given = run.Upload(ofImages);
        kernel.Forward(run.Stream, onDevice, given, run.Upload(table), run.Expect("y", y), shape);
        if (shape.Count == shape.Places)
            kernel.Backward(run.Stream, onDevice, given, run.Upload(dy), run.Expect("table gradient", dTable), shape);
    }
}
