// The density of samples under a mixture of normals, p(z) = Σ_c π_c·N(z; mu_c, diag(e^(s_c))), π = softmax(weights), s = clamp(logvar, -30,
// 20). Its components are parameters, or come out of the encoder for learned pseudo-inputs (VampPrior: Tomczak & Welling 2018,
// arXiv:1705.07120).
//
//   ℓ_c      = log π_c - Σ_l ((z_l - mu_cl)²·e^(-s_cl) + s_cl + ln 2π)/2
//   log p    = ln Σ_c e^(ℓ_c)                ρ_c = e^(ℓ_c - log p)           the component's share in the sample
//
// With b the weight of -log p in the loss (RowWeights) and sums over all rows, in order:
//
//   dz      += b·Σ_c ρ_c·(z - mu_c)·e^(-s_c)
//   dmu_c    = -Σ_r b·ρ_c·(z - mu_c)·e^(-s_c)
//   dlogvar_c = -Σ_r b·ρ_c·((z - mu_c)²·e^(-s_c) - 1)/2      0 outside the clamp
//   dweight_c = -Σ_r b·(ρ_c - π_c)
//
// A table of the components is made first: in the forward pass lanes own components, in the backward pass units, and both then read
// neighbouring elements. In the backward passes a group works on a sample or on a component, so that its shares are the same for all lanes.
// Table: [mu K × L | e^(-s) K × L | mu L × K | e^(-s) L × K | log π - Σ (s + ln 2π)/2, K | π, K].

using GpuVae.Kernels.Common;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Latent;

/// <summary>
/// Where the moments of a mixture's components, or their gradients, lie: unit l of component c at c·componentPitch + l·unitPitch.
/// </summary>
/// <param name="means">Of the components.</param>
/// <param name="logVariances">Of the components.</param>
/// <param name="componentPitch">Elements from a component to the next.</param>
/// <param name="unitPitch">Elements from a unit to the next.</param>
public readonly struct MixtureComponents(FloatView means, FloatView logVariances, int componentPitch, int unitPitch)
{
    internal readonly FloatView Means = means;
    internal readonly FloatView LogVariances = logVariances;
    private readonly int componentPitch = componentPitch;
    private readonly int unitPitch = unitPitch;

    internal int At(int component, int unit) => component * componentPitch + unit * unitPitch;
}

/// <summary>log p(z) for a mixture of normals, and the way back.</summary>
public sealed class MixturePrior(Accelerator accelerator)
{
    private readonly int tableGroup = GroupShapes.ForRow(accelerator);
    private readonly int groupSize = GroupShapes.ForShortRow(accelerator);
    private readonly Action<AcceleratorStream, KernelConfig, MixtureComponents, FloatView, FloatView, int, int> table =
        accelerator.LoadKernel<MixtureComponents, FloatView, FloatView, int, int>(TableKernel);
    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, FloatView, int, int> forward =
        accelerator.LoadKernel<FloatView, FloatView, FloatView, FloatView, int, int>(ForwardKernel);
    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, RowWeights, FloatView, int, int> backward =
        accelerator.LoadKernel<FloatView, FloatView, FloatView, RowWeights, FloatView, int, int>(BackwardKernel);
    private readonly Action<
        AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, RowWeights, MixtureComponents, MixtureComponents, int,
        int> componentsBackward =
        accelerator.LoadKernel<
            FloatView, FloatView, FloatView, RowWeights, MixtureComponents, MixtureComponents, int, int>(ComponentsBackwardKernel);

    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, RowWeights, FloatView, int> weightsBackward =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, RowWeights, FloatView, int>(WeightsBackwardKernel);

    /// <summary>Elements of the table of K components with L units.</summary>
    public static int TableLength(int components, int latents) => components * (4 * latents + 2);

    /// <summary>Makes the table.</summary>
    /// <param name="components">K components with L units.</param>
    /// <param name="weights">[K]: logits.</param>
    /// <param name="table">[<see cref="TableLength"/>], written.</param>
    /// <param name="latents">L.</param>
    public void Prepare(AcceleratorStream stream, MixtureComponents components, FloatView weights, FloatView table, int latents) =>
        this.table(stream, (1, tableGroup), components, weights, table, weights.IntLength, latents);

    /// <summary>The density of samples.</summary>
    /// <param name="z">[rows × L].</param>
    /// <param name="table">Of the components.</param>
    /// <param name="density">[rows], written: log p(z).</param>
    /// <param name="shares">[rows × K], written: ρ.</param>
    public void Forward(AcceleratorStream stream, FloatView z, FloatView table, FloatView density, FloatView shares, int latents) =>
        forward(
            stream, (density.IntExtent, groupSize), z, table, density, shares, shares.IntLength / density.IntLength, latents);

    /// <summary>Adds to dz what the density owes to the samples.</summary>
    /// <param name="z">[rows × L].</param>
    /// <param name="shares">[rows × K].</param>
    /// <param name="weights">Of the rows.</param>
    /// <param name="dz">[rows × L], changed.</param>
    /// <param name="components">K.</param>
    public void Backward(
        AcceleratorStream stream, FloatView z, FloatView table, FloatView shares, RowWeights weights, FloatView dz, int components,
        int latents)
    {
        if (z.Length > 0)
            backward(stream, (z.IntLength / latents, groupSize), z, table, shares, weights, dz, components, latents);
    }

