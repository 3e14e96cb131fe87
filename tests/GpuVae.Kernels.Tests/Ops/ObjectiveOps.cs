using GpuVae.Kernels.Latent;
using GpuVae.Kernels.Random;
using ILGPU;

namespace GpuVae.Kernels.Tests.Ops;

internal static class ObjectiveOps
{
    // Exponentials of differences of log-densities of size 10, each rounded to 1e-7 of itself.
    private const double Tolerance = 5e-6;

    public static IEnumerable<Op> Rows()
    {
        foreach ((int images, int samples, int parts) in new[] { (1, 1, 1), (17, 1, 3), (3, 5, 2), (2, 50, 1) })
        {
            yield return new Op(
                $"Importance weights {images}x{samples}x{parts}", Tolerance, run => Importance(run, images, samples, parts));
        }
        foreach ((int batch, int latents) in new[] { (1, 1), (3, 17), (129, 3) })
        {
            yield return new Op($"Free bits {batch}x{latents}", 0, run => FreeBits(run, batch, latents));
            yield return new Op($"Free bits of levels {batch}x{latents}", 0, run => FreeBitsOfLevels(run, batch, latents));
            yield return new Op($"KL of weighted units {batch}x{latents}", 1e-6, run => WeightedUnits(run, batch, latents));
        }
        foreach ((int images, int latents, int columns) in new[] { (1, 1, 1), (3, 17, 5), (33, 3, 19) })
            // Differences of numbers of size 1, rounded to 1e-7 of that.
            yield return new Op(
                $"Code norm and Jacobian {images}x{latents}x{columns}", 2e-6, run => Penalties(run, images, latents, columns));
        yield return new Op("Capacity above", 0, run => Capacity(run, 0.4f, 2));
        yield return new Op("Capacity below", 0, run => Capacity(run, 0.6f, -2));
        foreach ((int batch, int latents) in new[] { (1, 1), (3, 2), (17, 5) })
            yield return new Op($"Total correlation {batch}x{latents}", Tolerance, run => Correlation(run, batch, latents));
        // Sums of hundreds of kernels of size 7 that nearly cancel.
        foreach ((int batch, int latents) in new[] { (1, 1), (3, 17), (33, 3) })
            yield return new Op($"Mean discrepancy {batch}x{latents}", 2e-5, run => Discrepancy(run, batch, latents));
    }

    private static void Importance(OpRun run, int images, int samples, int parts)
    {
        const float beta = 0.6f;
        int rows = images * samples;
        float[] rec = run.Uniform(rows * parts, 0, 4), q = run.Uniform(rows, -3, 3), p = run.Uniform(rows, -3, 3);
        double[] ofRow = [.. rec.Chunk(parts).Select(row => row.Sum(x => (double)x))];
        double[] shares = new double[rows], reconstruction = new double[images], kl = new double[images];
        for (int image = 0; image < images; image++)
        {
            int[] of = [.. Enumerable.Range(image * samples, samples)];
            double sum = Reference.LogSumExp(of.Select(LogWeight));
            foreach (int r in of)
            {
                shares[r] = Math.Exp(LogWeight(r) - sum);
                reconstruction[image] += shares[r] * ofRow[r];
                kl[image] += shares[r] * ((double)q[r] - p[r] + Math.Log(samples * shares[r]));
            }
        }
        new ImportanceWeights(run.Accelerator).Compute(
            run.Stream, run.Upload(rec), run.Upload(q), run.Upload(p), run.Upload([beta]), run.Expect("shares", shares),
            run.Expect("reconstruction", reconstruction), run.Expect("kl", kl), samples);

        double LogWeight(int r) => -ofRow[r] - beta * ((double)q[r] - p[r]);
    }

