// The hinge loss of a discriminator that gives high scores to images and low ones to what a generator makes, and the generator's loss
// (Lim & Ye 2017, arXiv:1705.02894, equations 3 and 4), means over n scores s each:
//
//   discriminator   Σ max(0, 1 - s)/n of images + Σ max(0, 1 + s)/n of the others      generator   -Σ s/n

using ILGPU;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Training;

/// <summary>Terms and gradients of the losses of a discriminator and a generator.</summary>
public sealed class HingeLoss(Accelerator accelerator)
{
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, FloatView, float, float> discriminate =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, FloatView, float, float>(DiscriminateKernel);
    private readonly Action<AcceleratorStream, Index1D, FloatView, float> generate =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, float>(GenerateKernel);

    /// <summary>The discriminator's terms max(0, 1 ∓ s) and their gradient.</summary>
    /// <param name="scores">[n].</param>
    /// <param name="areImages">Whether they are of images, whose scores are to be above 1; else they are to be below −1.</param>
    /// <param name="scale">Of the gradient; for a mean 1/n.</param>
    /// <param name="terms">[n], written; without the scale.</param>
    /// <param name="gradient">[n], written.</param>
    public void Discriminate(
        AcceleratorStream stream, FloatView scores, bool areImages, float scale, FloatView terms, FloatView gradient) =>
        discriminate(stream, scores.IntExtent, scores, terms, gradient, areImages ? 1f : -1f, scale);

    /// <summary>The gradient of the generator's loss −Σ s·scale, whatever the scores.</summary>
    /// <param name="scale">For a mean 1/n.</param>
    /// <param name="gradient">[n], written.</param>
    public void Generate(AcceleratorStream stream, float scale, FloatView gradient) =>
        generate(stream, gradient.IntExtent, gradient, scale);

    // As a comparison, so that NaN stays NaN.
    private static void DiscriminateKernel(Index1D i, FloatView scores, FloatView terms, FloatView gradient, float sign, float scale)
    {
        float term = 1f - sign * scores[i];
        terms[i] = term <= 0f ? 0f : term;
        gradient[i] = term <= 0f ? 0f : -sign * scale;
    }

    private static void GenerateKernel(Index1D i, FloatView gradient, float scale) => gradient[i] = -scale;
}
