// The backward pass of Reparameterize as the epilogue of the product that makes dz = dy·W, so that dz never reaches memory:
//
//   dmu     = dz + beta·scale·mu
//   dlogvar = dz·eps·exp(s/2)/2 + beta·scale·(exp(s) - 1)/2   inside the clamp, 0 outside

using GpuVae.Kernels.Common;
using ILGPU;

namespace GpuVae.Kernels.Latent;

/// <summary>
/// Turns an element of dz into both gradients of its latent unit. The product's C must be <paramref name="dEncoded"/> with leading
/// dimension 2L and L columns: dmu is stored as its element, dlogvar L columns further on.
/// </summary>
/// <param name="encoded">[m × 2L], means then log-variances.</param>
/// <param name="noise">[m × L], as used forward.</param>
/// <param name="beta">The weight of the KL term: one element, or [L] with one for each unit.</param>
/// <param name="dEncoded">[m × 2L], written.</param>
/// <param name="scale">1 / batch.</param>
/// <param name="latents">L.</param>
public readonly struct LatentGradientEpilogue(
    ArrayView<float> encoded, ArrayView<float> noise, ArrayView<float> beta, ArrayView<float> dEncoded, float scale, int latents)
    : IEpilogue
{
    private readonly ArrayView<float> encoded = encoded;
    private readonly ArrayView<float> noise = noise;
    private readonly ArrayView<float> beta = beta;
    private readonly ArrayView<float> dEncoded = dEncoded;
    private readonly float scale = scale;
    private readonly int latents = latents;
    private readonly int betaPitch = Reparameterize.WeightPitch(beta, latents);

    /// <summary>dmu of an element of dz; stores its dlogvar.</summary>
    public float Apply(float value, int row, int column)
    {
        int mean = row * 2 * latents + column;
        float klWeight = beta[column * betaPitch] * scale;
        dEncoded[mean + latents] =
            Reparameterize.LogVarianceGradient(encoded[mean + latents], value, noise[row * latents + column], klWeight);
        return value + klWeight * encoded[mean];
    }

    /// <inheritdoc/>
    public void Prefetch(int row, int column)
    {
    }
}
