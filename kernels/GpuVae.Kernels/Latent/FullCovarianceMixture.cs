// The density of samples under a mixture of normals with any covariance, p(z) = Σ_c π_c·N(z; mu_c, Λ_c·Λ_cᵀ), π = softmax(weights): the
// posteriors of a VampPrior's pseudo-inputs (Tomczak & Welling 2018, arXiv:1705.07120) where they have a full covariance. mu and
// Λ = D·(I + N) are those of FullCovariancePosterior.cs, out of rows of the encoder's output.
//
//   M_c     = Λ_c⁻¹ = (I + N)⁻¹·D⁻¹                        lower triangular
//   e_rc    = M_c·(z_r - mu_c)                             the noise that would have made the sample
//   ℓ_rc    = log π_c - Σ_l (e_l² + s_l + ln 2π)/2         exact: ln det Λ = Σ s/2
//   log p   = ln Σ_c e^(ℓ_c)                ρ_c = e^(ℓ_c - log p)           the component's share in the sample
//
// With g_rc = M_cᵀ·e_rc, which is -∇_z of the component's log-density, b the weight of -log p in the loss (RowWeights) and sums over all
// rows, in order:
//
//   dz        += b·Σ_c ρ_c·g_c
//   dmu_c      = -Σ_r b·ρ_c·g_c
//   dlogvar_ci = -Σ_r b·ρ_c·(g_ci·(z_i - mu_ci) - 1)/2     0 outside the clamp
//   dn_cij     = -Σ_r b·ρ_c·e^(s_i/2)·g_ci·e_cj·c_0        c_0 the coupling of FullCovariancePosterior.cs
//   dweight_c  = -Σ_r b·(ρ_c - π_c)
//
// The factors are inverted once for all samples, so that the units of e do not wait for each other. In the forward pass lanes own
// components, in the backward pass units; M lies in both orders.
// Table, T = L(L+1)/2: [M K × T | M T × K | mu L × K | log π - Σ (s + ln 2π)/2, K | π, K].

using GpuVae.Kernels.Common;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Latent;

/// <summary>log p(z) for a mixture of normals with full covariance, and the way back.</summary>
public sealed class FullCovarianceMixture(Accelerator accelerator)
{
    private readonly int tableGroup = GroupShapes.ForRow(accelerator);
    private readonly int groupSize = GroupShapes.ForShortRow(accelerator);
    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, int> factors =
        accelerator.LoadKernel<FloatView, FloatView, int>(FactorsKernel);
    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, int, int> constants =
        accelerator.LoadKernel<FloatView, FloatView, FloatView, int, int>(ConstantsKernel);
    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, FloatView, FloatView, int, int> forward =
        accelerator.LoadKernel<FloatView, FloatView, FloatView, FloatView, FloatView, int, int>(ForwardKernel);
    private readonly Action<
        AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, RowWeights, FloatView, FloatView, int, int> backward =
        accelerator.LoadKernel<FloatView, FloatView, FloatView, RowWeights, FloatView, FloatView, int, int>(BackwardKernel);

    private readonly Action<
        AcceleratorStream, Index1D, FloatView, FloatView, FloatView, FloatView, RowWeights, FloatView, FloatView, int, int,
        int> componentsBackward =
        accelerator.LoadAutoGroupedKernel<
            Index1D, FloatView, FloatView, FloatView, FloatView, RowWeights, FloatView, FloatView, int, int, int>(ComponentsBackwardKernel);

    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, RowWeights, FloatView, int> weightsBackward =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, RowWeights, FloatView, int>(MixturePrior.WeightsBackwardKernel);

    /// <summary>Elements of the table of K components with L units.</summary>
    public static int TableLength(int components, int latents) => checked(components * (latents * (latents + 2) + 2));

    /// <summary>Makes the table.</summary>
    /// <param name="encoded">[K × P]: the components, as <see cref="FullCovariancePosterior"/> takes them.</param>
    /// <param name="weights">[K]: logits.</param>
    /// <param name="table">[<see cref="TableLength"/>], written.</param>
    /// <param name="latents">L.</param>
    public void Prepare(AcceleratorStream stream, FloatView encoded, FloatView weights, FloatView table, int latents)
    {
        factors(stream, (weights.IntExtent, groupSize), encoded, table, latents);
        constants(stream, (1, tableGroup), encoded, weights, table, weights.IntLength, latents);
    }

