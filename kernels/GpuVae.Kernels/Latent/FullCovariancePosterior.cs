// A normal posterior with any covariance, q(z|x) = N(mu, Λ·Λᵀ), its Cholesky factor Λ given by the encoder (Kingma & Welling 2019, "An
// Introduction to Variational Autoencoders", arXiv:1906.02691, sec. 2.5.1). For a row with noise eps and s = clamp(logvar, -30, 20):
//
//   Λ = D·(I + N)                D_ii = e^(s_i/2), N_ij = c·n_ij with n_ij free for j < i, 0 for j >= i; c = 0.04 / L
//   u = (I + N)·eps              z = mu + D·u                     log q = -Σ (eps² + s + ln 2π)/2
//
// Entries below the diagonal are relative to their row's deviation, so a unit that is sure of itself stays so whatever its neighbours do,
// and c makes them grow slowly under an optimiser whose steps have one size for all parameters. The bound does not change if codes are
// turned about the origin; fast entries turn them all the time, and units that are not needed never come to rest on the prior (MNIST, 4
// epochs: 1 nat worse than a diagonal posterior with c = 1 / L, 1 nat better with 0.04 / L).
//
// With b the weight of log q in the loss (RowWeights), dz the gradient of everything else and sums over the image's rows:
//
//   dmu = Σ_r dz      dlogvar_i = Σ_r (dz_i·e^(s_i/2)·u_i - b)/2      dn_ij = Σ_r dz_i·e^(s_i/2)·eps_j·c
//
// Gradients along the path alone leave -b out; in its place dz = f·(dz - b·D⁻¹·v) with (I + N)ᵀ·v = eps, f = 1 or w~ (see
// DiagonalPosterior.cs). Layout: encoded [images × P] = [mu | logvar | rows of n below the diagonal], P = 2L + L(L-1)/2, n_ij at
// 2L + i(i-1)/2 + j.
// Row r belongs to image r / k.

using GpuVae.Kernels.Common;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Latent;

/// <summary>Samples of a normal posterior with full covariance with their density, and the way back.</summary>
public sealed class FullCovariancePosterior(Accelerator accelerator)
{
    /// <summary>c·L.</summary>
    public const float Coupling = 0.04f;

    private readonly int groupSize = GroupShapes.ForShortRow(accelerator);
    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, FloatView, int, int> forward =
        accelerator.LoadKernel<FloatView, FloatView, FloatView, FloatView, int, int>(ForwardKernel);
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, FloatView, FloatView, RowWeights, int, int, int> path =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, FloatView, FloatView, RowWeights, int, int, int>(PathKernel);
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, FloatView, RowWeights, FloatView, int, int, int> backward =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, FloatView, RowWeights, FloatView, int, int, int>(BackwardKernel);

    /// <summary>P: numbers that describe the posterior of an image with L units.</summary>
    public static int Columns(int latents) => 2 * latents + latents * (latents - 1) / 2;

    /// <summary>Samples and their density.</summary>
    /// <param name="encoded">[images × P].</param>
    /// <param name="noise">[rows × L].</param>
    /// <param name="z">[rows × L], written.</param>
    /// <param name="density">[rows], written: log q(z|x).</param>
    /// <param name="latents">L.</param>
    /// <param name="samples">k.</param>
    public void Forward(
        AcceleratorStream stream, FloatView encoded, FloatView noise, FloatView z, FloatView density, int latents, int samples) =>
        forward(stream, (density.IntExtent, groupSize), encoded, noise, z, density, latents, samples);

    /// <summary>Turns dz into the gradient along the path; <see cref="Backward"/> is then told to leave the parameters' part out.</summary>
    /// <param name="encoded">[images × P].</param>
    /// <param name="noise">[rows × L].</param>
    /// <param name="solved">[rows × L], written: v.</param>
    /// <param name="dz">[rows × L], changed.</param>
    /// <param name="weights">Of the rows.</param>
    /// <param name="gradient">Not <see cref="PathGradient.Standard"/>.</param>
    public void AlongPath(
        AcceleratorStream stream, FloatView encoded, FloatView noise, FloatView solved, FloatView dz, RowWeights weights, int latents,
        int samples, PathGradient gradient)
    {
        if (dz.Length > 0)
            path(
                stream, dz.IntLength / latents, encoded, noise, solved, dz, weights, latents, samples,
                gradient == PathGradient.Dreg ? 1 : 0);
    }

