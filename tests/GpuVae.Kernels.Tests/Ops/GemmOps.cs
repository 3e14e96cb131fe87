using GpuVae.Kernels.Common;
using GpuVae.Kernels.Gemm;
using GpuVae.Kernels.Gemm.Planning;
using ILGPU;

namespace GpuVae.Kernels.Tests.Ops;

internal static class GemmOps
{
    // k sequential float32 additions of products of either sign: the error grows like sqrt(k)·2^-24, 1.9e-6 of a term at k = 1000,
    // while the sum itself grows like sqrt(k).
    private const double Tolerance = 2e-6;

    /// <summary>
    /// Rounding a number to 10 (TF32) or 7 (BF16) bits of fraction moves it by 2⁻¹¹ or 2⁻⁸ of itself at most and by 0.41 of that in the
    /// root of the mean square over numbers of all sizes; both factors of a product together by √2 times as much, and sums of either sign
    /// keep it.
    /// </summary>
    public static double Tolerances(MatrixPrecision precision) => precision switch
    {
        MatrixPrecision.Tf32 => 1.2 * 0.41 * Math.Sqrt(2) / (1 << 11),
        MatrixPrecision.Bf16 => 1.2 * 0.41 * Math.Sqrt(2) / (1 << 8),
        _ => Tolerance,
    };

    private static readonly (int M, int N, int K)[] Sizes =
    [
        (1, 1, 1), (1, 17, 129), (3, 1, 17), (2, 3, 1000), (17, 129, 3), (129, 17, 17), (8, 40, 129), (12, 32, 5), (13, 33, 31),
        (129, 1000, 3), (4, 37, 19),
    ];

    public static IEnumerable<Op> Rows()
    {
        foreach ((int m, int n, int k) in Sizes)
        {
            for (int mask = 0; mask < 4; mask++)
            {
                bool ta = (mask & 1) != 0, tb = (mask & 2) != 0;
                string name = $"Gemm {(ta ? "T" : "N")}{(tb ? "T" : "N")} {m}x{n}x{k}";
                yield return new Op(name, Tolerance, run => Plain(run, ta, tb, m, n, k, 1f, 0f, 0));
                yield return new Op($"{name} alpha beta pitch", Tolerance, run => Plain(run, ta, tb, m, n, k, 1.25f, -0.5f, 5));
            }
        }
        // Large enough for every path on the CPU: packed operands, several slices of k, several panels per group, edges of all of them.
        yield return new Op("Gemm NN 260x270x1050 alpha beta pitch", Tolerance, run =>
            Plain(run, false, false, 260, 270, 1050, 1.25f, -0.5f, 5), IsHeavy: true);
        yield return new Op("Gemm TT 260x270x1050", Tolerance, run => Plain(run, true, true, 260, 270, 1050, 1f, 0f, 0), IsHeavy: true);
        yield return new Op("Gemm of depth 0", 0, run => Plain(run, false, false, 3, 17, 0, 1f, 0f, 0));
        foreach ((int m, int n, int k) in new[] { (1, 17, 3), (17, 129, 17), (129, 20, 31) })
        {
            yield return new Op($"Gemm bias identity {m}x{n}x{k}", Tolerance, run => Bias<Identity>(run, m, n, k, x => x));
            yield return new Op($"Gemm bias relu {m}x{n}x{k}", Tolerance, run => Bias<Relu>(run, m, n, k, x => Math.Max(x, 0)));
            yield return new Op($"Gemm bias silu, keeping {m}x{n}x{k}", Tolerance, run =>
                BiasKeep<Silu>(run, m, n, k, x => x * Reference.Sigmoid(x)));
            yield return new Op($"Gemm derivative tanh {m}x{n}x{k}", Tolerance, run => Derivative<Tanh>(run, m, n, k, y => 1 - y * y));
        }
    }

    /// <summary>
    /// Products on the kernels for GPUs: all transpositions, runs of 16 bytes and others, edges in every direction.
    /// </summary>
    public static IEnumerable<Op> TileRows(GemmChoice choice, MatrixPrecision precision = MatrixPrecision.Float32)
    {
        foreach ((int m, int n, int k, int pitch) in new[] { (20, 36, 72, 0), (9, 37, 85, 5), (1, 4, 0, 0) })
        {
            for (int mask = 0; mask < 4; mask++)
            {
                bool ta = (mask & 1) != 0, tb = (mask & 2) != 0;
                yield return new Op($"{choice} {mask} {m}x{n}x{k}", Tolerances(precision), run =>
                    Plain(run, ta, tb, m, n, k, 1.25f, pitch > 0 ? -0.5f : 0f, pitch, choice, precision));
            }
        }
        // More than one tile of every shape both ways.
        yield return new Op($"{choice} many tiles", Tolerances(precision), run =>
            Plain(run, false, false, 135, 140, 20, 1f, 0f, 0, choice, precision));
    }

    /// <summary>A matrix product by the rule, or by a certain kernel.</summary>
    public static GemmContext Create(OpRun run, GemmChoice? choice, MatrixPrecision precision = MatrixPrecision.Float32)
    {
        bool usesTiles = choice is { Variant: >= GemmVariant.Tile16x16 };
        GemmContext gemm = run.Own(
            usesTiles ? new GemmContext(run.Accelerator, usesTiles: true, precision) : new GemmContext(run.Accelerator));
        gemm.Forced = choice;
        return gemm;
    }

