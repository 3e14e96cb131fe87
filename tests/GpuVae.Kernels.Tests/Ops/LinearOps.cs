using GpuVae.Kernels.Common;
using GpuVae.Kernels.Gemm;
using GpuVae.Kernels.Gemm.Planning;
using GpuVae.Kernels.Layers;
using GpuVae.Kernels.Likelihoods;
using ILGPU;

namespace GpuVae.Kernels.Tests.Ops;

internal static class LinearOps
{
    // As for the matrix product: k sequential additions of products of either sign.
    private const double Tolerance = 2e-6;

    // The gradient of a Gaussian is a difference of y and the target, which may be close to each other.
    private const double LossTolerance = 5e-6;

    public static IEnumerable<Op> Rows()
    {
        foreach ((int batch, int inputs, int outputs) in new[] { (1, 1, 1), (3, 17, 129), (17, 129, 3), (31, 20, 33), (33, 45, 70) })
        {
            string size = $"{batch}x{inputs}x{outputs}";
            yield return new Op($"Linear backward tanh {size}", Tolerance, run => Backward(run, batch, inputs, outputs, true));
            yield return new Op($"Linear backward without dx {size}", Tolerance, run => Backward(run, batch, inputs, outputs, false));
            yield return new Op($"Linear + Bernoulli loss {size}", LossTolerance, run =>
                Loss(run, batch, inputs, outputs, new BernoulliLikelihood(), "Bernoulli"));
            yield return new Op($"Linear + continuous Bernoulli loss {size}", LossTolerance, run =>
                Loss(run, batch, inputs, outputs, new ContinuousBernoulliLikelihood(), "Continuous Bernoulli"));
            yield return new Op($"Linear + Gaussian loss {size}", LossTolerance, run =>
                Loss(run, batch, inputs, outputs, new GaussianLikelihood(0.3f), "Gaussian"));
        }
        yield return new Op("Linear + Bernoulli loss, 3 samples per image 21x17x70", LossTolerance, run =>
            Loss(run, 21, 17, 70, new BernoulliLikelihood(), "Bernoulli", samples: 3));
        yield return new Op("Linear + Bernoulli loss 130x600x150", LossTolerance, run =>
            Loss(run, 130, 600, 150, new BernoulliLikelihood(), "Bernoulli"), IsHeavy: true);
        // Large enough for several slices along the batch and along the outputs, and for several groups in both directions.
        yield return new Op("Linear backward tanh 300x70x1100", Tolerance, run => Backward(run, 300, 70, 1100, true), IsHeavy: true);
        yield return new Op("Linear backward tanh 1100x130x70", Tolerance, run => Backward(run, 1100, 130, 70, true), IsHeavy: true);
    }

    /// <summary>Layers on the kernels for GPUs.</summary>
    public static IEnumerable<Op> TileRows(GemmChoice choice, MatrixPrecision precision = MatrixPrecision.Float32)
    {
        double tolerance = GemmOps.Tolerances(precision);
        foreach ((int batch, int inputs, int outputs) in new[] { (33, 45, 70), (40, 20, 36) })
        {
            string size = $"{choice} {batch}x{inputs}x{outputs}";
            yield return new Op($"Linear backward {size}", tolerance, run =>
                Backward(run, batch, inputs, outputs, true, choice, precision));
            yield return new Op($"Linear backward without dx {size}", tolerance, run =>
                Backward(run, batch, inputs, outputs, false, choice, precision));
            yield return new Op($"Linear + loss {size}", Math.Max(tolerance, LossTolerance), run =>
                Loss(run, batch, inputs, outputs, new GaussianLikelihood(0.3f), "Gaussian", 1, choice, precision));
        }
    }

    private static void Backward(OpRun run, int batch, int inputs, int outputs, bool wantsInput, GemmChoice? choice = null,
        MatrixPrecision precision = MatrixPrecision.Float32)
    {
        float[] x = run.Uniform(batch * inputs), dy = run.Uniform(batch * outputs), weight = run.Uniform(inputs * outputs);
        double[] dw = GemmOps.Product(x, inputs, true, dy, outputs, false, inputs, outputs, batch);
        double[] db = new double[outputs];
        for (int i = 0; i < dy.Length; i++)
            db[i % outputs] += dy[i];
        double[] dx = GemmOps.Product(dy, outputs, false, weight, outputs, true, batch, inputs, outputs);
        for (int i = 0; i < dx.Length; i++)
            dx[i] *= 1 - (double)x[i] * x[i];

        GemmContext gemm = GemmOps.Create(run, choice, precision);
        ArrayView<float> input = run.Upload(x);
        new LinearBackward<DerivativeEpilogue<Tanh>>(gemm).Run(
            run.Stream, new MatrixView(input, batch, inputs), new MatrixView(run.Upload(dy), batch, outputs),
            new MatrixView(run.Upload(weight), inputs, outputs), new MatrixView(run.Expect("dW", dw), inputs, outputs),
            run.Expect("db", db), wantsInput ? new MatrixView(run.Expect("dx", dx), batch, inputs) : default, new(input, inputs));
    }

    private static void Loss<TLikelihood>(
        OpRun run, int batch, int inputs, int outputs, TLikelihood likelihood, string name, int samples = 1,
        GemmChoice? choice = null, MatrixPrecision precision = MatrixPrecision.Float32)
        where TLikelihood : struct, ILikelihood
    {
        double Term(double y, double x) => LikelihoodCase.Find(name).Loss([y], 0, x);
        float[] x = run.Uniform(batch * inputs), weight = run.Uniform(inputs * outputs), bias = run.Uniform(outputs);
        float[] target = run.Uniform(batch / samples * outputs, 0, 1);
        float scale = 1f / batch;
        double[] y = GemmOps.Product(x, inputs, false, weight, outputs, false, batch, outputs, inputs);
        double[] gradient = new double[y.Length];
        var kernel = new LinearLoss<TLikelihood>(GemmOps.Create(run, choice, precision));
        int parts = kernel.PartsPerRow(batch, inputs, outputs);
        double total = 0;
        for (int i = 0; i < y.Length; i++)
        {
            double value = y[i] + bias[i % outputs], t = target[i / outputs / samples * outputs + i % outputs];
            gradient[i] = scale * Reference.Derivative(v => Term(v, t), value);
            total += Term(value, t);
        }
        // How the loss is divided up is the kernel's affair; its sum is not.
        ArrayView<float> loss = run.Upload(new float[batch * parts]);
        kernel.Run(
            run.Stream, new MatrixView(run.Upload(x), batch, inputs), new MatrixView(run.Upload(weight), inputs, outputs), run.Upload(bias),
            new MatrixView(run.Upload(target), batch / samples, outputs), new MatrixView(run.Expect("gradient", gradient), batch, outputs),
            loss, likelihood, scale);
        run.Own(new Reduce(run.Accelerator)).Sum(run.Stream, loss, run.Expect("loss", [total]));
    }
}
