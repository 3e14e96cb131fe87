// Objectives that do not press the KL term towards 0 but towards a target. Each finds, from the KL term of a batch, the weight with which
// its gradient enters the loss; the rest is the gradient of beta·KL (Reparameterize.cs).
//
//   free bits   Σ_l max(λ, mean KL_l)       a unit's weight is 0 up to λ nats, beta above
//               (Kingma, Salimans, Jozefowicz, Chen, Sutskever & Welling 2016, arXiv:1606.04934, eq. 15 of app. C.8, a group being a unit)
//   capacity    γ·|mean KL - C|             the weight is γ above C, -γ below
//               (Burgess, Higgins, Pal, Matthey, Watters, Desjardins & Lerchner 2018, arXiv:1804.03599, eq. 8)

using GpuVae.Kernels.Common;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Latent;

/// <summary>Weights of the KL term that depend on how large it is.</summary>
public sealed class KlTargets
{
    private readonly int groupSize;
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, FloatView, float, int> freeBits;
    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, float> capacity;

    public KlTargets(Accelerator accelerator)
    {
        groupSize = GroupShapes.ForRow(accelerator);
        freeBits = accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, FloatView, float, int>(FreeBitsKernel);
        capacity = accelerator.LoadKernel<FloatView, FloatView, FloatView, float>(CapacityKernel);
    }

    /// <summary>A weight for each unit.</summary>
    /// <param name="stream">Stream to run on.</param>
    /// <param name="encoded">[batch × 2L], means then log-variances.</param>
    /// <param name="beta">One element: the weight of the units above the floor.</param>
    /// <param name="weights">[L], written.</param>
    /// <param name="floor">λ, nats.</param>
    /// <param name="batch">Rows of <paramref name="encoded"/> that count.</param>
    public void FreeBits(AcceleratorStream stream, FloatView encoded, FloatView beta, FloatView weights, float floor, int batch) =>
        freeBits(stream, weights.IntExtent, encoded, beta, weights, floor, batch);

    /// <summary>One weight for all units.</summary>
    /// <param name="stream">Stream to run on.</param>
    /// <param name="kl">[batch], nats per image.</param>
    /// <param name="target">One element: C, nats.</param>
    /// <param name="weight">One element, written.</param>
    /// <param name="strength">γ.</param>
    public void Capacity(AcceleratorStream stream, FloatView kl, FloatView target, FloatView weight, float strength) =>
        capacity(stream, (1, groupSize), kl, target, weight, strength);

    private static void FreeBitsKernel(Index1D unit, FloatView encoded, FloatView beta, FloatView weights, float floor, int batch)
    {
        int latents = weights.IntLength;
        float sum = 0f;
        for (int row = 0; row < batch; row++)
        {
            float mu = encoded[row * 2 * latents + unit];
            float s = LogVariance.Clamp(encoded[row * 2 * latents + latents + unit]);
            sum += 0.5f * (mu * mu + XMath.Exp(s) - 1f - s);
        }
        // NaN compares false and does not show here; it does in the KL term, which is made of the same numbers.
        weights[unit] = sum > floor * batch ? beta[0] : 0f;
    }

    private static void CapacityKernel(FloatView kl, FloatView target, FloatView weight, float strength)
    {
        FloatView scratch = SharedMemory.Allocate<float>(GroupShapes.MaxRowGroup);
        float sum = 0f;
        for (int i = Group.IdxX; i < kl.IntLength; i += Group.DimX)
            sum += kl[i];
        float mean = GroupShapes.Sum(sum, scratch) / kl.IntLength;
        if (Group.IdxX == 0)
            weight[0] = mean > target[0] ? strength : -strength;
    }
}