    /// <summary>Gradient with respect to the encoder's output.</summary>
    /// <param name="encoded">[images × P].</param>
    /// <param name="noise">[rows × L].</param>
    /// <param name="dz">[rows × L].</param>
    /// <param name="dEncoded">[images × P], written.</param>
    /// <param name="gradient">Which gradient.</param>
    public void Backward(
        AcceleratorStream stream, FloatView encoded, FloatView noise, FloatView dz, RowWeights weights, FloatView dEncoded, int latents,
        int samples, PathGradient gradient)
    {
        if (dz.Length > 0)
            backward(
                stream, dz.IntLength / latents / samples * Columns(latents), encoded, noise, dz, weights, dEncoded, latents, samples,
                gradient == PathGradient.Standard ? 1 : 0);
    }

    private static void ForwardKernel(
        FloatView encoded, FloatView noise, FloatView z, FloatView density, int latents, int samples)
    {
        FloatView scratch = SharedMemory.Allocate<float>(GroupShapes.MaxRowGroup);
        int row = Grid.IdxX, moments = row / samples * Columns(latents), noiseRow = row * latents;
        float sum = 0f;
        for (int i = Group.IdxX; i < latents; i += Group.DimX)
        {
            float s = LogVariance.Clamp(encoded[moments + latents + i]);
            float eps = noise[noiseRow + i];
            z[noiseRow + i] = encoded[moments + i] + XMath.Exp(0.5f * s) * Correlated(encoded, noise, moments, noiseRow, i, latents);
            sum -= 0.5f * (eps * eps + s + ScalarMath.LogTwoPi);
        }
        GroupShapes.StoreSum(density, row, sum, scratch);
    }

    /// <summary>u_i.</summary>
    private static float Correlated(FloatView encoded, FloatView noise, int moments, int noiseRow, int i, int latents)
    {
        int factorRow = moments + 2 * latents + i * (i - 1) / 2;
        float sum = 0f;
        for (int j = 0; j < i; j++)
            sum += encoded[factorRow + j] * noise[noiseRow + j];
        return noise[noiseRow + i] + Coupling / latents * sum;
    }

    /// <summary>The unit of a column of P, and below the diagonal the one whose noise it is coupled to.</summary>
    internal static (int Unit, int Coupled) UnitsOf(int column, int latents)
    {
        if (column < 2 * latents)
            return (column < latents ? column : column - latents, 0);
        // Row i begins at i(i-1)/2; the root may be off by one after rounding.
        int place = column - 2 * latents, i = (int)(0.5f * (1f + XMath.Sqrt(1f + 8f * place)));
        if (i * (i - 1) / 2 > place)
            i--;
        if (i * (i + 1) / 2 <= place)
            i++;
        return (i, place - i * (i - 1) / 2);
    }

    /// <summary>(I + N)ᵀ·v = eps from the last unit to the first; a thread works on a row.</summary>
    private static void PathKernel(
        Index1D row, FloatView encoded, FloatView noise, FloatView solved, FloatView dz, RowWeights weights, int latents, int samples,
        int doubly)
    {
        int moments = row.X / samples * Columns(latents), factor = moments + 2 * latents, noiseRow = row.X * latents;
        float weight = weights.OfDensity(row), share = doubly != 0 ? weights.Share(row) : 1f;
        for (int i = latents - 1; i >= 0; i--)
        {
            float sum = 0f;
            for (int j = i + 1; j < latents; j++)
                sum += encoded[factor + j * (j - 1) / 2 + i] * solved[noiseRow + j];
            float value = noise[noiseRow + i] - Coupling / latents * sum;
            solved[noiseRow + i] = value;
            float precision = XMath.Exp(-0.5f * LogVariance.Clamp(encoded[moments + latents + i]));
            dz[noiseRow + i] = share * (dz[noiseRow + i] - weight * precision * value);
        }
    }

    private static void BackwardKernel(
        Index1D index, FloatView encoded, FloatView noise, FloatView dz, RowWeights weights, FloatView dEncoded, int latents, int samples,
        int withDensity)
    {
        int columns = Columns(latents);
        int image = index.X / columns, column = index.X - image * columns;
        (int i, int j) = UnitsOf(column, latents);
        float sum = 0f, throughNoise = 0f, ofDensity = 0f;
        for (int row = image * samples; row < (image + 1) * samples; row++)
        {
            float gradient = dz[row * latents + i];
            sum += gradient;
            if (column >= latents)
            {
                float coupled = column < 2 * latents
                    ? Correlated(encoded, noise, image * columns, row * latents, i, latents)
                    : Coupling / latents * noise[row * latents + j];
                throughNoise += gradient * coupled;
            }
            ofDensity += weights.OfDensity(row);
        }
        float raw = encoded[image * columns + latents + i];
        throughNoise *= XMath.Exp(0.5f * LogVariance.Clamp(raw));
        if (column < latents)
            dEncoded[index] = sum;
        else if (column < 2 * latents)
            dEncoded[index] = LogVariance.ClampDerivative(raw) * 0.5f * (throughNoise - (withDensity != 0 ? ofDensity : 0f));
        else
            dEncoded[index] = throughNoise;
    }
}
