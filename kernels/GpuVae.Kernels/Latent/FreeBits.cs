// Free bits (Kingma, Salimans, Jozefowicz, Chen, Sutskever & Welling 2016, arXiv:1606.04934, eq. 15 of app. C.8, a group being a unit): the
// KL term Σ_l max(λ, mean KL_l) does not press a unit below λ nats. So the weight of a unit's KL in the gradient is 0 up to λ, beta above;
// the rest is the gradient of beta·KL (Reparameterize.cs). A group can be a level of a hierarchy as well, whose KL terms are at hand.

using GpuVae.Kernels.Common;
using ILGPU;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Latent;

/// <summary>Weights of the units' KL terms that leave λ nats to each for nothing.</summary>
public sealed class FreeBits(Accelerator accelerator)
{
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, FloatView, float, int> kernel =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, FloatView, float, int>(WeighKernel);

    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, FloatView, float, int> ofLevels =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, FloatView, float, int>(WeighLevelsKernel);

    /// <summary>A weight for each unit.</summary>
    /// <param name="encoded">[batch × 2L], means then log-variances.</param>
    /// <param name="beta">One element: the weight of the units above the floor.</param>
    /// <param name="weights">[L], written.</param>
    /// <param name="floor">λ, nats.</param>
    /// <param name="batch">Rows of <paramref name="encoded"/> that count.</param>
    public void Weigh(AcceleratorStream stream, FloatView encoded, FloatView beta, FloatView weights, float floor, int batch) =>
        kernel(stream, weights.IntExtent, encoded, beta, weights, floor, batch);

    /// <summary>A weight for each level.</summary>
    /// <param name="kl">[levels × batch]: the KL term of each level and image, nats.</param>
    /// <param name="beta">One element: the weight of the levels above the floor.</param>
    /// <param name="weights">[levels], written.</param>
    /// <param name="floor">λ, nats.</param>
    public void WeighLevels(AcceleratorStream stream, FloatView kl, FloatView beta, FloatView weights, float floor) =>
        ofLevels(stream, weights.IntExtent, kl, beta, weights, floor, kl.IntLength / weights.IntLength);

    private static void WeighKernel(Index1D unit, FloatView encoded, FloatView beta, FloatView weights, float floor, int batch)
    {
        int latents = weights.IntLength;
        float sum = 0f;
        for (int row = 0; row < batch; row++)
        {
            float mu = encoded[row * 2 * latents + unit];
            float s = LogVariance.Clamp(encoded[row * 2 * latents + latents + unit]);
            sum += AnalyticKl.Of(mu, s);
        }
        // NaN compares false and does not show here; it does in the KL term, which is made of the same numbers.
        weights[unit] = sum > floor * batch ? beta[0] : 0f;
    }

    private static void WeighLevelsKernel(Index1D level, FloatView kl, FloatView beta, FloatView weights, float floor, int batch)
    {
        float sum = 0f;
        for (int row = 0; row < batch; row++)
            sum += kl[level * batch + row];
        weights[level] = sum > floor * batch ? beta[0] : 0f;
    }
}
