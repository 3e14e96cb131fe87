// The total correlation KL(q(z) ‖ Π_l q(z_l)) of the aggregated posterior, estimated from a batch by minibatch weighted sampling
// (beta-TCVAE: Chen, Li, Grosse & Duvenaud 2018, arXiv:1802.04942, eq. 4 and app. C.1). For the sample z_i of image i, images m of a batch
// of B and N images in the training set, with s = clamp(logvar, -30, 20):
//
//   ℓ_iml = log N(z_il; mu_ml, e^(s_ml))
//   TC_i  = ln Σ_m e^(Σ_l ℓ_iml) - Σ_l ln Σ_m e^(ℓ_iml) + (L - 1)·ln(N·B)
//
// With P_im = softmax_m(Σ_l ℓ_iml), Q_iml = softmax_m(ℓ_iml), t = (z_il - mu_ml)·e^(-s_ml) and w the weight of TC in the loss:
//
//   dz_il      -= w·Σ_m (P - Q)·t
//   dmu_ml     += w·Σ_i (P - Q)·t
//   dlogvar_ml += w·Σ_i (P - Q)·((z_il - mu_ml)·t - 1)/2         inside the clamp, 0 outside
//
// Layout: encoded [B × 2L] = [mu | logvar]; z [B × L]; joint [B × B] = ln P; marginal [B × L] = ln Σ_m e^(ℓ_iml).

using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels;

/// <summary>Total correlation of a batch, and the way back.</summary>
public sealed class TotalCorrelation
{
    private readonly int groupSize;
    private readonly Action<
        AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, FloatView, FloatView, int, float> forward;

    private readonly Action<
        AcceleratorStream, Index1D, FloatView, FloatView, FloatView, FloatView, FloatView, FloatView, float, int> backward;

    private readonly Action<
        AcceleratorStream, Index1D, FloatView, FloatView, FloatView, FloatView, FloatView, FloatView, float, int> momentsBackward;

    public TotalCorrelation(Accelerator accelerator)
    {
        groupSize = GroupShapes.ForRow(accelerator);
        forward = accelerator.LoadKernel<FloatView, FloatView, FloatView, FloatView, FloatView, int, float>(ForwardKernel);
        backward = accelerator.LoadAutoGroupedKernel<
            Index1D, FloatView, FloatView, FloatView, FloatView, FloatView, FloatView, float, int>(BackwardKernel);
        momentsBackward = accelerator.LoadAutoGroupedKernel<
            Index1D, FloatView, FloatView, FloatView, FloatView, FloatView, FloatView, float, int>(MomentsBackwardKernel);
    }

    /// <summary>The estimate.</summary>
    /// <param name="stream">Stream to run on.</param>
    /// <param name="encoded">[B × 2L].</param>
    /// <param name="z">[B × L].</param>
    /// <param name="joint">[B × B], written.</param>
    /// <param name="marginal">[B × L], written.</param>
    /// <param name="correlation">[B], written: nats.</param>
    /// <param name="latents">L.</param>
    /// <param name="dataCount">N.</param>
    public void Forward(
        AcceleratorStream stream, FloatView encoded, FloatView z, FloatView joint, FloatView marginal, FloatView correlation, int latents,
        int dataCount)
    {
        float offset = (float)((latents - 1) * Math.Log((double)dataCount * correlation.Length));
        forward(stream, (correlation.IntExtent, groupSize), encoded, z, joint, marginal, correlation, latents, offset);
    }

    /// <summary>Adds the gradients to dz and to those of the moments.</summary>
    /// <param name="stream">Stream to run on.</param>
    /// <param name="encoded">[B × 2L].</param>
    /// <param name="z">[B × L].</param>
    /// <param name="joint">[B × B].</param>
    /// <param name="marginal">[B × L].</param>
    /// <param name="weight">One element, times <paramref name="scale"/> the weight of the estimate in the loss.</param>
    /// <param name="gradient">[B × L] for <paramref name="ofMoments"/> false: dz, or else [B × 2L]: the encoder's output's;
    /// changed.</param>
    /// <param name="scale">A factor, for instance (beta - 1) / B.</param>
    /// <param name="latents">L.</param>
    /// <param name="ofMoments">Which gradient.</param>
    public void Backward(
        AcceleratorStream stream, FloatView encoded, FloatView z, FloatView joint, FloatView marginal, FloatView weight,
        FloatView gradient, float scale, int latents, bool ofMoments) =>
        (ofMoments ? momentsBackward : backward)(
            stream, z.IntExtent, encoded, z, joint, marginal, weight, gradient, scale, latents);

