using GpuVae.Kernels.Latent;
using GpuVae.Kernels.Random;
using GpuVae.Kernels.Training;
using ILGPU;

namespace GpuVae.Kernels.Tests.Ops;

internal static class CodeOps
{
    // Sums over at most 65 numbers, divided by sums.
    private const double Tolerance = 2e-6;

    public static IEnumerable<Op> Rows()
    {
        foreach ((int rows, int codes, int size) in new[] { (1, 1, 1), (3, 5, 7), (65, 33, 65) })
        {
            string name = $"{rows}x{codes}x{size}";
            bool isHeavy = rows > 10;
            yield return new Op($"Nearest codes {name}", Tolerance, run => Choose(run, rows, codes, size), isHeavy);
            foreach (bool rotates in new[] { false, true })
                yield return new Op(
                    $"Codes backward, {(rotates ? "by rotation" : "straight through")} {name}", Tolerance,
                    run => Backward(run, rows, size, rotates), isHeavy);
            yield return new Op($"Codebook average {name}", Tolerance, run => Average(run, rows, codes, size), isHeavy);
        }
        foreach (int[] levels in new[] { [3], [8, 5, 5, 5], new[] { 4, 7, 255, 3, 5, 3, 4, 3 } })
            yield return new Op($"Scalar quantisation {string.Join(',', levels)}", Tolerance, run => Scalar(run, levels));
    }

    private static void Choose(OpRun run, int rows, int codes, int size)
    {
        float[] z = run.Uniform(rows * size), codebook = run.Uniform(size * codes);
        double[] norms = [.. Enumerable.Range(0, codes).Select(k => -0.5 * Enumerable.Range(0, size).Sum(
            d => (double)codebook[d * codes + k] * codebook[d * codes + k]))];
        float[] scores = [.. Enumerable.Range(0, rows * codes).Select(i => (float)(norms[i % codes] + Enumerable.Range(0, size).Sum(
            d => (double)z[i / codes * size + d] * codebook[d * codes + i % codes])))];
        // Of two that are level the first counts.
        for (int r = 0; codes > 1 && r < rows; r += 2)
            scores[r * codes + codes - 1] = scores.AsSpan(r * codes, codes - 1).ToArray().Max();
        int[] best = [.. Enumerable.Range(0, rows).Select(r => scores.Skip(r * codes).Take(codes).ToArray().MaxAt())];
        double[] vectors = [.. Enumerable.Range(0, rows * size).Select(i => (double)codebook[i % size * codes + best[i / size]])];
        double[] commitments = [.. Enumerable.Range(0, rows).Select(r => 0.25 * Enumerable.Range(r * size, size).Sum(
            i => Math.Pow(z[i] - vectors[i], 2)))];
        double[] indices = [.. best.Select(k => (double)k)];
        var kernel = new VectorQuantization(run.Accelerator);
        ArrayView<float> onDevice = run.Upload(codebook);
        kernel.Norms(run.Stream, onDevice, run.Expect("norms", norms));
        ArrayView<float> found = run.Expect("indices", indices);
        kernel.Choose(
            run.Stream, run.Upload(scores), run.Upload(z), onDevice,
            new QuantizedRows(run.Expect("codes", vectors), found, run.Expect("commitments", commitments)), size, 0.25f);
        kernel.Lookup(run.Stream, onDevice, found, run.Expect("looked up", vectors));
        double[] counts = [.. Enumerable.Range(0, codes).Select(k => (double)best.Count(b => b == k))];
        var count = new CodeCount(run.Accelerator);
        count.Start(run.Stream, found, run.Expect("counts", counts));
        count.Add(run.Stream, found, run.Expect("more counts", new float[codes], counts));
    }

    private static int MaxAt(this float[] values) => Array.IndexOf(values, values.Max());

    private static void Backward(OpRun run, int rows, int size, bool rotates)
    {
        float[] z = run.Uniform(rows * size), e = run.Uniform(rows * size), g = run.Uniform(rows * size);
        // Nothing to rotate, and no way to.
        if (rows > 2)
        {
            z.AsSpan(0, size).Clear();
            for (int d = 0; d < size; d++)
                e[size + d] = -2 * z[size + d];
        }
        double[] dz = new double[z.Length];
        for (int r = 0; r < rows; r++)
        {
            double[] ofZ = Row(z, r), ofE = Row(e, r), ofG = Row(g, r), unitZ = Unit(ofZ), unitE = Unit(ofE);
            double[] middle = [.. unitZ.Zip(unitE, (a, b) => a + b)];
            bool isRotation = rotates && Norm(ofZ) > 0 && Norm(middle) > 0.05;
            double[] unit = Unit(middle);
            double scale = Norm(ofE) / Norm(ofZ);
            for (int i = 0; i < size; i++)
            {
                // The column of R that z_i goes through.
                double through = isRotation
                    ? scale * Enumerable.Range(0, size).Sum(
                        j => ofG[j] * ((i == j ? 1 : 0) - 2 * unit[j] * unit[i] + 2 * unitE[j] * unitZ[i]))
                    : ofG[i];
                dz[r * size + i] = through + 0.3 * (ofZ[i] - ofE[i]);
            }
        }
        new VectorQuantization(run.Accelerator).Backward(
            run.Stream, run.Upload(z), run.Upload(e), run.Upload(g), run.Expect("dz", dz), size, 0.3f, rotates);

        double[] Row(float[] values, int row) => [.. values.Skip(row * size).Take(size).Select(value => (double)value)];

        static double Norm(double[] x) => Math.Sqrt(x.Sum(value => value * value));

        static double[] Unit(double[] x) => [.. x.Select(value => value / Norm(x))];
    }

