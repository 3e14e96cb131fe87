// Importance weights of k samples per image, from the log-densities of each (Burda, Grosse & Salakhutdinov 2016, arXiv:1509.00519, eq. 8
// and 14). For the rows r of image i, beta being the weight of the KL term:
//
//   log w_r  = -rec_r - beta·(log q_r - log p_r)
//   w~_r     = w_r / Σ w                                  the share of a row in the gradient of the bound
//   bound_i  = ln(Σ w / k)
//
// With beta 1 the bound comes apart in two terms that add up to it, rec_i + kl_i = -bound_i:
//
//   rec_i = Σ w~_r·rec_r       kl_i = Σ w~_r·(log q_r - log p_r) + Σ w~_r·ln(k·w~_r)
//
// the last sum being KL(w~ ‖ uniform). With one sample w~ is 1 and they are the terms of the ELBO.
//
// Row r belongs to image r / k.

using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Latent;

/// <summary>
/// What a row's log-densities weigh in the loss: scale·klWeight·w~; passed to the backward passes of posteriors and priors.
/// </summary>
/// <param name="normalized">[rows]: w~.</param>
/// <param name="klWeight">One element.</param>
/// <param name="scale">1 / images.</param>
public readonly struct RowWeights(FloatView normalized, FloatView klWeight, float scale)
{
    /// <summary>w~ of a row.</summary>
    internal float Share(int row) => normalized[row];

    /// <summary>The factor of log q - log p in the loss.</summary>
    internal float OfDensity(int row) => scale * klWeight[0] * normalized[row];
}

/// <summary>How the gradient of an importance-weighted bound reaches the encoder.</summary>
public enum PathGradient
{
    /// <summary>
    /// All of it, as in <see cref="ImportanceWeights"/>' source: through the samples and through the density's parameters.
    /// </summary>
    Standard,

    /// <summary>
    /// Through the samples alone ("sticking the landing", Roeder, Wu and Duvenaud 2017, arXiv:1703.09194): less noise, none at the optimum.
    /// </summary>
    Stl,

    /// <summary>
    /// Through the samples alone, weighted w~² (Tucker, Lawson, Gu and Maddison 2019, arXiv:1810.04152): unbiased, and its signal does not
    /// drown with more samples.
    /// </summary>
    Dreg,
}

/// <summary>Weights of samples, and the two terms of the bound.</summary>
public sealed class ImportanceWeights(Accelerator accelerator)
{
    private readonly Action<
        AcceleratorStream, Index1D, FloatView, FloatView, FloatView, FloatView, FloatView, FloatView, FloatView, int, int> compute =
        accelerator.LoadAutoGroupedKernel<
            Index1D, FloatView, FloatView, FloatView, FloatView, FloatView, FloatView, FloatView, int, int>(WeighKernel);

    /// <summary>Computes the weights; there are as many images as elements of <paramref name="kl"/>.</summary>
    /// <param name="parts">[images·k × parts]: -log p(x|z) in parts, to be added up.</param>
    /// <param name="posterior">[images·k]: log q(z|x).</param>
    /// <param name="prior">[images·k]: log p(z).</param>
    /// <param name="klWeight">One element: beta.</param>
    /// <param name="normalized">[images·k], written: w~.</param>
    /// <param name="reconstruction">[images], written: nats.</param>
    /// <param name="kl">[images], written: nats.</param>
    /// <param name="samples">k.</param>
    public void Compute(
        AcceleratorStream stream, FloatView parts, FloatView posterior, FloatView prior, FloatView klWeight, FloatView normalized,
        FloatView reconstruction, FloatView kl, int samples) =>
        compute(
            stream, kl.IntExtent, parts, posterior, prior, klWeight, normalized, reconstruction, kl, samples,
            parts.IntLength / posterior.IntLength);

    private static void WeighKernel(
        Index1D image, FloatView parts, FloatView posterior, FloatView prior, FloatView klWeight, FloatView normalized,
        FloatView reconstruction, FloatView kl, int samples, int partsPerRow)
    {
        int first = image.X * samples, end = first + samples;
        float beta = klWeight[0];
        float largest = float.NegativeInfinity;
        for (int r = first; r < end; r++)
        {
            float logWeight = -SumOfParts(parts, r, partsPerRow) - beta * (posterior[r] - prior[r]);
            normalized[r] = logWeight;
            largest = XMath.Max(largest, logWeight);
        }
        float sum = 0f;
        for (int r = first; r < end; r++)
            sum += XMath.Exp(normalized[r] - largest);
        float logSum = largest + XMath.Log(sum);
        float logSamples = XMath.Log((float)samples);
        float rec = 0f, ratio = 0f;
        for (int r = first; r < end; r++)
        {
            float logShare = normalized[r] - logSum;
            float share = XMath.Exp(logShare);
            normalized[r] = share;
            rec += share * SumOfParts(parts, r, partsPerRow);
            ratio += share * (posterior[r] - prior[r] + logShare + logSamples);
        }
        reconstruction[image] = rec;
        kl[image] = ratio;
    }

    private static float SumOfParts(FloatView parts, int row, int partsPerRow)
    {
        float sum = 0f;
        for (int i = row * partsPerRow; i < (row + 1) * partsPerRow; i++)
            sum += parts[i];
        return sum;
    }
}
