// A draw from the softmax of logits at a temperature t: the first class c with Σ_(j ≤ c) e^((l_j - max)/t) > u·Σ_j e^((l_j - max)/t),
// u being uniform, Philox(seed, Code, step = the place among all of an image, the image).

using GpuVae.Kernels.Random;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Latent;

/// <summary>Draws the code of one place of every grid.</summary>
public sealed class CategoricalDraw(Accelerator accelerator)
{
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, FloatView, DrawPlace> kernel =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, FloatView, DrawPlace>(DrawKernel);

    /// <summary>Draws; one thread goes through the classes of an image.</summary>
    /// <param name="logits">[images, K], of the place.</param>
    /// <param name="open">[images · places]: 1 where a code is to be drawn, 0 where it stays.</param>
    /// <param name="indices">[images · places], changed at the place.</param>
    /// <param name="place">Which.</param>
    public void Run(AcceleratorStream stream, FloatView logits, FloatView open, FloatView indices, DrawPlace place) =>
        kernel(stream, indices.IntLength / place.Places, logits, open, indices, place);

    private static void DrawKernel(Index1D image, FloatView logits, FloatView open, FloatView indices, DrawPlace place)
    {
        int row = image * place.Places + place.Place, count = logits.IntLength / (indices.IntLength / place.Places), first = image * count;
        if (open[row] == 0f)
            return;
        float largest = float.NegativeInfinity, sum = 0f, below = 0f;
        for (int k = 0; k < count; k++)
            largest = XMath.Max(largest, logits[first + k]);
        for (int k = 0; k < count; k++)
            sum += XMath.Exp((logits[first + k] - largest) * place.Inverse);
        PhiloxBlock words = Philox.Generate(place.Seed, RandomPurpose.Code, place.PlacesBefore + place.Place, place.FirstImage + image, 0);
        float limit = Philox.ToUniform(words.W0) * sum;
        int drawn = 0;
        for (int k = 0; k < count; k++)
        {
            // Rounding may leave the sum a little short of itself.
            below += XMath.Exp((logits[first + k] - largest) * place.Inverse);
            drawn += below <= limit && k < count - 1 ? 1 : 0;
        }
        indices[row] = drawn;
    }
}

/// <summary>Where and how a code is drawn.</summary>
/// <param name="Places">Of a grid.</param>
/// <param name="Place">The one that is drawn.</param>
/// <param name="FirstImage">The number of the first image.</param>
/// <param name="Inverse">1 / temperature.</param>
/// <param name="Seed">Seed.</param>
/// <param name="PlacesBefore">Of the image's grids that are drawn before this one.</param>
public readonly record struct DrawPlace(int Places, int Place, int FirstImage, float Inverse, ulong Seed, int PlacesBefore = 0);
