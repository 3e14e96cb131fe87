// Reparameterisation (Kingma & Welling 2013, arXiv:1312.6114, sec. 2.4) fused with the KL divergence to the standard normal prior
// (AnalyticKl.cs). For one sample with latent units l, s = clamp(logvar, -30, 20):
//
//   z_l     = mu_l + exp(s_l / 2)·eps_l,   eps ~ N(0, 1)
//   KL      = 1/2 Σ_l (mu_l² + exp(s_l) - 1 - s_l)                              in nats
//   dmu     = dz + beta·scale·mu
//   dlogvar = dz·eps·exp(s/2)/2 + beta·scale·(exp(s) - 1)/2   inside the clamp, 0 outside
//
// dz comes from the reconstruction term, already scaled by 1/batch; `scale` is that 1/batch.
// Layout: encoded [batch × 2L] = [mu | logvar]; z and noise [batch × L]; kl [batch].

using GpuVae.Kernels.Common;
using GpuVae.Kernels.Random;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Latent;

/// <summary>The latent layer: sampling, KL term and their gradient. One group works on one sample.</summary>
public sealed class Reparameterize(Accelerator accelerator)
{
    private readonly int groupSize = GroupShapes.ForShortRow(accelerator);
    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, FloatView, int> forward =
        accelerator.LoadKernel<FloatView, FloatView, FloatView, FloatView, int>(ForwardKernel);
    private readonly Action<
        AcceleratorStream, KernelConfig, FloatView, ulong, uint, ArrayView<long>, FloatView, FloatView, FloatView, int> forwardRandom =
        accelerator.LoadKernel<FloatView, ulong, uint, ArrayView<long>, FloatView, FloatView, FloatView, int>(ForwardRandomKernel);

    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, FloatView, FloatView, FloatView, float, int, int> backward =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, FloatView, FloatView, FloatView, float, int, int>(BackwardKernel);

    /// <summary>z and KL from noise that the caller provides.</summary>
    /// <param name="encoded">[batch × 2L], means then log-variances.</param>
    /// <param name="noise">[batch × L].</param>
    /// <param name="z">[batch × L], written.</param>
    /// <param name="kl">[batch], written: nats per sample.</param>
    /// <param name="latents">L.</param>
    public void Forward(
        AcceleratorStream stream, FloatView encoded, FloatView noise, FloatView z, FloatView kl, int latents) =>
        forward(stream, (kl.IntExtent, groupSize), encoded, noise, z, kl, latents);

    /// <summary>z and KL with noise of Philox, which is also written to <paramref name="noise"/> for the backward pass.</summary>
    /// <remarks>Noise of sample b, unit l: word of counter (block of l, row b, *step, purpose).</remarks>
    public void Forward(
        AcceleratorStream stream, FloatView encoded, ulong seed, RandomPurpose purpose, ArrayView<long> step,
        FloatView noise, FloatView z, FloatView kl, int latents) =>
        forwardRandom(stream, (kl.IntExtent, groupSize), encoded, seed, (uint)purpose, step, noise, z, kl, latents);

    /// <summary>Gradient with respect to the encoder's output, of reconstruction (through dz) plus beta·KL.</summary>
    /// <param name="encoded">[batch × 2L].</param>
    /// <param name="noise">[batch × L], as used forward.</param>
    /// <param name="dz">[batch × L].</param>
    /// <param name="beta">The weight of KL, which a warm-up changes from step to step: one element, or [L] with one for each unit.</param>
    /// <param name="dEncoded">[batch × 2L], written.</param>
    /// <param name="scale">1 / batch.</param>
    public void Backward(
        AcceleratorStream stream, FloatView encoded, FloatView noise, FloatView dz, FloatView beta,
        FloatView dEncoded, float scale, int latents)
    {
        if (dz.Length > 0)
            backward(stream, dz.IntExtent, encoded, noise, dz, beta, dEncoded, scale, latents, WeightPitch(beta, latents));
    }

    private static void ForwardKernel(FloatView encoded, FloatView noise, FloatView z, FloatView kl, int latents)
    {
        FloatView scratch = SharedMemory.Allocate<float>(GroupShapes.MaxRowGroup);
        int sample = Grid.IdxX;
        float sum = 0f;
        for (int l = Group.IdxX; l < latents; l += Group.DimX)
            sum += Sample(encoded, z, sample, l, latents, noise[sample * latents + l]);
        GroupShapes.StoreSum(kl, sample, sum, scratch);
    }

    private static void ForwardRandomKernel(
        FloatView encoded, ulong seed, uint purpose, ArrayView<long> step, FloatView noise, FloatView z, FloatView kl, int latents)
    {
        FloatView scratch = SharedMemory.Allocate<float>(GroupShapes.MaxRowGroup);
        int sample = Grid.IdxX;
        long currentStep = step[0];
        float sum = 0f;
        for (int l = Group.IdxX; l < latents; l += Group.DimX)
        {
            float eps = Philox.NormalAt(seed, (RandomPurpose)purpose, currentStep, sample, l);
            noise[sample * latents + l] = eps;
            sum += Sample(encoded, z, sample, l, latents, eps);
        }
        GroupShapes.StoreSum(kl, sample, sum, scratch);
    }

    /// <summary>Writes one z; returns the unit's KL term.</summary>
    private static float Sample(FloatView encoded, FloatView z, int sample, int l, int latents, float eps)
    {
        float mu = encoded[sample * 2 * latents + l];
        float logVariance = LogVariance.Clamp(encoded[sample * 2 * latents + latents + l]);
        z[sample * latents + l] = mu + XMath.Exp(0.5f * logVariance) * eps;
        return AnalyticKl.Of(mu, logVariance);
    }

    private static void BackwardKernel(
        Index1D i, FloatView encoded, FloatView noise, FloatView dz, FloatView beta, FloatView dEncoded,
        float scale, int latents, int betaPitch)
    {
        int sample = i.X / latents;
        int meanIndex = sample * latents + i.X;
        int logVarianceIndex = meanIndex + latents;
        float klWeight = beta[(i.X - sample * latents) * betaPitch] * scale;
        dEncoded[meanIndex] = dz[i] + klWeight * encoded[meanIndex];
        dEncoded[logVarianceIndex] = LogVarianceGradient(encoded[logVarianceIndex], dz[i], noise[i], klWeight);
    }

    /// <summary>dlogvar of a unit.</summary>
    internal static float LogVarianceGradient(float raw, float dz, float noise, float klWeight)
    {
        float s = LogVariance.Clamp(raw);
        float throughNoise = dz * noise * XMath.Exp(0.5f * s);
        return LogVariance.ClampDerivative(raw) * 0.5f * (throughNoise + klWeight * AnalyticKl.TwiceLogVarianceDerivative(s));
    }

    /// <summary>Elements from the KL weight of one unit to that of the next: 0 where all share one.</summary>
    internal static int WeightPitch(FloatView beta, int latents)
    {
        if (beta.Length != 1 && beta.Length != latents)
        {
            throw new ArgumentException(
                $"{beta.Length} weights of the KL term for {latents} units; give one for all or one for each.", nameof(beta));
        }
        return beta.Length == 1 ? 0 : 1;
    }
}
