// How well a decoded image, reduced, agrees with a small one (Menon et al. 2020, "PULSE", arXiv:2003.03808). Reduction is the mean over
// blocks of f × f pixels; each pixel of the small image is normal around it:
//
//   m = E[x | z]    r_j = Σ_{p in block j} m_p / f²    loss = Σ_j (r_j - s_j)²/(2·variance)    d/dm_p = (r_j - s_j)/(variance·f²)
//
// In nats up to a constant. The gradient takes the place of the decoder's output.

using GpuVae.Kernels.Common;
using ILGPU;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Likelihoods;

public abstract partial class LikelihoodKernels
{
    /// <summary>The loss of reduced images, and its gradient in the place of <paramref name="decoded"/>.</summary>
    /// <param name="decoded">[rows × columns], as for <see cref="Forward"/>; overwritten.</param>
    /// <param name="small">[rows × small pixels], planar, in [0, 1].</param>
    /// <param name="shared">As for <see cref="Forward"/>.</param>
    /// <param name="loss">[rows], written: nats up to a constant.</param>
    /// <param name="layout">The order of the columns.</param>
    /// <param name="pool">The sizes.</param>
    /// <param name="precision">1 / variance.</param>
    public abstract void DifferentiateReduced(
        AcceleratorStream stream, FloatView decoded, FloatView small, FloatView shared, FloatView loss, PixelLayout layout,
        PoolShape pool, float precision);
}

internal sealed partial class LikelihoodKernels<TLikelihood>
{
    private Action<
        AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, FloatView, TLikelihood, PixelLayout, PoolShape, float>
        ReducedLauncher => field ??= accelerator.LoadKernel<
            FloatView, FloatView, FloatView, FloatView, TLikelihood, PixelLayout, PoolShape, float>(ReducedKernel);

    public override void DifferentiateReduced(
        AcceleratorStream stream, FloatView decoded, FloatView small, FloatView shared, FloatView loss, PixelLayout layout,
        PoolShape pool, float precision) =>
        ReducedLauncher(stream, (loss.IntExtent, groupSize), decoded, small, shared, loss, likelihood, layout, pool, precision);

    private static void ReducedKernel(
        FloatView decoded, FloatView small, FloatView shared, FloatView loss, TLikelihood likelihood, PixelLayout layout,
        PoolShape pool, float precision)
    {
        FloatView scratch = SharedMemory.Allocate<float>(GroupShapes.MaxRowGroup);
        int row = Grid.IdxX * layout.Pixels * likelihood.Parameters, image = Grid.IdxX * pool.SmallPixels;
        float sharedValue = TLikelihood.HasShared ? shared[0] : 0f;
        float share = 1f / (pool.Factor * pool.Factor);
        float sum = 0f;
        for (int j = Group.IdxX; j < pool.SmallPixels; j += Group.DimX)
        {
            int block = pool.FirstOf(j);
            float mean = 0f;
            for (int y = 0; y < pool.Factor; y++)
                for (int x = 0; x < pool.Factor; x++)
                    mean += likelihood.Mean(
                        decoded, row + layout.FirstColumnOf(block + y * pool.Width + x), layout.ParameterStride, sharedValue);
            float difference = share * mean - small[image + j];
            sum += 0.5f * precision * difference * difference;
            float factor = share * precision * difference;
            for (int y = 0; y < pool.Factor; y++)
                for (int x = 0; x < pool.Factor; x++)
                    likelihood.DifferentiateMean(
                        decoded, row + layout.FirstColumnOf(block + y * pool.Width + x), layout.ParameterStride, sharedValue, factor);
        }
        GroupShapes.StoreSum(loss, Grid.IdxX, sum, scratch);
    }
}
