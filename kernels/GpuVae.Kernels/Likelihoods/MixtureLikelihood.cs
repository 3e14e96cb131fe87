// A mixture of K distributions per pixel (Salimans et al. 2017, arXiv:1701.05517, with every channel of a pixel for itself). With the
// logits l of the weights, c_k = ln p_k(x), P = softmax(l) and the posterior of the components R = softmax(l + c),
//
//   -ln Σ P_k p_k(x) = logsumexp(l) - logsumexp(l + c)      d/dl_k = P_k - R_k      d/dm_k = -R_k·dc_k/dm_k      d/ds_k alike

using GpuVae.Kernels.Random;
using ILGPU.Algorithms;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Likelihoods;

#pragma warning disable CS1591 // The interface documents the members.

/// <summary>[K logits of the weights | K locations | K logarithms of the scales] per pixel.</summary>
public readonly struct MixtureLikelihood<TFamily> : IPixelLikelihood
    where TFamily : struct, ILocationScale
{
    private readonly int components;

    /// <exception cref="ArgumentOutOfRangeException">There is no component.</exception>
    public MixtureLikelihood(int components)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(components);
        this.components = components;
    }

    public static bool HasShared => false;

    public int Parameters => 3 * components;

    public float Loss(FloatView decoded, int at, int stride, float shared, float x)
    {
        Evidence evidence = Of(decoded, at, stride, x);
        return evidence.Weights.Value - evidence.Joint.Value;
    }

    public LikelihoodTerm Differentiate(FloatView decoded, int at, int stride, float shared, float x, float factor)
    {
        Evidence evidence = Of(decoded, at, stride, x);
        float weights = evidence.Weights.Value, joint = evidence.Joint.Value;
        // A component's density is worked out once more rather than kept: there is no memory for K of them but the slow kind.
        for (int k = 0; k < components; k++)
        {
            int logitAt = at + k * stride;
            int locationAt = logitAt + components * stride;
            int scaleAt = locationAt + components * stride;
            float logit = decoded[logitAt];
            LocationScaleTerm term = TFamily.Of(decoded[locationAt], decoded[scaleAt], x);
            float responsibility = XMath.Exp(logit - term.Loss - joint);
            decoded[logitAt] = factor * (XMath.Exp(logit - weights) - responsibility);
            decoded[locationAt] = factor * responsibility * term.LocationDerivative;
            decoded[scaleAt] = factor * responsibility * term.ScaleDerivative;
        }
        return new LikelihoodTerm(weights - joint, 0f);
    }

    public float Mean(FloatView decoded, int at, int stride, float shared)
    {
        float weights = LogSumOfLogits(decoded, at, stride), mean = 0f;
        for (int k = 0; k < components; k++)
        {
            int locationAt = at + (components + k) * stride;
            float weight = XMath.Exp(decoded[at + k * stride] - weights);
            mean += weight * TFamily.Mean(decoded[locationAt], decoded[locationAt + components * stride]);
        }
        return mean;
    }

    /// <summary>mean = Σ P_k·mean_k: d/dl_k = P_k·(mean_k - mean).</summary>
    public void DifferentiateMean(FloatView decoded, int at, int stride, float shared, float factor)
    {
        float weights = LogSumOfLogits(decoded, at, stride), mean = Mean(decoded, at, stride, shared);
        for (int k = 0; k < components; k++)
        {
            int logitAt = at + k * stride;
            int locationAt = logitAt + components * stride;
            int scaleAt = locationAt + components * stride;
            float location = decoded[locationAt], scale = decoded[scaleAt];
            float weight = factor * XMath.Exp(decoded[logitAt] - weights);
            MeanDerivatives derivatives = TFamily.MeanDerivatives(location, scale);
            decoded[logitAt] = weight * (TFamily.Mean(location, scale) - mean);
            decoded[locationAt] = weight * derivatives.Location;
            decoded[scaleAt] = weight * derivatives.Scale;
        }
    }

    /// <summary>The component that the third word picks, then a draw from it.</summary>
    public float Sample(FloatView decoded, int at, int stride, float shared, PhiloxBlock noise)
    {
        float weights = LogSumOfLogits(decoded, at, stride), u = Philox.ToUniform(noise.W2), below = 0f;
        int picked = 0;
        for (int k = 0; k < components - 1; k++)
        {
            below += XMath.Exp(decoded[at + k * stride] - weights);
            picked = u < below ? picked : k + 1;
        }
        int locationAt = at + (components + picked) * stride;
        return TFamily.Sample(decoded[locationAt], decoded[locationAt + components * stride], noise);
    }

    private float LogSumOfLogits(FloatView decoded, int at, int stride)
    {
        var sum = new LogSum(decoded[at]);
        for (int k = 1; k < components; k++)
            sum = sum.With(decoded[at + k * stride]);
        return sum.Value;
    }

    private Evidence Of(FloatView decoded, int at, int stride, float x)
    {
        float loss = TFamily.Of(decoded[at + components * stride], decoded[at + 2 * components * stride], x).Loss;
        var weights = new LogSum(decoded[at]);
        var joint = new LogSum(decoded[at] - loss);
        for (int k = 1; k < components; k++)
        {
            int locationAt = at + (components + k) * stride;
            float logit = decoded[at + k * stride];
            loss = TFamily.Of(decoded[locationAt], decoded[locationAt + components * stride], x).Loss;
            weights = weights.With(logit);
            joint = joint.With(logit - loss);
        }
        return new Evidence(weights, joint);
    }

    /// <param name="Weights">logsumexp(l).</param>
    /// <param name="Joint">logsumexp(l + c).</param>
    private readonly record struct Evidence(LogSum Weights, LogSum Joint);

    /// <summary>The logarithm of a sum of exponentials that grows term by term, relative to the largest so far.</summary>
    private readonly struct LogSum(float largest, float sum)
    {
        private readonly float largest = largest, sum = sum;

        public LogSum(float first)
            : this(first, 1f)
        {
        }

        public float Value => largest + XMath.Log(sum);

        public LogSum With(float next)
        {
            float max = XMath.Max(largest, next);
            return new LogSum(max, sum * XMath.Exp(largest - max) + XMath.Exp(next - max));
        }
    }
}
