using GpuVae.Kernels.Common;
using GpuVae.Kernels.Evaluation;
using GpuVae.Kernels.Likelihoods;
using ILGPU;

namespace GpuVae.Kernels.Tests.Ops;

internal static class EvaluationOps
{
    // Log-weights of about -100 are sums of 40 terms; their rounding, relative to them, is that of the result.
    private const double LogSumExpTolerance = 1e-6;

    // A variance is the difference of two moments; in flat places C2 bounds what their rounding can do.
    private const double SsimTolerance = 2e-5;

    public static IEnumerable<Op> Rows()
    {
        foreach ((int images, int samples, int parts) in new[] { (1, 1, 1), (3, 17, 2), (5, 3, 25), (2, 129, 3) })
            yield return new Op($"Log-sum-exp {images}x{samples}x{parts}", LogSumExpTolerance, run =>
                LogSumExpOfPortions(run, images, samples, parts, spread: 5));
        // Weights so far apart that all but one vanish, and that e^x of none of them is a float.
        yield return new Op("Log-sum-exp, far apart", LogSumExpTolerance, run => LogSumExpOfPortions(run, 3, 17, 1, spread: 2000));
        foreach ((int images, int channels, int height, int width) in new[]
            { (1, 1, 11, 11), (2, 3, 13, 17), (3, 1, 28, 28), (2, 1, 5, 12), (1, 3, 1, 1), (1, 1, 3, 129) })
            yield return new Op($"SSIM {images}x{channels}x{height}x{width}", SsimTolerance, run =>
                Similarity(run, images, channels, height, width), IsHeavy: height == 28);
    }

    /// <summary>Two portions, the second not counted to its end.</summary>
    private static void LogSumExpOfPortions(OpRun run, int images, int samples, int parts, double spread)
    {
        int rows = images * samples, counted = Math.Max(1, samples - 2);
        double[][] sums = new double[images][];
        for (int i = 0; i < images; i++)
            sums[i] = [];
        var portions = new List<(float[] Parts, float[] Posterior, float[] Prior)>();
        for (int portion = 0; portion < 2; portion++)
        {
            float[] part = run.Uniform(rows * parts, 0, 3 * spread / parts), posterior = run.Uniform(rows, -spread, spread),
                prior = run.Uniform(rows, -spread, 0);
            portions.Add((part, posterior, prior));
            for (int row = 0; row < rows; row++)
            {
                if (portion == 0 || row % samples < counted)
                    sums[row / samples] =
                        [.. sums[row / samples], (double)prior[row] - posterior[row]
                            - part.Skip(row * parts).Take(parts).Sum(v => (double)v)];
            }
        }
        // The pair is the kernel's affair; what it stands for is not.
        double[] expected = [.. sums.SelectMany(weights => new[] { weights.Max(), weights.Sum(w => Math.Exp(w - weights.Max())) })];
        ArrayView<float> state = run.Expect("maximum and sum", expected);
        var kernel = new LogSumExp(run.Accelerator);
        for (int portion = 0; portion < 2; portion++)
        {
            (float[] part, float[] posterior, float[] prior) = portions[portion];
            kernel.Accumulate(
                run.Stream, run.Upload(part), run.Upload(posterior), run.Upload(prior), state, samples, portion == 0 ? samples : counted,
                portion == 0);
        }
    }

    private static void Similarity(OpRun run, int images, int channels, int height, int width)
    {
        int pixels = channels * height * width;
        float[] x = run.Uniform(images * pixels, 0, 1), noise = run.Uniform(images * pixels, -0.3, 0.3);
        float[] y = [.. x.Zip(noise, (a, b) => a + b)];
        double[] similarity = new double[images], error = new double[images];
        for (int i = 0; i < images; i++)
        {
            similarity[i] = Reference.Ssim(x.AsSpan(i * pixels, pixels), y.AsSpan(i * pixels, pixels), channels, height, width);
            for (int p = i * pixels; p < (i + 1) * pixels; p++)
                error[i] += ((double)x[p] - y[p]) * ((double)x[p] - y[p]);
        }
        new Ssim(run.Accelerator).Compare(
            run.Stream, run.Upload(x), run.Upload(y), run.Expect("SSIM", similarity), run.Expect("squared error", error), channels, height,
            width);
    }
}
