// The weight of an adversarial loss beside a reconstruction loss (Esser et al. 2021, arXiv:2012.09841, equation 7), by the gradients of
// both with respect to the weights of the decoder's last layer:
//
//   λ = w·min(‖∇rec‖/(‖∇adv‖ + δ), most)        gradient = ∇rec + λ·∇adv
//
// With w = 1 both pull equally hard at that layer, whatever the scale of either.

using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Training;

/// <summary>Adds a gradient to another, weighted by the ratio of two norms.</summary>
public sealed class AdaptiveWeight(Accelerator accelerator)
{
    // Esser et al. have 1e-4 with losses that are means; without it λ is infinite where the discriminator says the same of everything.
    private const float Delta = 1e-4f;

    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, FloatView, FloatView, float, float> kernel =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, FloatView, FloatView, float, float>(AddKernel);

    /// <summary>gradient += λ·addend.</summary>
    /// <param name="addend">[n].</param>
    /// <param name="squaredNorms">[2]: ‖∇rec‖² and ‖∇adv‖².</param>
    /// <param name="weight">w.</param>
    /// <param name="most">The most that the ratio may be.</param>
    /// <param name="used">One element, written: λ.</param>
    /// <param name="gradient">[n], added to.</param>
    public void Add(
        AcceleratorStream stream, FloatView addend, FloatView squaredNorms, float weight, float most, FloatView used, FloatView gradient) =>
        kernel(stream, gradient.IntExtent, addend, squaredNorms, used, gradient, weight, most);

    private static void AddKernel(
        Index1D i, FloatView addend, FloatView squaredNorms, FloatView used, FloatView gradient, float weight, float most)
    {
        float ratio = XMath.Sqrt(squaredNorms[0]) / (XMath.Sqrt(squaredNorms[1]) + Delta);
        // As a comparison, so that NaN stays NaN.
        float lambda = weight * (ratio >= most ? most : ratio);
        if (i == 0)
            used[0] = lambda;
        gradient[i] += lambda * addend[i];
    }
}
