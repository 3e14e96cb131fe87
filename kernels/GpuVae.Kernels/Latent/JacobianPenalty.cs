// The penalty on the decoder's Jacobian of a regularised autoencoder (Ghosh, Sajjadi, Vergari, Black & Schölkopf 2020, arXiv:1903.12436,
// eq. 7: ‖∇D(z)‖²). The squared Frobenius norm is the mean of ‖J·v‖² over v ~ N(0, I) (Hutchinson 1990), and J·v is taken as a central
// difference, so that ordinary passes back are its gradient:
//
//   z± = z ± ε·v            penalty = ‖D(z+) - D(z-)‖² / 4ε²
//   dD(z±) = ±factor·(D(z+) - D(z-)),  factor = weight / (2ε²·images)          dz += dz+ + dz-
//
// v of image b, unit l: word of counter (block of l, row b, *step, purpose). Rows 2b and 2b + 1 belong to image b.

using GpuVae.Kernels.Random;
using ILGPU;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Latent;

/// <summary>What a finite difference along a random direction needs around two passes of the decoder.</summary>
public sealed class JacobianPenalty(Accelerator accelerator)
{
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, ulong, ArrayView<long>, float, int> probe =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, ulong, ArrayView<long>, float, int>(ProbeKernel);
    private readonly Action<AcceleratorStream, Index1D, FloatView, float, int> differentiate =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, float, int>(DifferentiateKernel);

    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, int> fold =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, int>(FoldKernel);

    /// <summary>Codes on both sides of each.</summary>
    /// <param name="z">[images × L].</param>
    /// <param name="pairs">[2·images × L], written: z + ε·v, then z - ε·v, of each image.</param>
    /// <param name="seed">Of v.</param>
    /// <param name="step">One element.</param>
    /// <param name="epsilon">ε.</param>
    /// <param name="latents">L.</param>
    public void Probe(
        AcceleratorStream stream, FloatView z, FloatView pairs, ulong seed, ArrayView<long> step, float epsilon, int latents) =>
        probe(stream, z.IntExtent, z, pairs, seed, step, epsilon, latents);

    /// <summary>What the decoder gives of both sides becomes the gradient with respect to it, in place.</summary>
    /// <param name="outputs">[2·images × columns], changed.</param>
    /// <param name="factor">weight / (2ε²·images).</param>
    /// <param name="columns">Of the decoder's output.</param>
    public void Differentiate(AcceleratorStream stream, FloatView outputs, float factor, int columns) =>
        differentiate(stream, outputs.IntLength / 2, outputs, factor, columns);

    /// <summary>Adds the gradients of both sides to that of the codes.</summary>
    /// <param name="dPairs">[2·images × L].</param>
    /// <param name="dz">[images × L], changed.</param>
    /// <param name="latents">L.</param>
    public void Fold(AcceleratorStream stream, FloatView dPairs, FloatView dz, int latents) =>
        fold(stream, dz.IntExtent, dPairs, dz, latents);

    private static void ProbeKernel(
        Index1D i, FloatView z, FloatView pairs, ulong seed, ArrayView<long> step, float epsilon, int latents)
    {
        int image = i.X / latents, l = i.X - image * latents, above = 2 * image * latents + l;
        float shift = epsilon * Philox.NormalAt(seed, RandomPurpose.Directions, step[0], image, l);
        pairs[above] = z[i] + shift;
        pairs[above + latents] = z[i] - shift;
    }

    private static void DifferentiateKernel(Index1D i, FloatView outputs, float factor, int columns)
    {
        int image = i.X / columns, above = i.X + image * columns;
        float slope = factor * (outputs[above] - outputs[above + columns]);
        outputs[above] = slope;
        outputs[above + columns] = -slope;
    }

    private static void FoldKernel(Index1D i, FloatView dPairs, FloatView dz, int latents)
    {
        int image = i.X / latents, above = i.X + image * latents;
        dz[i] += dPairs[above] + dPairs[above + latents];
    }
}
