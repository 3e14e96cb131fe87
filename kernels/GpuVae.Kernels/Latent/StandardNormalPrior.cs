// The density of samples under the standard normal prior, for where the KL term has no closed form (Kingma & Welling 2013, arXiv:1312.6114,
// eq. 7):
//
//   log p(z) = -Σ (z² + ln 2π)/2          dz += b·z,  b the weight of -log p in the loss (RowWeights)

using GpuVae.Kernels.Common;
using ILGPU;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Latent;

/// <summary>log p(z) for p = N(0, I), and the way back.</summary>
public sealed class StandardNormalPrior(Accelerator accelerator)
{
    private readonly int groupSize = GroupShapes.ForShortRow(accelerator);
    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, int> forward =
        accelerator.LoadKernel<FloatView, FloatView, int>(ForwardKernel);
    private readonly Action<AcceleratorStream, Index1D, FloatView, RowWeights, FloatView, int> backward =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, RowWeights, FloatView, int>(BackwardKernel);

    /// <summary>density[r] = log p(z[r]): z [rows × L], density [rows], in nats.</summary>
    public void Forward(AcceleratorStream stream, FloatView z, FloatView density, int latents) =>
        forward(stream, (density.IntExtent, groupSize), z, density, latents);

    /// <summary>Adds to dz what the density owes to the samples: z and dz [rows × L].</summary>
    public void Backward(AcceleratorStream stream, FloatView z, RowWeights weights, FloatView dz, int latents)
    {
        if (z.Length > 0)
            backward(stream, z.IntExtent, z, weights, dz, latents);
    }

    private static void ForwardKernel(FloatView z, FloatView density, int latents)
    {
        FloatView scratch = SharedMemory.Allocate<float>(GroupShapes.MaxRowGroup);
        int row = Grid.IdxX;
        float sum = 0f;
        for (int l = Group.IdxX; l < latents; l += Group.DimX)
        {
            float value = z[row * latents + l];
            sum -= 0.5f * (value * value + ScalarMath.LogTwoPi);
        }
        GroupShapes.StoreSum(density, row, sum, scratch);
    }

    private static void BackwardKernel(Index1D i, FloatView z, RowWeights weights, FloatView dz, int latents) =>
        dz[i] += weights.OfDensity(i.X / latents) * z[i];
}