    private static void Average(OpRun run, int rows, int codes, int size)
    {
        const ulong seed = 5;
        const long step = 3;
        const double learned = 1 - 0.9;
        float[] z = run.Uniform(rows * size), shares = run.Uniform(codes, 0, 2.0 / codes), sums = run.Uniform(size * codes);
        float[] indices = [.. Enumerable.Range(0, rows).Select(_ => (float)run.Next(codes))];
        shares[^1] = 0;
        double[] newShares = new double[codes], newSums = new double[sums.Length];
        for (int k = 0; k < codes; k++)
        {
            int[] own = [.. Enumerable.Range(0, rows).Where(r => indices[r] == k)];
            newShares[k] = shares[k] + learned * (own.Length / (double)rows - shares[k]);
            float drawn = Philox.ToUniform(Philox.Generate(seed, RandomPurpose.Codebook, step, k, 0).W0);
            int origin = newShares[k] < 1.0 / 32 / codes ? (int)(drawn * rows) : -1;
            if (origin >= 0)
                newShares[k] = 1.0 / 32 / codes;
            for (int d = 0; d < size; d++)
                newSums[d * codes + k] = origin >= 0
                    ? z[origin * size + d] / 32.0 / codes
                    : sums[d * codes + k] + learned * (own.Sum(r => (double)z[r * size + d]) / rows - sums[d * codes + k]);
        }
        double total = newShares.Sum();
        double[] vectors =
        [
            .. newSums.Select((sum, i) => sum / (total * (newShares[i % codes] + 1e-8) / (total + codes * 1e-8))),
        ];
        new CodebookAverage(run.Accelerator).Update(
            run.Stream,
            new CodebookState(run.Expect("vectors", vectors), run.Expect("shares", shares, newShares), run.Expect("sums", sums, newSums)),
            run.Upload(z), run.Upload(indices), run.Upload(new float[CodebookAverage.ScratchLength(codes, size)]), run.Upload([step]),
            0.9, seed);
    }

    private static void Scalar(OpRun run, int[] counts)
    {
        const int rows = 37;
        int size = counts.Length;
        var levels = new ScalarLevels(counts);
        float[] z = run.Uniform(rows * size, -3, 3), g = run.Uniform(rows * size);
        double[] codes = new double[z.Length], dz = new double[z.Length], indices = new double[rows];
        for (int i = 0; i < z.Length; i++)
        {
            int count = counts[i % size], before = counts.Take(i % size).Aggregate(1, (a, b) => a * b);
            double bounded = Bounded(count, z[i]), level = Math.Round(bounded);
            codes[i] = level / (count / 2);
            dz[i] = g[i] * Reference.Derivative(x => Bounded(count, x), z[i]) / (count / 2);
            indices[i / size] += before * (level + count / 2);
        }
        // Numbers beyond float's integers tell nothing of codes.
        bool isNumbered = counts.Aggregate(1L, (a, b) => a * b) < 1 << 24;
        var kernel = new ScalarQuantization(run.Accelerator);
        ArrayView<float> onDevice = run.Upload(z), found = run.Expect("codes", codes);
        kernel.Forward(run.Stream, onDevice, found, levels);
        kernel.Backward(run.Stream, onDevice, run.Upload(g), run.Expect("dz", dz), levels);
        if (!isNumbered)
            return;
        ArrayView<float> numbers = run.Expect("indices", indices);
        kernel.Number(run.Stream, found, numbers, levels);
        kernel.Lookup(run.Stream, numbers, run.Expect("looked up", codes), levels);

        static double Bounded(int count, double x)
        {
            double half = 0.5 * (count - 1) * (1 - 1e-3), offset = count % 2 == 0 ? 0.5 : 0;
            return half * Math.Tanh(x + Math.Atanh(offset / half)) - offset;
        }
    }
}