    private static void Discrepancy(OpRun run, int batch, int latents)
    {
        float[] z = run.Uniform(batch * latents, -2, 2), p = run.Uniform(batch * latents), before = run.Uniform(batch * latents);
        const float weight = 0.7f;
        double[] terms = Terms(Reference.ToDouble(z));
        double[] gradient = Reference.Gradient(at => batch > 1 ? weight * Terms(at).Average() : 0, Reference.ToDouble(z));
        double[] slopes = new double[2 * batch * batch];
        for (int i = 0; batch > 1 && i < batch; i++)
        {
            for (int j = 0; j < batch; j++)
            {
                slopes[i * 2 * batch + j] = i == j ? 0 : 4.0 / batch / (batch - 1) * Slope(z, i, z, j);
                slopes[i * 2 * batch + batch + j] = -4.0 / batch / batch * Slope(z, i, p, j);
            }
        }
        var kernel = new MeanDiscrepancy(run.Accelerator);
        ArrayView<float> codes = run.Upload(z), drawn = run.Upload(p), ofPairs = run.Expect("slopes", slopes);
        kernel.Forward(run.Stream, codes, drawn, run.Expect("terms", terms), ofPairs, latents);
        kernel.Backward(
            run.Stream, codes, drawn, ofPairs, run.Expect("dz", before, [.. gradient.Zip(before, (a, b) => a + b)]), weight, latents);

        double Distance(double[] a, int i, double[] b, int j) =>
            Enumerable.Range(0, latents).Sum(l => Math.Pow(a[i * latents + l] - b[j * latents + l], 2));

        double Value(double distance) => Scales().Sum(c => c / (c + distance));

        double Slope(float[] a, int i, float[] b, int j)
        {
            double distance = Distance(Reference.ToDouble(a), i, Reference.ToDouble(b), j);
            return Scales().Sum(c => -c / ((c + distance) * (c + distance)));
        }

        IEnumerable<double> Scales() => ((double[])[0.1, 0.2, 0.5, 1, 2, 5, 10]).Select(s => 2 * latents * s);

        double[] Terms(double[] at)
        {
            double[] prior = Reference.ToDouble(p);
            return [.. Enumerable.Range(0, batch).Select(i => batch == 1 ? 0 : Enumerable.Range(0, batch).Sum(j =>
                (i == j ? 0 : (Value(Distance(at, i, at, j)) + Value(Distance(prior, i, prior, j))) / (batch - 1))
                - 2.0 / batch * Value(Distance(at, i, prior, j))))];
        }
    }

    private static double Kl(double mu, double s) => 0.5 * (mu * mu + Math.Exp(s) - 1 - s);

    private static void FreeBits(OpRun run, int batch, int latents)
    {
        float[] encoded = run.Uniform(batch * 2 * latents, -2, 2);
        double[] means = new double[latents];
        for (int b = 0; b < batch; b++)
        {
            for (int l = 0; l < latents; l++)
                means[l] += Kl(encoded[2 * b * latents + l], encoded[(2 * b + 1) * latents + l]) / batch;
        }
        // Between two of the units, so that rounding decides nothing.
        double[] sorted = [.. means.Order()];
        double floor = latents == 1 ? 0.5 * means[0] : 0.5 * (sorted[latents / 2 - 1] + sorted[latents / 2]);
        new FreeBits(run.Accelerator).Weigh(
            run.Stream, run.Upload(encoded), run.Upload([0.75f]), run.Expect("weights", [.. means.Select(m => m > floor ? 0.75 : 0)]),
            (float)floor, batch);
    }

    /// <summary>The norm of codes, and the steps around both passes of the decoder, along directions of a known seed and step.</summary>
    private static void Penalties(OpRun run, int images, int latents, int columns)
    {
        const float beta = 0.6f, scale = 0.25f, epsilon = 0.5f, factor = 0.3f;
        const ulong seed = 7;
        float[] z = run.Uniform(images * latents, -2, 2), dz = run.Uniform(z.Length), outputs = run.Uniform(2 * images * columns);
        float[] dPairs = run.Uniform(2 * z.Length);
        var norm = new CodeNorm(run.Accelerator);
        double[] expected = Reference.Gradient(values => beta * scale * 0.5 * values.Sum(value => value * value), Reference.ToDouble(z));
        norm.Forward(
            run.Stream, run.Upload(z), run.Expect("norm", [.. z.Chunk(latents).Select(row => 0.5 * row.Sum(v => (double)v * v))]), latents);
        norm.Backward(
            run.Stream, run.Upload(z), run.Upload([beta]), run.Expect("dz", dz, [.. dz.Zip(expected, (a, b) => a + b)]), scale);

        var jacobian = new JacobianPenalty(run.Accelerator);
        double[] pairs = new double[2 * z.Length];
        for (int i = 0; i < z.Length; i++)
        {
            (int image, int l) = (i / latents, i % latents);
            double shift = epsilon * (double)Philox.NormalAt(seed, RandomPurpose.Directions, 5, image, l);
            (pairs[2 * image * latents + l], pairs[(2 * image + 1) * latents + l]) = (z[i] + shift, z[i] - shift);
        }
        jacobian.Probe(run.Stream, run.Upload(z), run.Expect("pairs", pairs), seed, run.Upload([5L]), epsilon, latents);
        // factor/2 · Σ (above - below)².
        double[] slopes = Reference.Gradient(
            y => Enumerable.Range(0, images * columns).Sum(i => 0.5 * factor * Math.Pow(y[Above(i, columns)] - y[Below(i, columns)], 2)),
            Reference.ToDouble(outputs));
        jacobian.Differentiate(run.Stream, run.Expect("slopes", outputs, slopes), factor, columns);
        jacobian.Fold(
            run.Stream, run.Upload(dPairs),
            run.Expect("folded", dz, [.. dz.Select((v, i) => (double)v + dPairs[Above(i, latents)] + dPairs[Below(i, latents)])]), latents);

        static int Above(int i, int width) => i + i / width * width;

        static int Below(int i, int width) => Above(i, width) + width;
    }

