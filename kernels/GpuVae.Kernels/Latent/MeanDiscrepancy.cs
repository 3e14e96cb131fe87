// The squared maximum mean discrepancy between codes z of a batch and as many draws p of the prior (Gretton et al. 2012; WAE-MMD:
// Tolstikhin, Bousquet, Gelly & Schoelkopf 2018, arXiv:1711.01558, algorithm 2), with a sum of inverse multiquadratic kernels:
//
//   k(d) = Σ_s C_s/(C_s + d)          d = ‖a - b‖²,  C_s = 2·L·s,  s = 0.1, 0.2, 0.5, 1, 2, 5, 10
//   MMD  = 1/(n(n-1)) Σ_(i≠j) (k(z_i, z_j) + k(p_i, p_j)) - 2/n² Σ_ij k(z_i, p_j)
//
// It is unbiased, so it may be negative. With k' = -Σ_s C_s/(C_s + d)² and the weight w:
//
//   dz_i += w·(4/(n(n-1)) Σ_(j≠i) k'(z_i, z_j)·(z_i - z_j) - 4/n² Σ_j k'(z_i, p_j)·(z_i - p_j))
//
// Forward, lanes own the j and keep the factors of the differences in slopes [n × 2n]; backward, lanes own units. One image has no pairs.

using GpuVae.Kernels.Common;
using ILGPU;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Latent;

/// <summary>How far a batch of codes is from draws of the prior, and the way back.</summary>
public sealed class MeanDiscrepancy(Accelerator accelerator)
{
    private readonly int groupSize = GroupShapes.ForRow(accelerator), unitGroup = GroupShapes.ForShortRow(accelerator);
    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, FloatView, int> forward =
        accelerator.LoadKernel<FloatView, FloatView, FloatView, FloatView, int>(ForwardKernel);
    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, FloatView, float, int> backward =
        accelerator.LoadKernel<FloatView, FloatView, FloatView, FloatView, float, int>(BackwardKernel);

    /// <summary>The estimate.</summary>
    /// <param name="z">[n × L].</param>
    /// <param name="drawn">[n × L]: p.</param>
    /// <param name="terms">[n], written: their mean is the estimate.</param>
    /// <param name="slopes">[n × 2n], written.</param>
    /// <param name="latents">L.</param>
    public void Forward(AcceleratorStream stream, FloatView z, FloatView drawn, FloatView terms, FloatView slopes, int latents) =>
        forward(stream, (terms.IntExtent, groupSize), z, drawn, terms, slopes, latents);

    /// <summary>Adds the gradient to dz.</summary>
    /// <param name="z">[n × L].</param>
    /// <param name="drawn">[n × L].</param>
    /// <param name="slopes">[n × 2n], of <see cref="Forward"/>.</param>
    /// <param name="dz">[n × L], changed.</param>
    /// <param name="weight">Of the estimate in the loss.</param>
    /// <param name="latents">L.</param>
    public void Backward(
        AcceleratorStream stream, FloatView z, FloatView drawn, FloatView slopes, FloatView dz, float weight, int latents) =>
        backward(stream, (z.IntLength / latents, unitGroup), z, drawn, slopes, dz, weight, latents);

    private static void ForwardKernel(FloatView z, FloatView drawn, FloatView terms, FloatView slopes, int latents)
    {
        FloatView scratch = SharedMemory.Allocate<float>(GroupShapes.MaxRowGroup);
        int i = Grid.IdxX, n = Grid.DimX;
        float ofPair = n > 1 ? 1f / (n - 1) : 0f, ofBoth = n > 1 ? 1f / n : 0f, sum = 0f;
        for (int j = Group.IdxX; j < n; j += Group.DimX)
        {
            float codes = 0f, draws = 0f, between = 0f;
            for (int l = 0; l < latents; l++)
            {
                float zi = z[i * latents + l], pi = drawn[i * latents + l], zj = z[j * latents + l], pj = drawn[j * latents + l];
                codes += (zi - zj) * (zi - zj);
                draws += (pi - pj) * (pi - pj);
                between += (zi - pj) * (zi - pj);
            }
            float other = i == j ? 0f : ofPair;
            sum += other * (Value(codes, latents) + Value(draws, latents)) - 2f * ofBoth * Value(between, latents);
            slopes[i * 2 * n + j] = 4f * other / n * Slope(codes, latents);
            slopes[i * 2 * n + n + j] = -4f * ofBoth / n * Slope(between, latents);
        }
        GroupShapes.StoreSum(terms, i, sum, scratch);
    }

    private static void BackwardKernel(FloatView z, FloatView drawn, FloatView slopes, FloatView dz, float weight, int latents)
    {
        int i = Grid.IdxX, n = Grid.DimX;
        for (int l = Group.IdxX; l < latents; l += Group.DimX)
        {
            float own = z[i * latents + l], sum = 0f;
            for (int j = 0; j < n; j++)
            {
                sum += slopes[i * 2 * n + j] * (own - z[j * latents + l]);
                sum += slopes[i * 2 * n + n + j] * (own - drawn[j * latents + l]);
            }
            dz[i * latents + l] += weight * sum;
        }
    }

    private static float Value(float distance, int latents)
    {
        float scale = 2f * latents;
        return Ratio(0.1f * scale, distance) + Ratio(0.2f * scale, distance) + Ratio(0.5f * scale, distance) + Ratio(scale, distance)
            + Ratio(2f * scale, distance) + Ratio(5f * scale, distance) + Ratio(10f * scale, distance);
    }

    private static float Slope(float distance, int latents)
    {
        float scale = 2f * latents;
        return OfRatio(0.1f * scale, distance) + OfRatio(0.2f * scale, distance) + OfRatio(0.5f * scale, distance)
            + OfRatio(scale, distance) + OfRatio(2f * scale, distance) + OfRatio(5f * scale, distance) + OfRatio(10f * scale, distance);
    }

    private static float Ratio(float c, float distance) => c / (c + distance);

    private static float OfRatio(float c, float distance) => -c / ((c + distance) * (c + distance));
}
