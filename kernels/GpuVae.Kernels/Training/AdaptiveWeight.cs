// The weight of an adversarial loss beside a reconstruction loss (Esser et al. 2021, arXiv:2012.09841, equation 7), by the gradients of
// both with respect to the weights of the decoder's last layer:
//
//   λ = w·min(1, (t + 1)/rise)·min(‖∇rec‖/(‖∇adv‖ + δ), most)        gradient = ∇rec + λ·∇adv
//
// With w = 1 both pull equally hard at that layer, whatever the scale of either: also where the adversary has learned nothing yet and pulls
// anywhere, which is why its weight rises over its first steps t = 0, 1, …

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

    private readonly Action<
        AcceleratorStream, Index1D, FloatView, FloatView, ArrayView<long>, FloatView, FloatView, float, float, float> kernel =
        accelerator.LoadAutoGroupedKernel<
            Index1D, FloatView, FloatView, ArrayView<long>, FloatView, FloatView, float, float, float>(AddKernel);

    /// <summary>gradient += λ·addend.</summary>
    /// <param name="addend">[n].</param>
    /// <param name="squaredNorms">[2]: ‖∇rec‖² and ‖∇adv‖².</param>
    /// <param name="step">One element: t.</param>
    /// <param name="weight">w.</param>
    /// <param name="rise">Steps over which the weight rises; up to 1 it is there at once.</param>
    /// <param name="most">The most that the ratio may be.</param>
    /// <param name="used">One element, written: λ.</param>
    /// <param name="gradient">[n], added to.</param>
    public void Add(
        AcceleratorStream stream, FloatView addend, FloatView squaredNorms, ArrayView<long> step, float weight, float rise, float most,
        FloatView used, FloatView gradient) =>
        kernel(stream, gradient.IntExtent, addend, squaredNorms, step, used, gradient, weight, rise, most);

    private static void AddKernel(
        Index1D i, FloatView addend, FloatView squaredNorms, ArrayView<long> step, FloatView used, FloatView gradient, float weight,
        float rise, float most)
    {
        float t = step[0] + 1;
        float ratio = XMath.Sqrt(squaredNorms[0]) / (XMath.Sqrt(squaredNorms[1]) + Delta);
        // As a comparison, so that NaN stays NaN.
        float lambda = weight * (t < rise ? t / rise : 1f) * (ratio >= most ? most : ratio);
        if (i == 0)
            used[0] = lambda;
        gradient[i] += lambda * addend[i];
    }
}
