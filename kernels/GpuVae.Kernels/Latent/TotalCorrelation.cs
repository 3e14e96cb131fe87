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
// Layout: encoded [B × 2L] = [mu | logvar]; z [B × L]; joint [B × B] = P; marginal [B × L] = ln Σ_m e^(ℓ_iml). A table of the batch is made
// first, so that lanes that own images or units read neighbouring elements and no variance is made twice:
// [mu B × L | e^-s B × L | (s + ln 2π)/2 B × L | mu L × B | e^-s L × B | Σ_l (s + ln 2π)/2, B].

using GpuVae.Kernels.Common;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Latent;

/// <summary>Total correlation of a batch, and the way back.</summary>
public sealed class TotalCorrelation(Accelerator accelerator)
{
    private readonly int groupSize = GroupShapes.ForRow(accelerator);
    private readonly int unitGroup = GroupShapes.ForShortRow(accelerator);
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, int> table =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, int>(TableKernel);
    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, FloatView, FloatView, int, float> forward =
        accelerator.LoadKernel<FloatView, FloatView, FloatView, FloatView, FloatView, int, float>(ForwardKernel);

    private readonly Action<
        AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, FloatView, FloatView, FloatView, float, int> backward =
        accelerator.LoadKernel<FloatView, FloatView, FloatView, FloatView, FloatView, FloatView, float, int>(BackwardKernel);

    private readonly Action<
        AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, FloatView, FloatView, FloatView, FloatView, float,
        int> momentsBackward =
        accelerator.LoadKernel<
            FloatView, FloatView, FloatView, FloatView, FloatView, FloatView, FloatView, float, int>(MomentsBackwardKernel);

    /// <summary>Elements of the table of B images with L units.</summary>
    public static int TableLength(int batch, int latents) => batch * (5 * latents + 1);

    /// <summary>The estimate.</summary>
    /// <param name="encoded">[B × 2L].</param>
    /// <param name="z">[B × L].</param>
    /// <param name="table">[<see cref="TableLength"/>], written.</param>
    /// <param name="joint">[B × B], written.</param>
    /// <param name="marginal">[B × L], written.</param>
    /// <param name="correlation">[B], written: nats.</param>
    /// <param name="latents">L.</param>
    /// <param name="dataCount">N.</param>
    public void Forward(
        AcceleratorStream stream, FloatView encoded, FloatView z, FloatView table, FloatView joint, FloatView marginal,
        FloatView correlation, int latents, int dataCount)
    {
        float offset = (float)((latents - 1) * Math.Log((double)dataCount * correlation.Length));
        this.table(stream, correlation.IntExtent, encoded, table, latents);
        forward(stream, (correlation.IntExtent, groupSize), z, table, joint, marginal, correlation, latents, offset);
    }

    /// <summary>Adds the gradient to dz.</summary>
    /// <param name="z">[B × L].</param>
    /// <param name="table">As made by <see cref="Forward"/>.</param>
    /// <param name="joint">[B × B].</param>
    /// <param name="marginal">[B × L].</param>
    /// <param name="weight">One element, times <paramref name="scale"/> the weight of the estimate in the loss.</param>
    /// <param name="dz">[B × L], changed.</param>
    /// <param name="scale">A factor, for instance (beta - 1) / B.</param>
    public void Backward(
        AcceleratorStream stream, FloatView z, FloatView table, FloatView joint, FloatView marginal, FloatView weight, FloatView dz,
        float scale, int latents) =>
        backward(stream, (z.IntLength / latents, unitGroup), z, table, joint, marginal, weight, dz, scale, latents);

    /// <summary>Adds the gradient to that of the encoder's output.</summary>
    /// <param name="encoded">[B × 2L].</param>
    /// <param name="z">[B × L].</param>
    /// <param name="joint">[B × B].</param>
    /// <param name="marginal">[B × L].</param>
    /// <param name="dEncoded">[B × 2L], changed.</param>
    public void MomentsBackward(
        AcceleratorStream stream, FloatView encoded, FloatView z, FloatView table, FloatView joint, FloatView marginal, FloatView weight,
        FloatView dEncoded, float scale, int latents) =>
        momentsBackward(
            stream, (z.IntLength / latents, unitGroup), encoded, z, table, joint, marginal, weight, dEncoded, scale, latents);

