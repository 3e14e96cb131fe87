using GpuVae.Kernels.Common;
using GpuVae.Kernels.Layers;

namespace GpuVae.Kernels.Tests.Ops;

internal static class ActivationOps
{
    // A few units in the last place of exp and of one division; relative to the norm of the whole output.
    private const double Tolerance = 5e-7;

    public static IEnumerable<Op> Rows() =>
    [
        .. Rows<Identity>("Identity", x => x),
        .. Rows<Relu>("ReLU", x => Math.Max(x, 0)),
        .. Rows<LeakyRelu>("LeakyReLU", x => x > 0 ? x : 0.01 * x),
        .. Rows<Silu>("SiLU", x => x * Reference.Sigmoid(x)),
        .. Rows<Gelu>("GELU", x => x * Reference.NormalDistribution(x)),
        .. Rows<Tanh>("Tanh", Math.Tanh),
        .. Rows<Sigmoid>("Sigmoid", Reference.Sigmoid),
        .. Rows<Softplus>("Softplus", Reference.Softplus),
        new Op("GELU, far left", 3e-6, run => Tail<Gelu>(run, x => x * Reference.NormalDistribution(x))),
        new Op("Softplus, far left", 2e-6, run => Tail<Softplus>(run, x => Math.Log(1 + Math.Exp(x)))),
        new Op("SiLU, far left", 2e-6, run => Tail<Silu>(run, x => x * Reference.Sigmoid(x))),
    ];

    private static IEnumerable<Op> Rows<TActivation>(string name, Func<double, double> f)
        where TActivation : struct, IActivation
    {
        foreach (int n in OpTable.Sizes)
        {
            yield return new Op($"{name} forward {n}", Tolerance, run => Forward<TActivation>(run, n, f));
            yield return new Op($"{name} backward {n}", 2 * Tolerance, run => Backward<TActivation>(run, n, f));
            if (!TActivation.DerivativeFromOutput)
                yield return new Op($"{name} derivative {n}", 2 * Tolerance, run => Derivative<TActivation>(run, n, f));
        }
    }

    private static void Forward<TActivation>(OpRun run, int n, Func<double, double> f)
        where TActivation : struct, IActivation
    {
        float[] x = run.Uniform(n, -6, 6);
        double[] expected = Array.ConvertAll(x, v => f(v));
        new ActivationKernels<TActivation>(run.Accelerator).Forward(run.Stream, run.Upload(x), run.Expect("y", expected));
    }

    private static void Backward<TActivation>(OpRun run, int n, Func<double, double> f)
        where TActivation : struct, IActivation
    {
        float[] x = run.Uniform(n, -3, 3), dy = run.Uniform(n);
        float[] saved = Array.ConvertAll(x, v => (float)(TActivation.DerivativeFromOutput ? f(v) : Reference.Derivative(f, v)));
        double[] expected = [.. x.Zip(dy, (v, d) => d * Reference.Derivative(f, v))];
        new ActivationKernels<TActivation>(run.Accelerator).Backward(
            run.Stream, run.Upload(saved), run.Upload(dy), run.Expect("dx", expected));
    }

    /// <summary>As it is saved by what ends with the function; here it is the sum's end.</summary>
    private static void Derivative<TActivation>(OpRun run, int n, Func<double, double> f)
        where TActivation : struct, IActivation
    {
        float[] x = run.Uniform(n, -6, 6);
        new Addition<TActivation>(run.Accelerator).Forward(
            run.Stream, run.Upload(x), run.Upload(new float[n]), run.Expect("y", Array.ConvertAll(x, v => f(v))),
            run.Expect("derivative", Array.ConvertAll(x, v => Reference.Derivative(f, v))));
    }

    /// <summary>One value at -8, where the function is tiny: its leading digits must still be right.</summary>
    private static void Tail<TActivation>(OpRun run, Func<double, double> f)
        where TActivation : struct, IActivation =>
        new ActivationKernels<TActivation>(run.Accelerator).Forward(run.Stream, run.Upload([-8f]), run.Expect("y", [f(-8)]));
}
