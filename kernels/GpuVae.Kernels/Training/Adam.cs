// Adam (Kingma & Ba 2014, arXiv:1412.6980, algorithm 1) and AdamW (Loshchilov & Hutter 2017, arXiv:1711.05101) over one flat buffer,
// arranged as torch.optim.Adam does it:
//
//   g  = clip·gradient  (+ weightDecay·p, Adam)            p -= lr·weightDecay·p  (AdamW)
//   m  = m + (1 - beta1)(g - m)                            v  = beta2·v + (1 - beta2)·g²
//   p -= lr/(1 - beta1^t) · m / (sqrt(v)/sqrt(1 - beta2^t) + eps)      with both sides of the fraction times sqrt(1 - beta2^t)
//   clip = min(1, maxNorm / (‖gradient‖ + 1e-6))           as torch.nn.utils.clip_grad_norm_
//
// Learning rate, step and ‖gradient‖² are read on the device when the kernel runs, so a recorded launch can be replayed. 1 - beta^t is
// -expm1(t·ln beta): exact where beta^t is close to 1, and a function of t alone, so a resumed run goes on bit for bit.
//
// A moment that has all but vanished becomes 0: what decays from step to step and is no normal number any more stays there for good, and
// processors take a hundred times as long for it.
//
// As the last launch of a training step it also closes the step (StepLog.cs), in a group of its own.

using GpuVae.Kernels.Common;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Training;

/// <summary>Options of <see cref="Adam"/>; the defaults are PyTorch's.</summary>
public sealed record AdamOptions
{
    /// <summary>How much of the first moment is kept in a step, in [0, 1).</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>How much of the second moment is kept in a step, in [0, 1).</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>Added to the root of the second moment, 0 or more.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Weight decay, 0 for none.</summary>
    public double WeightDecay { get; init; }

    /// <summary>Decay the weights directly (AdamW) instead of adding the decay to the gradient.</summary>
    public bool Decoupled { get; init; }

    /// <summary>Largest Euclidean norm of the whole gradient; 0 for no clipping.</summary>
    public double MaxGradientNorm { get; init; }

    /// <summary>A step whose gradient has a larger Euclidean norm changes nothing (Child 2021, arXiv:2011.10650); 0 skips none.</summary>
    public double SkippedGradientNorm { get; init; }
}

/// <summary>One optimiser step over one flat parameter buffer.</summary>
public sealed class Adam
{
    private const int ElementsPerGroup = 1 << 12;

    // So far above the smallest normal number, 1.2e-38, that what is taken off a moment is normal, too.
    private const float Vanished = 2e-37f;

    private readonly Arguments arguments;
    private readonly int groupSize;
    private readonly Action<
        AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, FloatView, FloatView, FloatView, StepLog, Arguments> update;

    /// <exception cref="ArgumentOutOfRangeException">An option is outside its range.</exception>
    public Adam(Accelerator accelerator, AdamOptions options)
    {
        Require(options.Beta1 is >= 0 and < 1, options.Beta1, "beta1 must be in [0, 1).");
        Require(options.Beta2 is >= 0 and < 1, options.Beta2, "beta2 must be in [0, 1).");
        Require(double.IsFinite(options.Epsilon) && options.Epsilon >= 0, options.Epsilon, "epsilon must be finite, 0 or more.");
        Require(
            double.IsFinite(options.WeightDecay) && options.WeightDecay >= 0, options.WeightDecay,
            "The weight decay must be finite, 0 or more.");
        Require(
            double.IsFinite(options.MaxGradientNorm) && options.MaxGradientNorm >= 0, options.MaxGradientNorm,
            "The gradient's largest norm must be finite, 0 or more.");
        Require(
            double.IsFinite(options.SkippedGradientNorm) && options.SkippedGradientNorm >= 0, options.SkippedGradientNorm,
            "The norm of gradients that are skipped must be finite, 0 or more.");
        arguments = new Arguments
        {
            OneMinusBeta1 = (float)(1 - options.Beta1),
            OneMinusBeta2 = (float)(1 - options.Beta2),
            Beta2 = (float)options.Beta2,
            LogBeta1 = (float)Math.Max(Math.Log(options.Beta1), -1e30),
            LogBeta2 = (float)Math.Max(Math.Log(options.Beta2), -1e30),
            Epsilon = (float)options.Epsilon,
            L2 = options.Decoupled ? 0f : (float)options.WeightDecay,
            Decay = options.Decoupled ? (float)options.WeightDecay : 0f,
            MaxNorm = (float)options.MaxGradientNorm,
            SkippedNorm = (float)options.SkippedGradientNorm,
        };
        groupSize = GroupShapes.ForRow(accelerator);
        update = accelerator.LoadKernel<FloatView, FloatView, FloatView, FloatView, FloatView, FloatView, StepLog, Arguments>(UpdateKernel);
    }

