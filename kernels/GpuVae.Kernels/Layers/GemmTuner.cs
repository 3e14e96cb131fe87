// Finds the fastest kernel for a product by trying all that can compute it.

using System.Diagnostics;
using GpuVae.Kernels.Common;
using GpuVae.Kernels.Gemm;
using GpuVae.Kernels.Gemm.Planning;
using GpuVae.Kernels.Likelihoods;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Kernels.Layers;

/// <summary>What a measurement of a product's kernels gave.</summary>
/// <param name="Choice">The fastest; the rule's where none is clearly faster.</param>
/// <param name="Seconds">Its time.</param>
/// <param name="RuleSeconds">The time of what the rule chooses.</param>
public readonly record struct GemmTuning(GemmChoice Choice, double Seconds, double RuleSeconds);

/// <summary>Measures the kernels of products on one device. Keeps the device busy; nothing else should run on it meanwhile.</summary>
public sealed class GemmTuner : IDisposable
{
    private const int Repeats = 5;

    // A candidate must be faster than the rule by this much to take its place: less is chance.
    private const double Gain = 0.97;

    // One that takes longer than the fastest so far by this factor is not tried again.
    private const double Hopeless = 1.5;

    private readonly GemmContext gemm;
    private readonly AcceleratorStream stream;
    private readonly Gemm<PlainEpilogue> product;
    private readonly LinearBackward<DerivativeEpilogue<Relu>> gradients;
    private readonly LinearLoss<BernoulliLikelihood> loss;

    /// <param name="accelerator">The device.</param>
    /// <param name="stream">Where to run.</param>
    /// <param name="precision">What products are computed in.</param>
    public GemmTuner(Accelerator accelerator, AcceleratorStream stream, MatrixPrecision precision)
        : this(new GemmContext(accelerator, precision), stream)
    {
    }

    internal GemmTuner(GemmContext gemm, AcceleratorStream stream)
    {
        (this.gemm, this.stream) = (gemm, stream);
        product = gemm.With<PlainEpilogue>();
        gradients = new(gemm);
        loss = new(gemm);
    }

    /// <summary>Tries every kernel on zeros of the product's shape. Takes milliseconds; seconds where kernels are compiled.</summary>
    public GemmTuning Tune(GemmProblem problem)
    {
        GemmChoice rule = gemm.Rule(problem);
        (int m, int n, int k) = (problem.M, problem.N, problem.K);
        using MemoryBuffer1D<float, Stride1D.Dense> a = Zeros((long)m * k);
        using MemoryBuffer1D<float, Stride1D.Dense> b = Zeros((long)k * n);
        using MemoryBuffer1D<float, Stride1D.Dense> c = Zeros((long)m * n);
        using MemoryBuffer1D<float, Stride1D.Dense> bias = Zeros(Math.Max(m, n));
        using MemoryBuffer1D<float, Stride1D.Dense> other = Zeros((long)m * n);
        // A tile has one column at least, so there cannot be more parts of the loss.
        using MemoryBuffer1D<float, Stride1D.Dense> parts = Zeros((long)m * n);
        using MemoryBuffer1D<float, Stride1D.Dense> dx = Zeros((long)k * m);
        MatrixView opA = problem.TransposeA ? new MatrixView(a.View, k, m).Transposed : new MatrixView(a.View, m, k);
        MatrixView opB = problem.TransposeB ? new MatrixView(b.View, n, k).Transposed : new MatrixView(b.View, k, n);
        MatrixView ofC = new(c.View, m, n), ofOther = new(other.View, m, n);
        return Compare(rule, problem, problem.Use switch
        {
            GemmUse.Product => () => product.Run(stream, opA, opB, ofC, default),
            GemmUse.Loss => () => loss.Run(stream, opA, opB, bias.View, ofOther, ofC, parts.View, default, 1),
            // M = inputs, N = outputs, K = batch: x, dy, W, dW, db and dx.
            _ => () => gradients.Run(
                stream, opA.Transposed, opB, ofC, ofOther, bias.View,
                problem.Use == GemmUse.Gradients ? new MatrixView(dx.View, k, m) : default, new(a.View, m)),
        });
    }

    /// <summary>Frees the operands.</summary>
    public void Dispose() => gemm.Dispose();

    private GemmTuning Compare(GemmChoice rule, GemmProblem problem, Action run)
    {
        try
        {
            double ruleSeconds = Measure(rule, run, double.PositiveInfinity);
            var best = new GemmTuning(rule, ruleSeconds, ruleSeconds);
            foreach (GemmChoice candidate in gemm.Candidates(problem).Where(c => c != rule))
            {
                double seconds = Measure(candidate, run, best.Seconds);
                if (seconds < Math.Min(best.Seconds, Gain * ruleSeconds))
                    best = best with { Choice = candidate, Seconds = seconds };
            }
            return best;
        }
        finally
        {
            gemm.Forced = null;
        }
    }

    /// <summary>The least time of several runs, after one that loads the kernel.</summary>
    private double Measure(GemmChoice choice, Action run, double best)
    {
        gemm.Forced = choice;
        run();
        stream.Synchronize();
        double least = double.PositiveInfinity;
        for (int i = 0; i < Repeats; i++)
        {
            long start = Stopwatch.GetTimestamp();
            run();
            stream.Synchronize();
            least = Math.Min(least, Stopwatch.GetElapsedTime(start).TotalSeconds);
            if (least > Hopeless * best)
                break;
        }
        return least;
    }

    private MemoryBuffer1D<float, Stride1D.Dense> Zeros(long length)
    {
        MemoryBuffer1D<float, Stride1D.Dense> buffer = gemm.Accelerator.Allocate1D<float>(Math.Max(length, 1));
        buffer.View.MemSetToZero(stream);
        return buffer;
    }
}