    private static float LogDensity(float z, FloatView encoded, int image, int latents, int l)
    {
        float s = Reparameterize.ClampLogVariance(encoded[(2 * image + 1) * latents + l]);
        float difference = z - encoded[2 * image * latents + l];
        return -0.5f * (difference * difference * XMath.Exp(-s) + s + ScalarMath.LogTwoPi);
    }

    private static void ForwardKernel(
        FloatView encoded, FloatView z, FloatView joint, FloatView marginal, FloatView correlation, int latents, float offset)
    {
        FloatView scratch = SharedMemory.Allocate<float>(GroupShapes.MaxRowGroup);
        int row = Grid.IdxX, batch = Grid.DimX;
        float largest = float.NegativeInfinity;
        for (int m = Group.IdxX; m < batch; m += Group.DimX)
        {
            float value = 0f;
            for (int l = 0; l < latents; l++)
                value += LogDensity(z[row * latents + l], encoded, m, latents, l);
            joint[row * batch + m] = value;
            largest = XMath.Max(largest, value);
        }
        largest = GroupShapes.Max(largest, scratch);
        float sum = 0f;
        for (int m = Group.IdxX; m < batch; m += Group.DimX)
            sum += XMath.Exp(joint[row * batch + m] - largest);
        float logSum = largest + XMath.Log(GroupShapes.Sum(sum, scratch));
        for (int m = Group.IdxX; m < batch; m += Group.DimX)
            joint[row * batch + m] -= logSum;

        float marginals = 0f;
        for (int l = Group.IdxX; l < latents; l += Group.DimX)
        {
            float unit = z[row * latents + l];
            float largestOfUnit = float.NegativeInfinity;
            for (int m = 0; m < batch; m++)
                largestOfUnit = XMath.Max(largestOfUnit, LogDensity(unit, encoded, m, latents, l));
            float sumOfUnit = 0f;
            for (int m = 0; m < batch; m++)
                sumOfUnit += XMath.Exp(LogDensity(unit, encoded, m, latents, l) - largestOfUnit);
            float value = largestOfUnit + XMath.Log(sumOfUnit);
            marginal[row * latents + l] = value;
            marginals += value;
        }
        marginals = GroupShapes.Sum(marginals, scratch);
        if (Group.IdxX == 0)
            correlation[row] = logSum - marginals + offset;
    }

    private static void BackwardKernel(
        Index1D i, FloatView encoded, FloatView z, FloatView joint, FloatView marginal, FloatView weight, FloatView dz, float scale,
        int latents)
    {
        int row = i.X / latents, l = i.X - row * latents, batch = z.IntLength / latents;
        float unit = z[i], sum = 0f;
        for (int m = 0; m < batch; m++)
        {
            float share = XMath.Exp(joint[row * batch + m]) - XMath.Exp(LogDensity(unit, encoded, m, latents, l) - marginal[i]);
            float s = Reparameterize.ClampLogVariance(encoded[(2 * m + 1) * latents + l]);
            sum += share * (unit - encoded[2 * m * latents + l]) * XMath.Exp(-s);
        }
        dz[i] -= scale * weight[0] * sum;
    }

    private static void MomentsBackwardKernel(
        Index1D i, FloatView encoded, FloatView z, FloatView joint, FloatView marginal, FloatView weight, FloatView dEncoded, float scale,
        int latents)
    {
        int image = i.X / latents, l = i.X - image * latents, batch = z.IntLength / latents;
        int mean = i.X + image * latents;
        float raw = encoded[mean + latents];
        float precision = XMath.Exp(-Reparameterize.ClampLogVariance(raw));
        float ofMean = 0f, ofLogVariance = 0f;
        for (int row = 0; row < batch; row++)
        {
            float unit = z[row * latents + l];
            float share = XMath.Exp(joint[row * batch + image])
                - XMath.Exp(LogDensity(unit, encoded, image, latents, l) - marginal[row * latents + l]);
            float difference = unit - encoded[mean];
            ofMean += share * difference * precision;
            ofLogVariance += 0.5f * share * (difference * difference * precision - 1f);
        }
        float factor = scale * weight[0];
        dEncoded[mean] += factor * ofMean;
        dEncoded[mean + latents] += factor * Reparameterize.ClampSlope(raw) * ofLogVariance;
    }
}
