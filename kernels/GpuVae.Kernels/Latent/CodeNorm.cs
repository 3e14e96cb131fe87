// The penalty on codes of a regularised autoencoder (Ghosh, Sajjadi, Vergari, Black & Schölkopf 2020, arXiv:1903.12436, eq. 5), which is
// -log N(z; 0, I) without its constant:
//
//   penalty = Σ z²/2          dz += beta·scale·z

using GpuVae.Kernels.Common;
using ILGPU;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Latent;

/// <summary>Half the squared norm of codes, and the way back.</summary>
public sealed class CodeNorm(Accelerator accelerator)
{
    private readonly int groupSize = GroupShapes.ForShortRow(accelerator);
    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, int> forward =
        accelerator.LoadKernel<FloatView, FloatView, int>(ForwardKernel);
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, FloatView, float> backward =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, FloatView, float>(BackwardKernel);

    /// <summary>penalty[r] = ‖z[r]‖²/2: z [rows × L], penalty [rows].</summary>
    public void Forward(AcceleratorStream stream, FloatView z, FloatView penalty, int latents) =>
        forward(stream, (penalty.IntExtent, groupSize), z, penalty, latents);

    /// <summary>Adds beta·scale·z to dz, both [rows × L].</summary>
    /// <param name="z">[rows × L].</param>
    /// <param name="beta">One element: the weight of the penalty.</param>
    /// <param name="dz">[rows × L], changed.</param>
    /// <param name="scale">1 / rows.</param>
    public void Backward(AcceleratorStream stream, FloatView z, FloatView beta, FloatView dz, float scale)
    {
        if (z.Length > 0)
            backward(stream, z.IntExtent, z, beta, dz, scale);
    }

    private static void ForwardKernel(FloatView z, FloatView penalty, int latents)
    {
        FloatView scratch = SharedMemory.Allocate<float>(GroupShapes.MaxRowGroup);
        int row = Grid.IdxX;
        float sum = 0f;
        for (int l = Group.IdxX; l < latents; l += Group.DimX)
        {
            float value = z[row * latents + l];
            sum += 0.5f * value * value;
        }
        GroupShapes.StoreSum(penalty, row, sum, scratch);
    }

    private static void BackwardKernel(Index1D i, FloatView z, FloatView beta, FloatView dz, float scale) =>
        dz[i] += beta[0] * scale * z[i];
}
