using GpuVae.Kernels.Latent;
using GpuVae.Kernels.Random;
using ILGPU;
using ILGPU.Algorithms;

namespace GpuVae.Kernels.Tests.Ops;

internal static class PriorOps
{
    // Sums over units and, with exponentials of their results, over components; gradients of either sign over up to 129 rows.
    private const double Tolerance = 3e-6;
    private const float KlWeight = 0.7f, Scale = 0.25f;

    public static IEnumerable<Op> Rows()
    {
        foreach ((int rows, int latents) in new[] { (1, 1), (3, 17), (129, 3) })
            yield return new Op($"Standard normal prior {rows}x{latents}", Tolerance, run => StandardNormal(run, rows, latents));
        foreach ((int rows, int latents) in new[] { (1, 1), (3, 17), (129, 3) })
            yield return new Op($"Factorized prior {rows}x{latents}", Tolerance, run => Factorized(run, rows, latents));
        foreach ((int rows, int components, int latents) in new[] { (1, 1, 1), (3, 7, 17), (129, 3, 2), (5, 40, 3) })
        {
            foreach (bool transposed in new[] { false, true })
            {
                yield return new Op(
                    $"Mixture prior {rows}x{components}x{latents}, transposed {transposed}", Tolerance,
                    run => Mixture(run, rows, components, latents, transposed));
            }
        }
        foreach ((int rows, int components, int latents) in new[] { (1, 1, 1), (3, 7, 9), (33, 3, 2), (2, 40, 3) })
        {
            yield return new Op(
                $"Full covariance mixture {rows}x{components}x{latents}", Tolerance, run => FullMixture(run, rows, components, latents));
        }
        foreach ((int rows, int components, int latents, int columns) in
            new[] { (1, 1, 1, 2), (17, 3, 5, 10), (129, 40, 3, 9), (1000, 7, 2, 4) })
        {
            yield return new Op(
                $"Mixture draw {rows}x{components}x{columns}", Tolerance, run => Draw(run, rows, components, latents, columns));
        }
        yield return new Op("Mixture draw 17x3x10, transposed", Tolerance, run => Draw(run, 17, 3, 5, 10, transposed: true));
        yield return new Op("Pseudo-inputs 5x17", 1e-6, run => PseudoInputs(run, 5, 17));
        yield return new Op("Labels of pseudo-inputs", 0, run => new PseudoInputs(run.Accelerator).JoinLabels(
            run.Stream, run.Upload([2f, 1f]), run.Expect("rows", [2, 1, 0, 1, 2, 0, 1]), classes: 3));
    }

    private static void StandardNormal(OpRun run, int rows, int latents)
    {
        float[] z = run.Uniform(rows * latents, -3, 3), dz = run.Uniform(rows * latents), shares = run.Uniform(rows, 0, 1);
        double Density(double[] code, int row) =>
            code.AsSpan(row * latents, latents).ToArray().Sum(x => Reference.LogNormal(x, 0, 0));
        double[] at = Reference.ToDouble(z);
        double[] gradient = Reference.Gradient(
            x => -Enumerable.Range(0, rows).Sum(row => Scale * KlWeight * shares[row] * Density(x, row)), at);
        var prior = new StandardNormalPrior(run.Accelerator);
        ArrayView<float> codes = run.Upload(z);
        prior.Forward(
            run.Stream, codes, run.Expect("log p", [.. Enumerable.Range(0, rows).Select(row => Density(at, row))]), latents);
        prior.Backward(
            run.Stream, codes, new RowWeights(run.Upload(shares), run.Upload([KlWeight]), Scale),
            run.Expect("dz", dz, [.. dz.Zip(gradient, (before, g) => before + g)]), latents);
    }