    /// <summary>Gradients of the components and of their weights.</summary>
    /// <param name="z">[rows × L].</param>
    /// <param name="shares">[rows × K].</param>
    /// <param name="rows">Their weights in the loss.</param>
    /// <param name="components">The components.</param>
    /// <param name="dComponents">Written; not the same memory.</param>
    /// <param name="dWeights">[K], written.</param>
    public void ComponentsBackward(
        AcceleratorStream stream, FloatView z, FloatView table, FloatView shares, RowWeights rows, MixtureComponents components,
        MixtureComponents dComponents, FloatView dWeights, int latents)
    {
        int count = dWeights.IntLength, rowCount = z.IntLength / latents;
        componentsBackward(stream, (count, groupSize), z, table, shares, rows, components, dComponents, rowCount, latents);
        weightsBackward(stream, count, table.SubView(table.Length - count, count), shares, rows, dWeights, rowCount);
    }

    /// <summary>One group makes all of it: there are hundreds of components at most.</summary>
    private static void TableKernel(MixtureComponents source, FloatView weights, FloatView table, int components, int latents)
    {
        FloatView scratch = SharedMemory.Allocate<float>(GroupShapes.MaxRowGroup);
        float logSum = GroupShapes.LogSumExp(weights, 0, components, scratch);
        int size = components * latents;
        for (int c = Group.IdxX; c < components; c += Group.DimX)
        {
            float logWeight = weights[c] - logSum;
            float constant = logWeight;
            for (int l = 0; l < latents; l++)
            {
                float mean = source.Means[source.At(c, l)];
                float s = LogVariance.Clamp(source.LogVariances[source.At(c, l)]);
                float precision = XMath.Exp(-s);
                constant -= 0.5f * (s + ScalarMath.LogTwoPi);
                table[c * latents + l] = mean;
                table[size + c * latents + l] = precision;
                table[2 * size + l * components + c] = mean;
                table[3 * size + l * components + c] = precision;
            }
            table[4 * size + c] = constant;
            table[4 * size + components + c] = XMath.Exp(logWeight);
        }
    }

    private static void ForwardKernel(FloatView z, FloatView table, FloatView density, FloatView shares, int components, int latents)
    {
        FloatView scratch = SharedMemory.Allocate<float>(GroupShapes.MaxRowGroup);
        int row = Grid.IdxX, size = components * latents;
        float largest = float.NegativeInfinity;
        for (int c = Group.IdxX; c < components; c += Group.DimX)
        {
            float value = table[4 * size + c];
            for (int l = 0; l < latents; l++)
            {
                float difference = z[row * latents + l] - table[2 * size + l * components + c];
                value -= 0.5f * difference * difference * table[3 * size + l * components + c];
            }
            shares[row * components + c] = value;
            largest = XMath.Max(largest, value);
        }
        float logSum = GroupShapes.Softmax(shares, row * components, components, largest, scratch);
        if (Group.IdxX == 0)
            density[row] = logSum;
    }

    private static void BackwardKernel(
        FloatView z, FloatView table, FloatView shares, RowWeights weights, FloatView dz, int components, int latents)
    {
        int row = Grid.IdxX, size = components * latents;
        float weight = weights.OfDensity(row);
        for (int l = Group.IdxX; l < latents; l += Group.DimX)
        {
            float value = z[row * latents + l], sum = 0f;
            for (int c = 0; c < components; c++)
                sum += shares[row * components + c] * (value - table[c * latents + l]) * table[size + c * latents + l];
            dz[row * latents + l] += weight * sum;
        }
    }

    private static void ComponentsBackwardKernel(
        FloatView z, FloatView table, FloatView shares, RowWeights weights, MixtureComponents source, MixtureComponents gradient, int rows,
        int latents)
    {
        int c = Grid.IdxX, components = Grid.DimX, size = components * latents;
        for (int l = Group.IdxX; l < latents; l += Group.DimX)
        {
            float mean = table[c * latents + l], precision = table[size + c * latents + l];
            float ofMean = 0f, ofLogVariance = 0f;
            for (int row = 0; row < rows; row++)
            {
                float difference = z[row * latents + l] - mean;
                float weight = weights.OfDensity(row) * shares[row * components + c];
                ofMean -= weight * difference * precision;
                ofLogVariance -= 0.5f * weight * (difference * difference * precision - 1f);
            }
            gradient.Means[gradient.At(c, l)] = ofMean;
            gradient.LogVariances[gradient.At(c, l)] =
                LogVariance.ClampDerivative(source.LogVariances[source.At(c, l)]) * ofLogVariance;
        }
    }

    internal static void WeightsBackwardKernel(
        Index1D c, FloatView probabilities, FloatView shares, RowWeights weights, FloatView gradient, int rows)
    {
        int components = gradient.IntLength;
        float probability = probabilities[c], sum = 0f;
        for (int row = 0; row < rows; row++)
            sum -= weights.OfDensity(row) * (shares[row * components + c] - probability);
        gradient[c] = sum;
    }
}