    /// <summary>The density of samples.</summary>
    /// <param name="z">[rows × L].</param>
    /// <param name="table">Of the components.</param>
    /// <param name="density">[rows], written: log p(z).</param>
    /// <param name="shares">[rows × K], written: ρ.</param>
    /// <param name="noise">[rows × K × L], written: e.</param>
    public void Forward(
        AcceleratorStream stream, FloatView z, FloatView table, FloatView density, FloatView shares, FloatView noise, int latents) =>
        forward(
            stream, (density.IntExtent, groupSize), z, table, density, shares, noise, shares.IntLength / density.IntLength, latents);

    /// <summary>Adds to dz what the density owes to the samples.</summary>
    /// <param name="shares">[rows × K].</param>
    /// <param name="noise">[rows × K × L].</param>
    /// <param name="weights">Of the rows.</param>
    /// <param name="gradients">[rows × K × L], written: g.</param>
    /// <param name="dz">[rows × L], changed.</param>
    /// <param name="components">K.</param>
    public void Backward(
        AcceleratorStream stream, FloatView table, FloatView shares, FloatView noise, RowWeights weights, FloatView gradients, FloatView dz,
        int components, int latents)
    {
        if (dz.Length > 0)
            backward(stream, (dz.IntLength / latents, groupSize), table, shares, noise, weights, gradients, dz, components, latents);
    }

    /// <summary>Gradients of the components and of their weights; after <see cref="Backward"/>.</summary>
    /// <param name="z">[rows × L].</param>
    /// <param name="shares">[rows × K].</param>
    /// <param name="noise">[rows × K × L].</param>
    /// <param name="gradients">[rows × K × L].</param>
    /// <param name="rows">Their weights in the loss.</param>
    /// <param name="encoded">[K × P].</param>
    /// <param name="dEncoded">[K × P], written; not the same memory.</param>
    /// <param name="dWeights">[K], written.</param>
    public void ComponentsBackward(
        AcceleratorStream stream, FloatView z, FloatView table, FloatView shares, FloatView noise, FloatView gradients, RowWeights rows,
        FloatView encoded, FloatView dEncoded, FloatView dWeights, int latents)
    {
        int count = dWeights.IntLength, rowCount = z.IntLength / latents;
        componentsBackward(
            stream, count * FullCovariancePosterior.Columns(latents), z, shares, noise, gradients, rows, encoded, dEncoded, rowCount, count,
            latents);
        weightsBackward(stream, count, table.SubView(table.Length - count, count), shares, rows, dWeights, rowCount);
    }

    /// <summary>A group inverts the factor of one component; a lane owns columns of it and reads back only what it wrote itself.</summary>
    private static void FactorsKernel(FloatView encoded, FloatView table, int latents)
    {
        int c = Grid.IdxX, components = Grid.DimX, size = latents * (latents + 1) / 2;
        int moments = c * FullCovariancePosterior.Columns(latents), factor = moments + 2 * latents, first = c * size;
        float coupling = FullCovariancePosterior.Coupling / latents;
        for (int j = Group.IdxX; j < latents; j += Group.DimX)
        {
            table[2 * components * size + j * components + c] = encoded[moments + j];
            float deviation = XMath.Exp(-0.5f * LogVariance.Clamp(encoded[moments + latents + j]));
            for (int i = 0; i < latents; i++)
            {
                if (i >= j)
                {
                    float value = i == j ? deviation : 0f;
                    for (int k = j; k < i; k++)
                        value -= coupling * encoded[factor + i * (i - 1) / 2 + k] * table[first + k * (k + 1) / 2 + j];
                    table[first + i * (i + 1) / 2 + j] = value;
                    table[components * size + (i * (i + 1) / 2 + j) * components + c] = value;
                }
            }
        }
    }