    private static void Factorized(OpRun run, int rows, int latents)
    {
        const ulong seed = 5;
        float[] z = run.Uniform(rows * latents, -3, 3), dz = run.Uniform(rows * latents), shares = run.Uniform(rows, 0, 1);
        static double Density(double x) => -x - 2 * Math.Log(1 + Math.Exp(-x));
        double[] at = Reference.ToDouble(z);
        var prior = new FactorizedPrior<LogisticDensity>(run.Accelerator);
        ArrayView<float> codes = run.Upload(z);
        prior.Forward(
            run.Stream, codes,
            run.Expect("log p", [.. Enumerable.Range(0, rows).Select(row => at.Skip(row * latents).Take(latents).Sum(Density))]), default,
            latents);
        prior.Backward(
            run.Stream, codes, new RowWeights(run.Upload(shares), run.Upload([KlWeight]), Scale),
            run.Expect("dz", dz, [.. dz.Select((before, i) => before + Scale * KlWeight * shares[i / latents] * Math.Tanh(at[i] / 2))]),
            default, latents);
        double[] drawn = [.. Enumerable.Range(0, rows * latents).Select(i =>
        {
            double u = Philox.ToUniformPositive(Philox.Generate(seed, RandomPurpose.Prior, 0, i / latents, i % latents).W0);
            return Math.Log(u / (1.0001f - u));
        })];
        prior.Sample(run.Stream, run.Expect("draws", drawn), default, latents, seed);
    }

    private static void Mixture(OpRun run, int rows, int components, int latents, bool transposed)
    {
        int size = components * latents;
        float[] means = run.Uniform(size, -2, 2), logVariances = run.Uniform(size), logits = run.Uniform(components, -2, 2);
        float[] z = run.Uniform(rows * latents, -2, 2), dz = run.Uniform(rows * latents), shares = run.Uniform(rows, 0, 1);
        double[] m = Reference.ToDouble(means), s = Reference.ToDouble(logVariances), w = Reference.ToDouble(logits);
        double[] code = Reference.ToDouble(z);
        (int componentPitch, int unitPitch) = transposed ? (1, components) : (latents, 1);
        double Joint(int row, int c) =>
            w[c] - Reference.LogSumExp(w) + Enumerable.Range(0, latents).Sum(l =>
                Reference.LogNormal(
                    code[row * latents + l], m[c * componentPitch + l * unitPitch], s[c * componentPitch + l * unitPitch]));
        double Density(int row) => Reference.LogSumExp(Enumerable.Range(0, components).Select(c => Joint(row, c)));
        double Objective(double[] changed) => -Enumerable.Range(0, rows).Sum(row => Scale * KlWeight * shares[row] * Density(row));
        double[] dCode = Reference.Gradient(Objective, code), dm = Reference.Gradient(Objective, m);
        double[] ds = Reference.Gradient(Objective, s), dw = Reference.Gradient(Objective, w);

        var prior = new MixturePrior(run.Accelerator);
        var source = new MixtureComponents(run.Upload(means), run.Upload(logVariances), componentPitch, unitPitch);
        ArrayView<float> codes = run.Upload(z), weights = run.Upload(logits);
        ArrayView<float> table = run.Upload(new float[MixturePrior.TableLength(components, latents)]);
        prior.Prepare(run.Stream, source, weights, table, latents);
        ArrayView<float> density = run.Expect("log p", [.. Enumerable.Range(0, rows).Select(Density)]);
        ArrayView<float> parts = run.Expect(
            "shares",
            [
                .. from row in Enumerable.Range(0, rows)
                   from c in Enumerable.Range(0, components)
                   select Math.Exp(Joint(row, c) - Density(row)),
            ]);
        prior.Forward(run.Stream, codes, table, density, parts, latents);
        var ofRows = new RowWeights(run.Upload(shares), run.Upload([KlWeight]), Scale);
        prior.Backward(
            run.Stream, codes, table, parts, ofRows, run.Expect("dz", dz, [.. dz.Zip(dCode, (before, g) => before + g)]), components,
            latents);
        ArrayView<float> dMeans = run.Expect("d means", dm), dLogVariances = run.Expect("d log-variances", ds);
        // One component's share is 1 whatever its weight.
        ArrayView<float> dWeights = run.Expect("d weights", components == 1 ? [0] : dw);
        prior.ComponentsBackward(
            run.Stream, codes, table, parts, ofRows, source,
            new MixtureComponents(dMeans, dLogVariances, componentPitch, unitPitch), dWeights, latents);
    }

