using GpuVae.Kernels.Convolution;
using GpuVae.Kernels.Latent;
using GpuVae.Kernels.Layers;
using GpuVae.Kernels.Likelihoods;
using GpuVae.Kernels.Random;
using ILGPU;

namespace GpuVae.Kernels.Tests.Ops;

internal static class PixelCnnOps
{
    // Elementary functions, and sums over at most 129 exponentials.
    private const double Tolerance = 2e-6;

    public static IEnumerable<Op> Rows()
    {
        foreach (MaskedTaps taps in new MaskedTaps[]
            { new(3, 5, 7, -1, 2, -1, 3), new(4, 3, 17, 0, 1, -2, 2), new(1, 1, 1, -1, 1, -1, 3) })
            yield return new Op($"Masked patches {taps}", 1e-6, run => Patches(run, taps));
        foreach ((int rows, int columns) in new[] { (1, 1), (7, 5), (3, 129) })
        {
            yield return new Op($"Gated activation {rows}x{columns}", Tolerance, run => Gate(run, rows, columns));
            yield return new Op($"Categorical loss {rows}x{columns}", Tolerance, run => Loss(run, rows, columns));
            yield return new Op($"Categorical draw {rows}x{columns}", 0, run => Draw(run, rows, columns));
        }
    }

    private static void Patches(OpRun run, MaskedTaps taps)
    {
        const int images = 2, classes = 3;
        int places = taps.Height * taps.Width, rows = images * places, pitch = taps.Length + classes, channels = taps.Channels;
        float[] x = run.Uniform(rows * channels), labels = [2, -1], g = run.Uniform(rows * pitch), before = run.Uniform(x.Length);
        double[] patches = new double[rows * pitch], dx = new double[x.Length];
        for (int row = 0; row < rows; row++)
        {
            for (int at = 0; at < taps.Length; at++)
            {
                int tap = at / channels, c = at % channels;
                int y = row % places / taps.Width + taps.FirstRow + tap / taps.Columns;
                int column = row % taps.Width + taps.FirstColumn + tap % taps.Columns;
                if (y < 0 || y >= taps.Height || column < 0 || column >= taps.Width)
                    continue;
                int from = (row / places * places + y * taps.Width + column) * channels + c;
                patches[row * pitch + at] = x[from];
                dx[from] += g[row * pitch + at];
            }
            if (labels[row / places] >= 0)
                patches[row * pitch + taps.Length + (int)labels[row / places]] = 1;
        }
        var kernel = new MaskedPatches(run.Accelerator);
        ArrayView<float> gradient = run.Upload(g);
        kernel.Gather(run.Stream, run.Upload(x), run.Upload(labels), run.Expect("patches", patches), taps, classes);
        kernel.Scatter(run.Stream, gradient, run.Expect("dx", dx), taps, classes, adds: false);
        kernel.Scatter(
            run.Stream, gradient, run.Expect("sum", before, [.. dx.Select((value, i) => value + before[i])]), taps, classes, adds: true);
    }

    private static void Gate(OpRun run, int rows, int columns)
    {
        float[] s = run.Uniform(rows * 2 * columns, -3, 3), g = run.Uniform(rows * columns), before = run.Uniform(s.Length);
        double[] y = new double[g.Length], ds = new double[s.Length];
        for (int i = 0; i < y.Length; i++)
        {
            int at = i / columns * 2 * columns + i % columns;
            double a = s[at], b = s[at + columns];
            y[i] = Math.Tanh(a) * Reference.Sigmoid(b);
            ds[at] = g[i] * Reference.Derivative(Math.Tanh, a) * Reference.Sigmoid(b);
            ds[at + columns] = g[i] * Math.Tanh(a) * Reference.Derivative(Reference.Sigmoid, b);
        }
        var kernel = new GatedActivation(run.Accelerator);
        ArrayView<float> input = run.Upload(s), gradient = run.Upload(g);
        kernel.Forward(run.Stream, input, run.Expect("y", y), columns);
        kernel.Backward(run.Stream, input, gradient, run.Expect("ds", ds), columns, adds: false);
        kernel.Backward(
            run.Stream, input, gradient, run.Expect("sum", before, [.. ds.Select((value, i) => value + before[i])]), columns, adds: true);
    }

    private static void Loss(OpRun run, int rows, int classes)
    {
        const float scale = 0.25f;
        float[] logits = run.Uniform(rows * classes, -9, 9);
        int[] wanted = [.. Enumerable.Range(0, rows).Select(_ => run.Next(classes))];
        double[] terms = new double[rows], gradient = new double[logits.Length];
        for (int row = 0; row < rows; row++)
        {
            double[] ofRow = [.. logits.Skip(row * classes).Take(classes).Select(value => (double)value)];
            double logSum = Reference.LogSumExp(ofRow);
            terms[row] = logSum - ofRow[wanted[row]];
            for (int k = 0; k < classes; k++)
                gradient[row * classes + k] = scale * (Math.Exp(ofRow[k] - logSum) - (k == wanted[row] ? 1 : 0));
        }
        new CategoricalLoss(run.Accelerator).Run(
            run.Stream, run.Expect("gradient", logits, gradient), run.Upload([.. wanted.Select(k => (float)k)]),
            run.Expect("terms", terms), scale);
    }

    private static void Draw(OpRun run, int images, int classes)
    {
        const int places = 3, before = 2;
        const ulong seed = 7;
        float[] logits = run.Uniform(images * classes, -3, 3);
        float[] indices = [.. Enumerable.Repeat(9999f, images * places)], open = [.. Enumerable.Repeat(1f, images * places)];
        double[] expected = [.. indices.Select(value => (double)value)];
        for (int image = 0; image < images; image++)
        {
            // Every third stays.
            int row = image * places + 1;
            open[row] = image % 3 == 2 ? 0 : 1;
            if (open[row] == 0)
                continue;
            double[] shares = [.. logits.Skip(image * classes).Take(classes).Select(value => Math.Exp(value / 0.7))];
            float uniform = Philox.ToUniform(Philox.Generate(seed, RandomPurpose.Code, before + 1, 4 + image, 0).W0);
            double limit = uniform * shares.Sum(), below = 0;
            expected[row] = Math.Min(shares.TakeWhile(share => (below += share) <= limit).Count(), classes - 1);
        }
        new CategoricalDraw(run.Accelerator).Run(
            run.Stream, run.Upload(logits), run.Upload(open), run.Expect("indices", indices, expected),
            new DrawPlace(places, 1, 4, 1 / 0.7f, seed, before));
    }
}
