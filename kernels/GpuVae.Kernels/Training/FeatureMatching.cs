// The distance of two images in the features y = f(v) of a layer of a discriminator (Larsen et al. 2016, arXiv:1512.09300, equation 7: the
// features of an image are normal around those of its reconstruction), ½‖y - t‖² up to a factor, with its gradient at v,
//
//   dv += scale·(y - t)·f'(v)
//
// which joins what comes back from the layers after it.

using GpuVae.Kernels.Common;
using ILGPU;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Training;

/// <summary>The gradient of the distance between features and those that they should be.</summary>
/// <typeparam name="TActivation">f.</typeparam>
public sealed class FeatureMatching<TActivation>(Accelerator accelerator)
    where TActivation : struct, IActivation
{
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, FloatView, FloatView, float> kernel =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, FloatView, FloatView, float>(AddGradientKernel);

    /// <summary>Adds the gradient. All n long.</summary>
    /// <param name="target">t.</param>
    /// <param name="features">y.</param>
    /// <param name="saved">y or f' itself (<see cref="IActivation.DerivativeFromOutput"/>).</param>
    /// <param name="scale">Of the gradient.</param>
    /// <param name="gradient">dv, added to.</param>
    public void AddGradient(
        AcceleratorStream stream, FloatView target, FloatView features, FloatView saved, float scale, FloatView gradient) =>
        kernel(stream, gradient.IntExtent, target, features, saved, gradient, scale);

    private static void AddGradientKernel(
        Index1D i, FloatView target, FloatView features, FloatView saved, FloatView gradient, float scale) =>
        gradient[i] += scale * (features[i] - target[i]) * SavedActivation.Derivative<TActivation>(saved[i]);
}