    private static void Draw(OpRun run, int rows, int components, int latents, int columns, bool transposed = false)
    {
        const ulong seed = 5;
        float[] logits = run.Uniform(components, -2, 2), moments = run.Uniform(components * columns);
        double[] bounds = new double[components];
        for (int c = 0; c < components; c++)
            bounds[c] = Math.Exp(logits[c] - logits.Max()) + (c > 0 ? bounds[c - 1] : 0);
        int[] drawn = [.. Enumerable.Range(0, rows).Select(row => Array.FindIndex(
            bounds, bound => bound > bounds[^1] * Philox.ToUniform(Philox.Generate(seed, RandomPurpose.PriorComponent, 2, row, 0).W0)))];
        ArrayView<float> means = run.Upload(moments), logVariances = means.SubView(latents, moments.Length - latents);
        if (transposed)
        {
            float[] Unit(int first) =>
                [.. from l in Enumerable.Range(first, latents) from c in Enumerable.Range(0, components) select moments[c * columns + l]];
            (means, logVariances) = (run.Upload(Unit(0)), run.Upload(Unit(latents)));
        }
        var draw = new MixtureDraw(run.Accelerator);
        ArrayView<float> sums = run.Expect("bounds", bounds);
        draw.Prepare(run.Stream, run.Upload(logits), sums);
        draw.Collect(
            run.Stream, sums, new MixtureComponents(means, logVariances, transposed ? 1 : columns, transposed ? components : 1),
            run.Expect("moments", Reference.ToDouble([.. drawn.SelectMany(c => moments.Skip(c * columns).Take(columns))])),
            columns, latents, seed);
    }

    /// <summary>The reference's density goes by way of the covariance: its determinant and its inverse, not the factor's.</summary>
    private static void FullMixture(OpRun run, int rows, int components, int latents)
    {
        int columns = FullCovariancePosterior.Columns(latents);
        float[] encoded = run.Uniform(components * columns), logits = run.Uniform(components, -2, 2);
        for (int c = 0; c < components; c++)
        {
            // Couplings are scaled by 0.04 / L: large ones, so that covariances are far from diagonal.
            for (int i = 2 * latents; i < columns; i++)
                encoded[c * columns + i] *= 25 * latents;
        }
        float[] z = run.Uniform(rows * latents, -2, 2), dz = run.Uniform(rows * latents), shares = run.Uniform(rows, 0, 1);
        double[] at = Reference.ToDouble(encoded), w = Reference.ToDouble(logits), code = Reference.ToDouble(z);
        double Joint(int row, int c) =>
            w[c] - Reference.LogSumExp(w) + LogNormal(at.AsSpan(c * columns, columns), code.AsSpan(row * latents, latents));
        double Density(int row) => Reference.LogSumExp(Enumerable.Range(0, components).Select(c => Joint(row, c)));
        double Objective(double[] changed) => -Enumerable.Range(0, rows).Sum(row => Scale * KlWeight * shares[row] * Density(row));
        double[] dCode = Reference.Gradient(Objective, code), de = Reference.Gradient(Objective, at);
        double[] dw = Reference.Gradient(Objective, w);

        var prior = new FullCovarianceMixture(run.Accelerator);
        ArrayView<float> source = run.Upload(encoded), codes = run.Upload(z), weights = run.Upload(logits);
        ArrayView<float> table = run.Upload(new float[FullCovarianceMixture.TableLength(components, latents)]);
        prior.Prepare(run.Stream, source, weights, table, latents);
        ArrayView<float> density = run.Expect("log p", [.. Enumerable.Range(0, rows).Select(Density)]);
        ArrayView<float> parts = run.Expect(
            "shares",
            [
                .. from row in Enumerable.Range(0, rows)
                   from c in Enumerable.Range(0, components)
                   select Math.Exp(Joint(row, c) - Density(row)),
            ]);
        ArrayView<float> noise = run.Upload(new float[rows * components * latents]), slopes = run.Upload(new float[noise.Length]);
        prior.Forward(run.Stream, codes, table, density, parts, noise, latents);
        var ofRows = new RowWeights(run.Upload(shares), run.Upload([KlWeight]), Scale);
        prior.Backward(
            run.Stream, table, parts, noise, ofRows, slopes, run.Expect("dz", dz, [.. dz.Zip(dCode, (before, g) => before + g)]),
            components, latents);
        prior.ComponentsBackward(
            run.Stream, codes, table, parts, noise, slopes, ofRows, source, run.Expect("d components", de),
            run.Expect("d weights", components == 1 ? [0] : dw), latents);
    }

