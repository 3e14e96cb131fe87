// The density of codes whose units are independent and alike:
//
//   log p(z) = Σ log p(z_l)          dz -= b·d log p(z_l)/dz_l,  b the weight of -log p in the loss (RowWeights)
//
// The draw of unit l of row r takes the Philox block of counter (l, r, 0, Prior).

using GpuVae.Kernels.Common;
using GpuVae.Kernels.Random;
using ILGPU;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Latent;

/// <summary>log p(z) = Σ log p(z_l), the way back, and draws.</summary>
/// <typeparam name="TDensity">p(z_l).</typeparam>
public sealed class FactorizedPrior<TDensity>(Accelerator accelerator)
    where TDensity : struct, ICodeDensity
{
    private readonly int groupSize = GroupShapes.ForShortRow(accelerator);
    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, TDensity, int> forward =
        accelerator.LoadKernel<FloatView, FloatView, TDensity, int>(ForwardKernel);
    private readonly Action<AcceleratorStream, Index1D, FloatView, RowWeights, FloatView, TDensity, int> backward =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, RowWeights, FloatView, TDensity, int>(BackwardKernel);
    private readonly Action<AcceleratorStream, Index1D, FloatView, TDensity, int, ulong> sample =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, TDensity, int, ulong>(SampleKernel);

    /// <summary>log p of every row: z [rows × L], log densities [rows], in nats.</summary>
    public void Forward(AcceleratorStream stream, FloatView z, FloatView logDensities, TDensity density, int latents) =>
        forward(stream, (logDensities.IntExtent, groupSize), z, logDensities, density, latents);

    /// <summary>Adds to dz what the density owes to the samples: z and dz [rows × L].</summary>
    public void Backward(AcceleratorStream stream, FloatView z, RowWeights weights, FloatView dz, TDensity density, int latents)
    {
        if (z.Length > 0)
            backward(stream, z.IntExtent, z, weights, dz, density, latents);
    }

    /// <summary>Draws codes [rows × L]; row r depends on the seed and r alone.</summary>
    public void Sample(AcceleratorStream stream, FloatView codes, TDensity density, int latents, ulong seed)
    {
        if (codes.Length > 0)
            sample(stream, codes.IntExtent, codes, density, latents, seed);
    }

    private static void ForwardKernel(FloatView z, FloatView logDensities, TDensity density, int latents)
    {
        FloatView scratch = SharedMemory.Allocate<float>(GroupShapes.MaxRowGroup);
        int row = Grid.IdxX;
        float sum = 0f;
        for (int l = Group.IdxX; l < latents; l += Group.DimX)
            sum += density.Of(z[row * latents + l]).LogDensity;
        GroupShapes.StoreSum(logDensities, row, sum, scratch);
    }

    private static void BackwardKernel(Index1D i, FloatView z, RowWeights weights, FloatView dz, TDensity density, int latents) =>
        dz[i] -= weights.OfDensity(i.X / latents) * density.Of(z[i]).Derivative;

    private static void SampleKernel(Index1D i, FloatView codes, TDensity density, int latents, ulong seed) =>
        codes[i] = density.Sample(Philox.Generate(seed, RandomPurpose.Prior, step: 0, row: i.X / latents, block: i.X % latents));
}