    private static void FreeBitsOfLevels(OpRun run, int batch, int levels)
    {
        float[] kl = run.Uniform(levels * batch, 0, 2);
        double[] means = [.. kl.Chunk(batch).Select(level => level.Average(value => (double)value))];
        double[] sorted = [.. means.Order()];
        double floor = levels == 1 ? 0.5 * means[0] : 0.5 * (sorted[levels / 2 - 1] + sorted[levels / 2]);
        new FreeBits(run.Accelerator).WeighLevels(
            run.Stream, run.Upload(kl), run.Upload([0.75f]), run.Expect("weights", [.. means.Select(m => m > floor ? 0.75 : 0)]),
            (float)floor);
    }

    /// <summary>The gradient of the KL term with a weight of its own for each unit.</summary>
    private static void WeightedUnits(OpRun run, int batch, int latents)
    {
        float[] encoded = run.Uniform(batch * 2 * latents, -2, 2), weights = run.Uniform(latents, 0, 1), zeros = new float[batch * latents];
        double[] expected = Reference.Gradient(
            e => Enumerable.Range(0, batch * latents).Sum(i =>
                weights[i % latents] / (double)batch * Kl(e[i + i / latents * latents], e[i + i / latents * latents + latents])),
            Reference.ToDouble(encoded));
        new Reparameterize(run.Accelerator).Backward(
            run.Stream, run.Upload(encoded), run.Upload(zeros), run.Upload(zeros), run.Upload(weights), run.Expect("dEncoded", expected),
            1f / batch, latents);
    }

    private static void Capacity(OpRun run, float target, double expected) =>
        new KlCapacity(run.Accelerator).Weigh(
            run.Stream, run.Upload([0.25f, 0.5f, 0.75f]), run.Upload([target]), run.Expect("weight", [expected]), 2f);

    private static void Correlation(OpRun run, int batch, int latents)
    {
        const int dataCount = 1000;
        const float weight = 0.7f, scale = 0.3f;
        float[] encoded = run.Uniform(batch * 2 * latents), z = run.Uniform(batch * latents, -2, 2);
        float[] dz = run.Uniform(z.Length), dEncoded = run.Uniform(encoded.Length);
        double[] e = Reference.ToDouble(encoded), code = Reference.ToDouble(z);
        double Unit(int i, int m, int l) =>
            Reference.LogNormal(code[i * latents + l], e[2 * m * latents + l], e[(2 * m + 1) * latents + l]);
        double Joint(int i, int m) => Enumerable.Range(0, latents).Sum(l => Unit(i, m, l));
        IEnumerable<int> all = Enumerable.Range(0, batch);
        double JointSum(int i) => Reference.LogSumExp(all.Select(m => Joint(i, m)));
        double MarginalSum(int i, int l) => Reference.LogSumExp(all.Select(m => Unit(i, m, l)));
        double Estimate(int i) =>
            JointSum(i) - Math.Log((double)dataCount * batch) -
            Enumerable.Range(0, latents).Sum(l => MarginalSum(i, l) - Math.Log((double)dataCount * batch));
        double Objective(double[] changed) => scale * weight * all.Sum(Estimate);
        double[] ofCode = Reference.Gradient(Objective, code), ofMoments = Reference.Gradient(Objective, e);

        var kernels = new TotalCorrelation(run.Accelerator);
        ArrayView<float> moments = run.Upload(encoded), codes = run.Upload(z), factor = run.Upload([weight]);
        ArrayView<float> joint = run.Expect("joint", [.. from i in all from m in all select Math.Exp(Joint(i, m) - JointSum(i))]);
        ArrayView<float> table = run.Upload(new float[TotalCorrelation.TableLength(batch, latents)]);
        ArrayView<float> marginal = run.Expect(
            "marginal", [.. from i in all from l in Enumerable.Range(0, latents) select MarginalSum(i, l)]);
        // One unit has no correlation with others, and a batch of one image no gradient.
        double[] estimates = latents == 1 ? new double[batch] : [.. all.Select(Estimate)];
        kernels.Forward(run.Stream, moments, codes, table, joint, marginal, run.Expect("estimate", estimates), latents, dataCount);
        kernels.Backward(
            run.Stream, codes, table, joint, marginal, factor,
            run.Expect("dz", dz, [.. dz.Zip(ofCode, (before, g) => before + g)]), scale, latents);
        kernels.MomentsBackward(
            run.Stream, moments, codes, table, joint, marginal, factor,
            run.Expect("dEncoded", dEncoded, [.. dEncoded.Zip(ofMoments, (before, g) => before + g)]), scale, latents);
    }
}