    /// <summary>ln N(z; mu, Σ) with Σ = ΛΛᵀ multiplied out, by Gaussian elimination of [Σ | z - mu].</summary>
    private static double LogNormal(ReadOnlySpan<double> moments, ReadOnlySpan<double> z)
    {
        int n = z.Length;
        double[,] factor = new double[n, n], covariance = new double[n, n + 1];
        for (int i = 0; i < n; i++)
        {
            double deviation = Math.Exp(Reference.ClampLogVariance(moments[n + i]) / 2);
            factor[i, i] = deviation;
            for (int j = 0; j < i; j++)
                factor[i, j] = deviation * moments[2 * n + i * (i - 1) / 2 + j] * FullCovariancePosterior.Coupling / n;
        }
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < n; j++)
            {
                for (int k = 0; k < n; k++)
                    covariance[i, j] += factor[i, k] * factor[j, k];
            }
            covariance[i, n] = z[i] - moments[i];
        }
        double sum = 0;
        for (int i = 0; i < n; i++)
        {
            // A covariance is positive definite: its pivots are, and their product is its determinant.
            double pivot = covariance[i, i];
            sum -= 0.5 * (covariance[i, n] * covariance[i, n] / pivot + Math.Log(pivot) + Math.Log(2 * Math.PI));
            for (int k = i + 1; k < n; k++)
            {
                double ratio = covariance[k, i] / pivot;
                for (int j = i; j <= n; j++)
                    covariance[k, j] -= ratio * covariance[i, j];
            }
        }
        return sum;
    }

    /// <summary>Two images with pseudo-inputs after them.</summary>
    private static void PseudoInputs(OpRun run, int count, int pixels)
    {
        float[] images = run.Uniform(2 * pixels, 0, 1), logits = run.Uniform(pixels * count, -4, 4);
        float[] dRows = run.Uniform((2 + count) * pixels);
        double[] rows = [.. Reference.ToDouble(images), .. new double[logits.Length]], dLogits = new double[logits.Length];
        for (int u = 0; u < count; u++)
        {
            for (int p = 0; p < pixels; p++)
            {
                rows[(2 + u) * pixels + p] = Reference.Sigmoid(logits[p * count + u]);
                dLogits[p * count + u] = dRows[(2 + u) * pixels + p] * Reference.Derivative(Reference.Sigmoid, logits[p * count + u]);
            }
        }
        var kernels = new PseudoInputs(run.Accelerator);
        ArrayView<float> joined = run.Expect("rows", rows);
        kernels.Join(run.Stream, run.Upload(images), run.Upload(logits), joined, pixels);
        kernels.Backward(run.Stream, joined, run.Upload(dRows), run.Expect("d logits", dLogits), pixels);
    }
}

/// <summary>The logistic distribution of each unit: log p = -z - 2·ln(1 + e^-z).</summary>
public readonly struct LogisticDensity : ICodeDensity
{
    public CodeDensityTerm Of(float z) => new(-z - 2f * XMath.Log(1f + XMath.Exp(-z)), -XMath.Tanh(0.5f * z));

    public float Sample(PhiloxBlock noise)
    {
        float u = Philox.ToUniformPositive(noise.W0);
        return XMath.Log(u / (1.0001f - u));
    }
}
