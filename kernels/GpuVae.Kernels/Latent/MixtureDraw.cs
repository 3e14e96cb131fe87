// Draws from a mixture p(z) = Σ_c π_c·p_c(z), π = softmax(weights), begin with a component for each row; a draw from a posterior with the
// moments of that component (DiagonalPosterior.cs, FullCovariancePosterior.cs) follows.
//
//   b_c = Σ_(k ≤ c) e^(w_k - max w)                       bounds, made once for all rows
//   c_r = the first c with b_c > u_r·b_K                  u_r uniform, Philox(seed, PriorComponent, step 2, row r)
//   moments[r] = [mu | logvar | what else the row of component c_r holds]

using GpuVae.Kernels.Random;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Latent;

/// <summary>Draws the components of a mixture and collects their moments.</summary>
public sealed class MixtureDraw
{
    // Steps 0 and 1 of the purpose are the components' initial values.
    private const long Step = 2;

    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView> bounds;
    private readonly Action<AcceleratorStream, Index1D, FloatView, MixtureComponents, FloatView, int, int, ulong> collect;

    /// <summary>Loads the kernels for <paramref name="accelerator"/>.</summary>
    public MixtureDraw(Accelerator accelerator)
    {
        bounds = accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView>(BoundsKernel);
        collect = accelerator.LoadAutoGroupedKernel<Index1D, FloatView, MixtureComponents, FloatView, int, int, ulong>(CollectKernel);
    }

    /// <summary>Adds the components' shares up.</summary>
    /// <param name="stream">Stream to run on.</param>
    /// <param name="weights">[K]: logits.</param>
    /// <param name="bounds">[K], written: b.</param>
    public void Prepare(AcceleratorStream stream, FloatView weights, FloatView bounds) => this.bounds(stream, 1, weights, bounds);

    /// <summary>The moments of a component drawn for each row; row r depends on the seed and r alone.</summary>
    /// <param name="stream">Stream to run on.</param>
    /// <param name="bounds">[K].</param>
    /// <param name="components">Those with more than 2·L columns lie row by row.</param>
    /// <param name="moments">[rows × columns], written.</param>
    /// <param name="columns">2·L at least.</param>
    /// <param name="latents">L.</param>
    /// <param name="seed">Seed.</param>
    public void Collect(
        AcceleratorStream stream, FloatView bounds, MixtureComponents components, FloatView moments, int columns, int latents, ulong seed)
    {
        if (moments.Length > 0)
            collect(stream, moments.IntExtent, bounds, components, moments, columns, latents, seed);
    }

    /// <summary>One thread makes all of it: there are hundreds of components, and draws are rare.</summary>
    private static void BoundsKernel(Index1D _, FloatView weights, FloatView bounds)
    {
        float largest = float.NegativeInfinity, sum = 0f;
        for (int c = 0; c < weights.IntLength; c++)
            largest = XMath.Max(largest, weights[c]);
        for (int c = 0; c < weights.IntLength; c++)
        {
            sum += XMath.Exp(weights[c] - largest);
            bounds[c] = sum;
        }
    }

    private static void CollectKernel(
        Index1D i, FloatView bounds, MixtureComponents components, FloatView moments, int columns, int latents, ulong seed)
    {
        int row = i.X / columns, column = i.X - row * columns, last = bounds.IntLength - 1;
        float drawn = bounds[last] * Philox.ToUniform(Philox.Generate(seed, RandomPurpose.PriorComponent, Step, row, 0).W0);
        int component = 0;
        for (int above = last; component < above;)
        {
            int middle = (component + above) / 2;
            if (bounds[middle] > drawn)
                above = middle;
            else
                component = middle + 1;
        }
        if (column < latents || column >= 2 * latents)
            moments[i] = components.Means[components.At(component, column)];
        else
            moments[i] = components.LogVariances[components.At(component, column - latents)];
    }
}
