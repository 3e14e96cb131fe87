// A normal posterior with independent units as samples see it, q(z|x) = N(mu, diag(e^s)), where no closed form of the KL term is at hand
// (Kingma & Welling 2013, arXiv:1312.6114). For a row r with noise eps and s = clamp(logvar, -30, 20):
//
//   z       = mu + e^(s/2)·eps
//   log q   = -Σ (eps² + s + ln 2π)/2
//
// With b the weight of log q in the loss (RowWeights) and dz the gradient of everything else:
//
//   dmu     = Σ_r dz          dlogvar = Σ_r (dz·e^(s/2)·eps - b)/2      sums over the image's rows; 0 outside the clamp
//
// Gradients along the path alone leave -b out and put in its place what log q owes to the sample: dz = f·(dz - b·eps·e^(-s/2)), f = 1 or
// w~. Layout: encoded [images × columns] = [mu | logvar | …]; z, noise, dz [rows × L]; log q [rows]. Row r belongs to image r / k.

using GpuVae.Kernels.Common;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Latent;

/// <summary>Samples of a diagonal normal posterior with their density, and the way back.</summary>
public sealed class DiagonalPosterior(Accelerator accelerator)
{
    private readonly int groupSize = GroupShapes.ForShortRow(accelerator);
    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, FloatView, int, int, int> forward =
        accelerator.LoadKernel<FloatView, FloatView, FloatView, FloatView, int, int, int>(ForwardKernel);
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, FloatView, RowWeights, int, int, int, int> path =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, FloatView, RowWeights, int, int, int, int>(PathKernel);
    private readonly Action<
        AcceleratorStream, Index1D, FloatView, FloatView, FloatView, RowWeights, FloatView, int, int, int, int> backward =
        accelerator.LoadAutoGroupedKernel<
            Index1D, FloatView, FloatView, FloatView, RowWeights, FloatView, int, int, int, int>(BackwardKernel);

    /// <summary>Samples and their density.</summary>
    /// <param name="encoded">[images × columns], of which 2L count.</param>
    /// <param name="columns">Of the encoder's output.</param>
    /// <param name="noise">[rows × L].</param>
    /// <param name="z">[rows × L], written.</param>
    /// <param name="density">[rows], written: log q(z|x).</param>
    /// <param name="latents">L.</param>
    /// <param name="samples">k.</param>
    public void Forward(
        AcceleratorStream stream, FloatView encoded, int columns, FloatView noise, FloatView z, FloatView density, int latents,
        int samples) =>
        forward(stream, (density.IntExtent, groupSize), encoded, noise, z, density, latents, samples, columns);

    /// <summary>Turns dz into the gradient along the path; <see cref="Backward"/> is then told to leave the parameters' part out.</summary>
    /// <param name="encoded">[images × columns], of which 2L count.</param>
    /// <param name="noise">[rows × L].</param>
    /// <param name="dz">[rows × L], changed.</param>
    /// <param name="weights">Of the rows.</param>
    /// <param name="gradient">Not <see cref="PathGradient.Standard"/>.</param>
    public void AlongPath(
        AcceleratorStream stream, FloatView encoded, int columns, FloatView noise, FloatView dz, RowWeights weights, int latents,
        int samples, PathGradient gradient)
    {
        if (dz.Length > 0)
            path(
                stream, dz.IntExtent, encoded, noise, dz, weights, latents, samples, columns,
                gradient == PathGradient.Dreg ? 1 : 0);
    }

    /// <summary>Gradient with respect to the encoder's output.</summary>
    /// <param name="encoded">[images × columns], of which 2L count.</param>
    /// <param name="noise">[rows × L].</param>
    /// <param name="dz">[rows × L].</param>
    /// <param name="dEncoded">[images × columns], written in its first 2L.</param>
    /// <param name="gradient">Which gradient.</param>
    public void Backward(
        AcceleratorStream stream, FloatView encoded, int columns, FloatView noise, FloatView dz, RowWeights weights, FloatView dEncoded,
        int latents, int samples, PathGradient gradient)
    {
        if (dz.Length > 0)
            backward(
                stream, dz.IntLength / samples, encoded, noise, dz, weights, dEncoded, latents, samples, columns,
                gradient == PathGradient.Standard ? 1 : 0);
    }

    private static void ForwardKernel(
        FloatView encoded, FloatView noise, FloatView z, FloatView density, int latents, int samples, int columns)
    {
        FloatView scratch = SharedMemory.Allocate<float>(GroupShapes.MaxRowGroup);
        int row = Grid.IdxX, moments = row / samples * columns;
        float sum = 0f;
        for (int l = Group.IdxX; l < latents; l += Group.DimX)
        {
            float s = LogVariance.Clamp(encoded[moments + latents + l]);
            float eps = noise[row * latents + l];
            z[row * latents + l] = encoded[moments + l] + XMath.Exp(0.5f * s) * eps;
            sum -= 0.5f * (eps * eps + s + ScalarMath.LogTwoPi);
        }
        GroupShapes.StoreSum(density, row, sum, scratch);
    }

    private static void PathKernel(
        Index1D i, FloatView encoded, FloatView noise, FloatView dz, RowWeights weights, int latents, int samples, int columns,
        int doubly)
    {
        int row = i.X / latents, l = i.X - row * latents;
        float s = LogVariance.Clamp(encoded[row / samples * columns + latents + l]);
        float gradient = dz[i] - weights.OfDensity(row) * noise[i] * XMath.Exp(-0.5f * s);
        dz[i] = doubly != 0 ? weights.Share(row) * gradient : gradient;
    }

    private static void BackwardKernel(
        Index1D i, FloatView encoded, FloatView noise, FloatView dz, RowWeights weights, FloatView dEncoded, int latents, int samples,
        int columns, int withDensity)
    {
        int image = i.X / latents, l = i.X - image * latents;
        int mean = image * columns + l;
        float sum = 0f, throughNoise = 0f, ofDensity = 0f;
        for (int row = image * samples; row < (image + 1) * samples; row++)
        {
            float gradient = dz[row * latents + l];
            sum += gradient;
            throughNoise += gradient * noise[row * latents + l];
            ofDensity += weights.OfDensity(row);
        }
        float raw = encoded[mean + latents];
        float total = throughNoise * XMath.Exp(0.5f * LogVariance.Clamp(raw)) - (withDensity != 0 ? ofDensity : 0f);
        dEncoded[mean] = sum;
        dEncoded[mean + latents] = LogVariance.ClampDerivative(raw) * 0.5f * total;
    }
}