    private static void TableKernel(Index1D image, FloatView encoded, FloatView table, int latents)
    {
        int batch = encoded.IntLength / (2 * latents), size = batch * latents;
        float sum = 0f;
        for (int l = 0; l < latents; l++)
        {
            float mean = encoded[2 * image * latents + l];
            float s = LogVariance.Clamp(encoded[(2 * image + 1) * latents + l]);
            float precision = XMath.Exp(-s), constant = 0.5f * (s + ScalarMath.LogTwoPi);
            sum += constant;
            table[image * latents + l] = mean;
            table[size + image * latents + l] = precision;
            table[2 * size + image * latents + l] = constant;
            table[3 * size + l * batch + image] = mean;
            table[4 * size + l * batch + image] = precision;
        }
        table[5 * size + image] = sum;
    }

    /// <summary>ln N of a unit's value under the posterior of an image.</summary>
    private static float LogDensity(float value, FloatView table, int at, int size)
    {
        float difference = value - table[at];
        return -0.5f * difference * difference * table[size + at] - table[2 * size + at];
    }

    private static void ForwardKernel(
        FloatView z, FloatView table, FloatView joint, FloatView marginal, FloatView correlation, int latents, float offset)
    {
        FloatView scratch = SharedMemory.Allocate<float>(GroupShapes.MaxRowGroup);
        int row = Grid.IdxX, batch = Grid.DimX, size = batch * latents;
        float largest = float.NegativeInfinity;
        for (int m = Group.IdxX; m < batch; m += Group.DimX)
        {
            float value = -table[5 * size + m];
            for (int l = 0; l < latents; l++)
            {
                float difference = z[row * latents + l] - table[3 * size + l * batch + m];
                value -= 0.5f * difference * difference * table[4 * size + l * batch + m];
            }
            joint[row * batch + m] = value;
            largest = XMath.Max(largest, value);
        }
        float logSum = GroupShapes.Softmax(joint, row * batch, batch, largest, scratch);

        float marginals = 0f;
        for (int l = Group.IdxX; l < latents; l += Group.DimX)
        {
            float unit = z[row * latents + l];
            float largestOfUnit = float.NegativeInfinity;
            for (int m = 0; m < batch; m++)
                largestOfUnit = XMath.Max(largestOfUnit, LogDensity(unit, table, m * latents + l, size));
            float sumOfUnit = 0f;
            for (int m = 0; m < batch; m++)
                sumOfUnit += XMath.Exp(LogDensity(unit, table, m * latents + l, size) - largestOfUnit);
            float value = largestOfUnit + XMath.Log(sumOfUnit);
            marginal[row * latents + l] = value;
            marginals += value;
        }
        marginals = GroupShapes.Sum(marginals, scratch);
        if (Group.IdxX == 0)
            correlation[row] = logSum - marginals + offset;
    }

    private static void BackwardKernel(
        FloatView z, FloatView table, FloatView joint, FloatView marginal, FloatView weight, FloatView dz, float scale, int latents)
    {
        int row = Grid.IdxX, batch = Grid.DimX, size = batch * latents;
        float factor = scale * weight[0];
        for (int l = Group.IdxX; l < latents; l += Group.DimX)
        {
            float unit = z[row * latents + l], ofUnit = marginal[row * latents + l], sum = 0f;
            for (int m = 0; m < batch; m++)
            {
                int at = m * latents + l;
                float share = joint[row * batch + m] - XMath.Exp(LogDensity(unit, table, at, size) - ofUnit);
                sum += share * (unit - table[at]) * table[size + at];
            }
            dz[row * latents + l] -= factor * sum;
        }
    }

    private static void MomentsBackwardKernel(
        FloatView encoded, FloatView z, FloatView table, FloatView joint, FloatView marginal, FloatView weight, FloatView dEncoded,
        float scale, int latents)
    {
        int image = Grid.IdxX, batch = Grid.DimX, size = batch * latents;
        float factor = scale * weight[0];
        for (int l = Group.IdxX; l < latents; l += Group.DimX)
        {
            int at = image * latents + l, mean = at + image * latents;
            float ofMean = 0f, ofLogVariance = 0f;
            for (int row = 0; row < batch; row++)
            {
                float unit = z[row * latents + l];
                float share = joint[row * batch + image] - XMath.Exp(LogDensity(unit, table, at, size) - marginal[row * latents + l]);
                float difference = unit - table[at];
                ofMean += share * difference * table[size + at];
                ofLogVariance += 0.5f * share * (difference * difference * table[size + at] - 1f);
            }
            dEncoded[mean] += factor * ofMean;
            dEncoded[mean + latents] += factor * LogVariance.ClampDerivative(encoded[mean + latents]) * ofLogVariance;
        }
    }
}