    private static void ConstantsKernel(FloatView encoded, FloatView weights, FloatView table, int components, int latents)
    {
        FloatView scratch = SharedMemory.Allocate<float>(GroupShapes.MaxRowGroup);
        float logSum = GroupShapes.LogSumExp(weights, 0, components, scratch);
        int first = components * latents * (latents + 2);
        for (int c = Group.IdxX; c < components; c += Group.DimX)
        {
            int logVariances = c * FullCovariancePosterior.Columns(latents) + latents;
            float constant = weights[c] - logSum;
            table[first + components + c] = XMath.Exp(constant);
            for (int l = 0; l < latents; l++)
                constant -= 0.5f * (LogVariance.Clamp(encoded[logVariances + l]) + ScalarMath.LogTwoPi);
            table[first + c] = constant;
        }
    }

    private static void ForwardKernel(
        FloatView z, FloatView table, FloatView density, FloatView shares, FloatView noise, int components, int latents)
    {
        FloatView scratch = SharedMemory.Allocate<float>(GroupShapes.MaxRowGroup);
        int row = Grid.IdxX, size = components * (latents * (latents + 1) / 2), means = 2 * size;
        float largest = float.NegativeInfinity;
        for (int c = Group.IdxX; c < components; c += Group.DimX)
        {
            float value = table[means + latents * components + c];
            int at = size + c;
            for (int i = 0; i < latents; i++)
            {
                float e = 0f;
                for (int j = 0; j <= i; j++)
                {
                    e += table[at] * (z[row * latents + j] - table[means + j * components + c]);
                    at += components;
                }
                noise[(row * components + c) * latents + i] = e;
                value -= 0.5f * e * e;
            }
            shares[row * components + c] = value;
            largest = XMath.Max(largest, value);
        }
        float logSum = GroupShapes.Softmax(shares, row * components, components, largest, scratch);
        if (Group.IdxX == 0)
            density[row] = logSum;
    }

    private static void BackwardKernel(
        FloatView table, FloatView shares, FloatView noise, RowWeights weights, FloatView gradients, FloatView dz, int components,
        int latents)
    {
        int row = Grid.IdxX, size = latents * (latents + 1) / 2;
        float weight = weights.OfDensity(row);
        for (int l = Group.IdxX; l < latents; l += Group.DimX)
        {
            float sum = 0f;
            for (int c = 0; c < components; c++)
            {
                int first = (row * components + c) * latents;
                float gradient = 0f;
                for (int i = 0; i < latents; i++)
                {
                    if (i >= l)
                        gradient += table[c * size + i * (i + 1) / 2 + l] * noise[first + i];
                }
                gradients[first + l] = gradient;
                sum += shares[row * components + c] * gradient;
            }
            dz[row * latents + l] += weight * sum;
        }
    }

    /// <summary>A thread works on one number of a component.</summary>
    private static void ComponentsBackwardKernel(
        Index1D index, FloatView z, FloatView shares, FloatView noise, FloatView gradients, RowWeights weights, FloatView encoded,
        FloatView dEncoded, int rows, int components, int latents)
    {
        int columns = FullCovariancePosterior.Columns(latents);
        int c = index.X / columns, column = index.X - c * columns, moments = c * columns;
        (int i, int j) = FullCovariancePosterior.UnitsOf(column, latents);
        float mean = encoded[moments + i], raw = encoded[moments + latents + i], sum = 0f;
        for (int row = 0; row < rows; row++)
        {
            int first = (row * components + c) * latents;
            float gradient = gradients[first + i];
            float term = column < latents ? gradient
                : column < 2 * latents ? 0.5f * (gradient * (z[row * latents + i] - mean) - 1f)
                : gradient * noise[first + j];
            sum -= weights.OfDensity(row) * shares[row * components + c] * term;
        }
        float factor = column < latents ? 1f
            : column < 2 * latents ? LogVariance.ClampDerivative(raw)
            : FullCovariancePosterior.Coupling / latents * XMath.Exp(0.5f * LogVariance.Clamp(raw));
        dEncoded[index] = factor * sum;
    }
}
