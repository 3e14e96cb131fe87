// Bernoulli (Kingma & Welling 2013, arXiv:1312.6114, app. C.1) from the logit y, which keeps the digits that a probability near 0 or 1
// loses:
//
//   -ln p(x | y) = max(y, 0) - y·x + ln(1 + e^-|y|)        d/dy = sigmoid(y) - x

using GpuVae.Kernels.Common;
using GpuVae.Kernels.Random;
using ILGPU.Algorithms;

namespace GpuVae.Kernels.Likelihoods;

#pragma warning disable CS1591 // The interface documents the members.

/// <summary>Bernoulli from logits, for x in [0, 1].</summary>
public readonly struct BernoulliLikelihood : ILikelihood
{
    public LikelihoodTerm Of(float y, float x)
    {
        float e = XMath.Exp(-XMath.Abs(y));
        float larger = 1f / (1f + e);
        float probability = y >= 0f ? larger : e * larger;
        return new LikelihoodTerm(XMath.Max(y, 0f) - y * x + ScalarMath.Log1PUnit(e), probability - x);
    }

    public float Mean(float y) => ScalarMath.Sigmoid(y);

    public float MeanDerivative(float y) => ScalarMath.Sigmoid(y) * ScalarMath.Sigmoid(-y);

    public float Sample(float y, PhiloxBlock noise) => Philox.ToUniform(noise.W0) < ScalarMath.Sigmoid(y) ? 1f : 0f;
}
