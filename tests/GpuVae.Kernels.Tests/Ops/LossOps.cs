namespace GpuVae.Kernels.Tests.Ops;

internal static class LossOps
{
    // A lane adds up to 1000 terms of one sign; the tree over the lanes keeps the error below 10 ulp.
    private const double Tolerance = 1e-6;

    public static IEnumerable<Op> Rows()
    {
        foreach ((int batch, int pixels) in new[] { (1, 1), (3, 17), (17, 3), (5, 129), (2, 1000) })
        {
            yield return new Op($"Gaussian, shared log-variance {batch}x{pixels}", Tolerance, run =>
                SharedVariance(run, batch, pixels, -0.8f));
            yield return new Op($"Gaussian, log-variance per pixel {batch}x{pixels}", Tolerance, run => PixelVariance(run, batch, pixels));
        }
        yield return new Op("Gaussian, shared log-variance outside the clamp", Tolerance, run => SharedVariance(run, 3, 17, -31f));
    }

    public static double NegativeLogLikelihood(double mean, double x, double logVariance)
    {
        double s = Reference.ClampLogVariance(logVariance);
        return 0.5 * ((x - mean) * (x - mean) * Math.Exp(-s) + s + Math.Log(2 * Math.PI));
    }

    private static double[] SumsOverPixels(double[] terms, int pixels) => [.. terms.Chunk(pixels).Select(row => row.Sum())];

    private static void SharedVariance(OpRun run, int batch, int pixels, float logVariance)
    {
        float[] mean = run.Uniform(batch * pixels), x = run.Uniform(batch * pixels, 0, 1);
        float scale = 1f / batch;
        double[] terms = [.. mean.Zip(x, (m, t) => NegativeLogLikelihood(m, t, logVariance))];
        double[] dMean = [.. mean.Zip(x, (m, t) => scale * Math.Exp(-Reference.ClampLogVariance(logVariance)) * (m - (double)t))];
        double[] slopes = [.. mean.Zip(x, (m, t) => scale * Reference.Slope(s => NegativeLogLikelihood(m, t, s), logVariance))];
        double[] dLogVariance = SumsOverPixels(slopes, pixels);
        new ElboLoss(run.Accelerator).GaussianSharedVariance(
            run.Stream, run.Upload(mean), run.Upload(x), run.Upload([logVariance]), run.Expect("dMean", dMean),
            run.Expect("dLogVariance", dLogVariance), run.Expect("reconstruction", SumsOverPixels(terms, pixels)), scale, pixels);
    }

    private static void PixelVariance(OpRun run, int batch, int pixels)
    {
        float[] decoded = run.Uniform(batch * 2 * pixels, -2, 2), x = run.Uniform(batch * pixels, 0, 1);
        float scale = 1f / batch;
        double[] terms = new double[batch * pixels], gradient = new double[decoded.Length];
        for (int i = 0; i < terms.Length; i++)
        {
            int mean = i / pixels * 2 * pixels + i % pixels;
            double m = decoded[mean], s = decoded[mean + pixels], t = x[i];
            terms[i] = NegativeLogLikelihood(m, t, s);
            gradient[mean] = scale * Reference.Slope(v => NegativeLogLikelihood(v, t, s), m);
            gradient[mean + pixels] = scale * Reference.Slope(v => NegativeLogLikelihood(m, t, v), s);
        }
        new ElboLoss(run.Accelerator).GaussianPixelVariance(
            run.Stream, run.Upload(decoded), run.Upload(x), run.Expect("dDecoded", gradient),
            run.Expect("reconstruction", SumsOverPixels(terms, pixels)), scale, pixels);
    }
}