    /// <summary>op(A)·op(B) in double precision, [m × n].</summary>
    public static double[] Product(float[] a, int lda, bool ta, float[] b, int ldb, bool tb, int m, int n, int k)
    {
        double[] c = new double[m * n];
        for (int i = 0; i < m; i++)
        {
            for (int p = 0; p < k; p++)
            {
                double x = a[ta ? p * lda + i : i * lda + p];
                for (int j = 0; j < n; j++)
                    c[i * n + j] += x * b[tb ? j * ldb + p : p * ldb + j];
            }
        }
        return c;
    }

    public static void Plain(
        OpRun run, bool ta, bool tb, int m, int n, int k, float alpha, float beta, int pitch, GemmChoice? choice = null,
        MatrixPrecision precision = MatrixPrecision.Float32)
    {
        int lda = Math.Max(1, (ta ? m : k) + pitch), ldb = Math.Max(1, (tb ? k : n) + pitch), ldc = n + pitch;
        float[] a = run.Uniform(lda * (ta ? k : m)), b = run.Uniform(ldb * (tb ? n : k)), c = run.Uniform(ldc * m);
        double[] product = Product(a, lda, ta, b, ldb, tb, m, n, k);
        double[] expected = Reference.ToDouble(c);
        for (int i = 0; i < m; i++)
        {
            for (int j = 0; j < n; j++)
            {
                int at = i * ldc + j;
                expected[at] = alpha * product[i * n + j] + (beta == 0 ? 0 : beta * expected[at]);
                // What must not be read may be anything.
                if (beta == 0)
                    c[at] = float.NaN;
            }
        }
        GemmContext gemm = Create(run, choice, precision);
        gemm.With<PlainEpilogue>().Run(
            run.Stream, Operand(run.Upload(a), m, k, lda, ta), Operand(run.Upload(b), k, n, ldb, tb),
            new MatrixView(run.Expect("C", c, expected), m, n, ldc), default, alpha, beta);
    }

    /// <summary>[rows × columns], stored that way or the other.</summary>
    private static MatrixView Operand(ArrayView<float> view, int rows, int columns, int pitch, bool isTransposed) =>
        isTransposed ? new MatrixView(view, columns, rows, pitch).Transposed : new MatrixView(view, rows, columns, pitch);

    private static void Bias<TActivation>(OpRun run, int m, int n, int k, Func<double, double> f)
        where TActivation : struct, IActivation
    {
        float[] x = run.Uniform(m * k), w = run.Uniform(n * k), bias = run.Uniform(n);
        double[] expected = Product(x, k, false, w, k, true, m, n, k);
        for (int i = 0; i < expected.Length; i++)
            expected[i] = f(expected[i] + bias[i % n]);
        GemmContext gemm = run.Own(new GemmContext(run.Accelerator));
        gemm.With<BiasEpilogue<TActivation>>().Run(
            run.Stream, new MatrixView(run.Upload(x), m, k), new MatrixView(run.Upload(w), n, k).Transposed,
            new MatrixView(run.Expect("Y", expected), m, n), new(run.Upload(bias)));
    }

    private static void BiasKeep<TActivation>(OpRun run, int m, int n, int k, Func<double, double> f)
        where TActivation : struct, IActivation
    {
        float[] x = run.Uniform(m * k), w = run.Uniform(n * k), bias = run.Uniform(n);
        double[] before = Product(x, k, false, w, k, true, m, n, k);
        for (int i = 0; i < before.Length; i++)
            before[i] += bias[i % n];
        GemmContext gemm = run.Own(new GemmContext(run.Accelerator));
        gemm.With<BiasKeepEpilogue<TActivation>>().Run(
            run.Stream, new MatrixView(run.Upload(x), m, k), new MatrixView(run.Upload(w), n, k).Transposed,
            new MatrixView(run.Expect("Y", Array.ConvertAll(before, v => f(v))), m, n),
            new(run.Upload(bias), run.Expect("derivative", Array.ConvertAll(before, v => Reference.Derivative(f, v))), n));
    }

    private static void Derivative<TActivation>(OpRun run, int m, int n, int k, Func<double, double> derivative)
        where TActivation : struct, IActivation
    {
        // dX = (dY·W)·f'(X), with dY [m × k], W [k × n].
        float[] dy = run.Uniform(m * k), w = run.Uniform(k * n), saved = run.Uniform(m * n);
        double[] expected = Product(dy, k, false, w, n, false, m, n, k);
        for (int i = 0; i < expected.Length; i++)
            expected[i] *= derivative(saved[i]);
        GemmContext gemm = run.Own(new GemmContext(run.Accelerator));
        gemm.With<DerivativeEpilogue<TActivation>>().Run(
            run.Stream, new MatrixView(run.Upload(dy), m, k), new MatrixView(run.Upload(w), k, n),
            new MatrixView(run.Expect("dX", expected), m, n), new(run.Upload(saved), n));
    }
}
