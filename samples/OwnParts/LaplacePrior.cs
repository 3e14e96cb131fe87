// A prior of your own: Laplace, under which most units are near 0 and a few far from it: log p(z) = -|z| - ln 2.
using GpuVae.Kernels.Latent;
using GpuVae.Kernels.Random;
using ILGPU.Algorithms;

namespace OwnParts;

public readonly struct LaplacePrior : ICodeDensity
{
    private const float LogTwo = 0.6931472f;

    public CodeDensityTerm Of(float z) => new(-XMath.Abs(z) - LogTwo, z > 0f ? -1f : 1f);

    public float Sample(PhiloxBlock noise)
    {
        float size = -XMath.Log(Philox.ToUniformPositive(noise.W0));
        return noise.W1 % 2u == 0u ? size : -size;
    }
}
