// Reconstruction terms of the ELBO, -ln p(x|z), each fused with its own gradient (Kingma & Welling 2013, arXiv:1312.6114, app. C).
// Summed over the pixels of a sample, in nats; gradients carry the factor `scale` = 1/batch.
//
//   Bernoulli, from logits a:     max(a, 0) - a·x + ln(1 + e^-|a|)          d/da = sigmoid(a) - x
//   Gaussian, log-variance s:     ((x - m)²·e^-s + s + ln 2π)/2             d/dm = (m - x)·e^-s
//                                                                          d/ds = (1 - (x - m)²·e^-s)/2
//
// The log-variance is fixed, or one learned number shared by all pixels (Rybkin et al. 2021, "Simple and Effective VAE Training with
// Calibrated Decoders", arXiv:2006.13202), or learned per pixel. Learned ones are clamped to [-30, 20]; outside, their gradient is 0.

using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels;

/// <summary>Likelihoods of a VAE's decoder, forward and backward in one pass. One group works on one sample.</summary>
public sealed class ElboLoss
{
    private readonly int groupSize;
    private readonly Action<
        AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, FloatView, float, int> bernoulli;

    private readonly Action<
        AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, FloatView, float, float, int> gaussian;

    private readonly Action<
        AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, FloatView, FloatView, FloatView, float, int>
        sharedVariance;

    private readonly Action<
        AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, FloatView, float, int> pixelVariance;

    public ElboLoss(Accelerator accelerator)
    {
        groupSize = GroupShapes.ForRow(accelerator);
        bernoulli = accelerator.LoadKernel<FloatView, FloatView, FloatView, FloatView, float, int>(BernoulliKernel);
        gaussian = accelerator.LoadKernel<FloatView, FloatView, FloatView, FloatView, float, float, int>(GaussianKernel);
        sharedVariance = accelerator.LoadKernel<
            FloatView, FloatView, FloatView, FloatView, FloatView, FloatView, float, int>(SharedVarianceKernel);
        pixelVariance = accelerator.LoadKernel<FloatView, FloatView, FloatView, FloatView, float, int>(PixelVarianceKernel);
    }

    /// <summary>Bernoulli likelihood from logits.</summary>
    /// <param name="stream">Stream to run on.</param>
    /// <param name="logits">[batch × pixels].</param>
    /// <param name="target">[batch × pixels], in [0, 1].</param>
    /// <param name="dLogits">[batch × pixels], written; may be <paramref name="logits"/>.</param>
    /// <param name="reconstruction">[batch], written: nats per sample.</param>
    /// <param name="scale">1 / batch.</param>
    /// <param name="pixels">Pixels (times channels) of a sample.</param>
    public void Bernoulli(
        AcceleratorStream stream, FloatView logits, FloatView target, FloatView dLogits, FloatView reconstruction,
        float scale, int pixels) =>
        bernoulli(stream, (reconstruction.IntExtent, groupSize), logits, target, dLogits, reconstruction, scale, pixels);

    /// <summary>Gaussian likelihood with a fixed variance (parameters as <see cref="Bernoulli"/>, means in place of logits).</summary>
    /// <exception cref="ArgumentOutOfRangeException">The variance is not a positive finite number.</exception>
    public void Gaussian(
        AcceleratorStream stream, FloatView mean, FloatView target, FloatView dMean, FloatView reconstruction,
        float variance, float scale, int pixels)
    {
        if (!(variance > 0f) || !float.IsFinite(variance))
            throw new ArgumentOutOfRangeException(nameof(variance), variance, "The decoder's variance must be a positive finite number.");
        gaussian(stream, (reconstruction.IntExtent, groupSize), mean, target, dMean, reconstruction, variance, scale, pixels);
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

    private static void BernoulliKernel(
        FloatView logits, FloatView target, FloatView dLogits, FloatView reconstruction, float scale, int pixels)
    {
        FloatView scratch = SharedMemory.Allocate<float>(GroupShapes.MaxRowGroup);
        int row = Grid.IdxX * pixels;
        float sum = 0f;
        for (int p = Group.IdxX; p < pixels; p += Group.DimX)
        {
            float logit = logits[row + p];
            float x = target[row + p];
            float e = XMath.Exp(-XMath.Abs(logit));
            float larger = 1f / (1f + e);
            float probability = logit >= 0f ? larger : e * larger;
            sum += XMath.Max(logit, 0f) - logit * x + ScalarMath.Log1PUnit(e);
            dLogits[row + p] = scale * (probability - x);
        }
        float total = GroupShapes.Sum(sum, scratch);
        if (Group.IdxX == 0)
            reconstruction[Grid.IdxX] = total;
    }

    private static void GaussianKernel(
        FloatView mean, FloatView target, FloatView dMean, FloatView reconstruction, float variance, float scale, int pixels)
    {
        FloatView scratch = SharedMemory.Allocate<float>(GroupShapes.MaxRowGroup);
        int row = Grid.IdxX * pixels;
        float precision = 1f / variance;
        float sum = 0f;
        for (int p = Group.IdxX; p < pixels; p += Group.DimX)
        {
            float difference = mean[row + p] - target[row + p];
            sum += difference * difference;
            dMean[row + p] = scale * precision * difference;
        }
        float total = GroupShapes.Sum(sum, scratch);
        if (Group.IdxX == 0)
            reconstruction[Grid.IdxX] = 0.5f * (precision * total + pixels * (XMath.Log(variance) + ScalarMath.LogTwoPi));
    }

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