    /// <summary>One step: weights and both moments are updated in place, the losses are logged and the clock moves on.</summary>
    /// <param name="weights">[n].</param>
    /// <param name="gradient">[n].</param>
    /// <param name="firstMoment">[n], zero at the start.</param>
    /// <param name="secondMoment">[n], zero at the start.</param>
    /// <param name="learningRate">One element.</param>
    /// <param name="squaredNorm">
    /// One element: ‖gradient‖² (<see cref="Reduce.SumOfSquares"/>); read only where gradients are clipped or skipped.
    /// </param>
    /// <param name="log">Its clock tells the number of the step.</param>
    public void Update(
        AcceleratorStream stream, FloatView weights, FloatView gradient, FloatView firstMoment, FloatView secondMoment,
        FloatView learningRate, FloatView squaredNorm, StepLog log)
    {
        int groups = 1 + (weights.IntLength + ElementsPerGroup - 1) / ElementsPerGroup;
        update(stream, (groups, groupSize), weights, gradient, firstMoment, secondMoment, learningRate, squaredNorm, log, arguments);
    }

    private static void Require(bool condition, double value, string message)
    {
        if (!condition)
            throw new ArgumentOutOfRangeException("options", value, message);
    }

    private static void UpdateKernel(
        FloatView weights, FloatView gradient, FloatView firstMoment, FloatView secondMoment, FloatView learningRate, FloatView squaredNorm,
        StepLog log, Arguments o)
    {
        FloatView scratch = SharedMemory.Allocate<float>(GroupShapes.MaxRowGroup);
        if (Grid.IdxX == 0)
        {
            log.Close(scratch);
            return;
        }

        // Everything up to the loop is the same for all threads. A gradient that is no number is not skipped: the run is to show it.
        if (o.SkippedNorm > 0f && XMath.Sqrt(squaredNorm[0]) > o.SkippedNorm)
            return;
        float t = log.Step + 1;
        float correction1 = -ScalarMath.ExpM1Negative(t * o.LogBeta1);
        float correction2 = XMath.Sqrt(-ScalarMath.ExpM1Negative(t * o.LogBeta2));
        float rate = learningRate[0];
        float scale = rate * correction2 / correction1;
        float epsilon = o.Epsilon * correction2;
        float clip = 1f;
        if (o.MaxNorm > 0f)
            clip = XMath.Min(1f, o.MaxNorm / (XMath.Sqrt(squaredNorm[0]) + 1e-6f));

        int first = (Grid.IdxX - 1) * ElementsPerGroup;
        int end = XMath.Min(first + ElementsPerGroup, weights.IntLength);
        // Turns that every thread takes part in need no masks on a CPU.
        int whole = first + (end - first) / Group.DimX * Group.DimX;
        int i = first + Group.IdxX;
        for (int turn = first; turn < whole; turn += Group.DimX)
        {
            UpdateElement(i, weights, gradient, firstMoment, secondMoment, rate, clip, scale, epsilon, o);
            i += Group.DimX;
        }
        if (i < end)
            UpdateElement(i, weights, gradient, firstMoment, secondMoment, rate, clip, scale, epsilon, o);
    }

    private static void UpdateElement(
        int i, FloatView weights, FloatView gradient, FloatView firstMoment, FloatView secondMoment, float rate, float clip,
        float scale, float epsilon, Arguments o)
    {
        float p = weights[i];
        float g = clip * gradient[i] + o.L2 * p;
        p -= rate * o.Decay * p;
        float m = firstMoment[i];
        m += o.OneMinusBeta1 * (g - m);
        float v = o.Beta2 * secondMoment[i] + o.OneMinusBeta2 * g * g;
        m = XMath.Abs(m) < Vanished ? 0f : m;
        v = v < Vanished ? 0f : v;
        firstMoment[i] = m;
        secondMoment[i] = v;
        weights[i] = p - scale * m / (XMath.Sqrt(v) + epsilon);
    }

    internal struct Arguments
    {
        public float OneMinusBeta1, OneMinusBeta2, Beta2, LogBeta1, LogBeta2, Epsilon, L2, Decay, MaxNorm, SkippedNorm;
    }
}
