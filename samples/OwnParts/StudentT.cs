// A likelihood of your own: Student's t with 3 degrees of freedom around y, whose heavy tails forgive single pixels that are far off.
//
//   -ln p(x | y) = 2·ln(1 + d²/3) + constant,  d = (x - y)/scale        d/dy = -4·d / ((3 + d²)·scale)
using GpuVae.Kernels.Likelihoods;
using GpuVae.Kernels.Random;
using ILGPU.Algorithms;

namespace OwnParts;

// Kernels see public types only.
public readonly struct StudentT(float scale) : ILikelihood
{
    public LikelihoodTerm Of(float y, float x)
    {
        float d = (x - y) / scale, squared = d * d;
        // ln Γ(2) - ln Γ(3/2) - ln(3π)/2 is -1.00089.
        return new LikelihoodTerm(
            2f * XMath.Log(1f + squared / 3f) + XMath.Log(scale) + 1.0008889f, -4f * d / ((3f + squared) * scale));
    }

    public float Mean(float y) => y;

    public float MeanDerivative(float y) => 1f;

    // Bailey 1994 (doi:10.1090/S0025-5718-1994-1219704-7): the polar way, as Box and Muller have it for a normal number.
    public float Sample(float y, PhiloxBlock noise)
    {
        float u = Philox.ToUniformPositive(noise.W0);
        float radius = XMath.Sqrt(3f * (XMath.Pow(u, -2f / 3f) - 1f));
        return y + scale * radius * XMath.Cos(Philox.NormalAngle(noise.W1));
    }
}
