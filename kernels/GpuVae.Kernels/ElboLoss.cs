// Gaussian reconstruction terms of the ELBO, -ln p(x|z), with a learned log-variance s, each fused with its own gradient (Kingma & Welling
// 2013, arXiv:1312.6114, app. C). Summed over the pixels of a sample, in nats; gradients carry the factor `scale` = 1/batch.
//
//   ((x - m)²·e^-s + s + ln 2π)/2      d/dm = (m - x)·e^-s      d/ds = (1 - (x - m)²·e^-s)/2
//
// The log-variance is one number shared by all pixels (Rybkin et al. 2021, "Simple and Effective VAE Training with Calibrated Decoders",
// arXiv:2006.13202), or learned per pixel. It is clamped to [-30, 20]; outside, its gradient is 0. Likelihoods that need one number per
// pixel are in Likelihood.cs and ride on the decoder's last product (LinearLoss.cs).

using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels;

/// <summary>Likelihoods with learned variances, forward and backward in one pass. One group works on one sample.</summary>
public sealed class ElboLoss
{
    private readonly int groupSize;
    private readonly Action<
        AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, FloatView, FloatView, FloatView, float, int>
        sharedVariance;

    private readonly Action<
        AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, FloatView, float, int> pixelVariance;

    public ElboLoss(Accelerator accelerator)
    {
        groupSize = GroupShapes.ForRow(accelerator);
        sharedVariance = accelerator.LoadKernel<
            FloatView, FloatView, FloatView, FloatView, FloatView, FloatView, float, int>(SharedVarianceKernel);
        pixelVariance = accelerator.LoadKernel<FloatView, FloatView, FloatView, FloatView, float, int>(PixelVarianceKernel);
    }

    /// <summary>Gaussian likelihood with one learned log-variance for all pixels.</summary>
    /// <param name="stream">Stream to run on.</param>
    /// <param name="mean">[batch × pixels].</param>
    /// <param name="target">[batch × pixels].</param>
    /// <param name="logVariance">One element.</param>
    /// <param name="dMean">[batch × pixels], written; may be <paramref name="mean"/>.</param>
    /// <param name="dLogVariance">[batch], written: each sample's part of the gradient, to be added up (<see cref="Reduce.Sum"/>).</param>
    /// <param name="reconstruction">[batch], written: nats per sample.</param>
    /// <param name="scale">1 / batch.</param>
    /// <param name="pixels">Pixels (times channels) of a sample.</param>
    public void GaussianSharedVariance(
        AcceleratorStream stream, FloatView mean, FloatView target, FloatView logVariance, FloatView dMean,
        FloatView dLogVariance, FloatView reconstruction, float scale, int pixels) =>
        sharedVariance(
            stream, (reconstruction.IntExtent, groupSize), mean, target, logVariance, dMean, dLogVariance, reconstruction, scale, pixels);

    /// <summary>Gaussian likelihood with a learned log-variance per pixel.</summary>
    /// <param name="stream">Stream to run on.</param>
    /// <param name="decoded">[batch × 2·pixels], means then log-variances.</param>
    /// <param name="target">[batch × pixels].</param>
    /// <param name="dDecoded">[batch × 2·pixels], written; may be <paramref name="decoded"/>.</param>
    /// <param name="reconstruction">[batch], written: nats per sample.</param>
    /// <param name="scale">1 / batch.</param>
    /// <param name="pixels">Pixels (times channels) of a sample.</param>
    public void GaussianPixelVariance(
        AcceleratorStream stream, FloatView decoded, FloatView target, FloatView dDecoded, FloatView reconstruction,
        float scale, int pixels) =>
        pixelVariance(stream, (reconstruction.IntExtent, groupSize), decoded, target, dDecoded, reconstruction, scale, pixels);

    private static void SharedVarianceKernel(
        FloatView mean, FloatView target, FloatView logVariance, FloatView dMean, FloatView dLogVariance,
        FloatView reconstruction, float scale, int pixels)
    {
        FloatView scratch = SharedMemory.Allocate<float>(GroupShapes.MaxRowGroup);
        int row = Grid.IdxX * pixels;
        float raw = logVariance[0];
        float s = Reparameterize.ClampLogVariance(raw);
        float precision = XMath.Exp(-s);
        float sum = 0f;
        for (int p = Group.IdxX; p < pixels; p += Group.DimX)
        {
            float difference = mean[row + p] - target[row + p];
            sum += difference * difference;
            dMean[row + p] = scale * precision * difference;
        }
        float total = precision * GroupShapes.Sum(sum, scratch);
        if (Group.IdxX == 0)
        {
            reconstruction[Grid.IdxX] = 0.5f * (total + pixels * (s + ScalarMath.LogTwoPi));
            dLogVariance[Grid.IdxX] = Reparameterize.ClampSlope(raw) * scale * 0.5f * (pixels - total);
        }
    }

    private static void PixelVarianceKernel(
        FloatView decoded, FloatView target, FloatView dDecoded, FloatView reconstruction, float scale, int pixels)
    {
        FloatView scratch = SharedMemory.Allocate<float>(GroupShapes.MaxRowGroup);
        int row = Grid.IdxX * pixels;
        float sum = 0f;
        for (int p = Group.IdxX; p < pixels; p += Group.DimX)
        {
            int meanIndex = 2 * row + p;
            float raw = decoded[meanIndex + pixels];
            float s = Reparameterize.ClampLogVariance(raw);
            float precision = XMath.Exp(-s);
            float difference = decoded[meanIndex] - target[row + p];
            float weighted = difference * difference * precision;
            sum += 0.5f * (weighted + s + ScalarMath.LogTwoPi);
            dDecoded[meanIndex] = scale * precision * difference;
            dDecoded[meanIndex + pixels] = Reparameterize.ClampSlope(raw) * scale * 0.5f * (1f - weighted);
        }
        float total = GroupShapes.Sum(sum, scratch);
        if (Group.IdxX == 0)
            reconstruction[Grid.IdxX] = total;
    }
}
