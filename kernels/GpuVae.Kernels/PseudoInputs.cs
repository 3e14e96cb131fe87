// The learned pseudo-inputs of a VampPrior (Tomczak & Welling 2018, arXiv:1705.07120): images u = sigmoid(a), so that their pixels stay in
// (0, 1), which run through the encoder as further rows of a batch. a lies transposed, [pixels × U], as every parameter does.
//
//   u = sigmoid(a)             da = du·u·(1 - u)

using ILGPU;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels;

/// <summary>Pseudo-inputs as rows of images, and the way back.</summary>
public sealed class PseudoInputs
{
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, int, int> forward;
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, FloatView, int, int> backward;

    public PseudoInputs(Accelerator accelerator)
    {
        forward = accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, int, int>(ForwardKernel);
        backward = accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, FloatView, int, int>(BackwardKernel);
    }

    /// <summary>images = sigmoid(logits): logits [pixels × U], images [U × pixels].</summary>
    public void Forward(AcceleratorStream stream, FloatView logits, FloatView images, int count) =>
        forward(stream, images.IntExtent, logits, images, count, images.IntLength / count);

    /// <summary>dLogits from dImages: images and dImages [U × pixels], dLogits [pixels × U], written.</summary>
    public void Backward(AcceleratorStream stream, FloatView images, FloatView dImages, FloatView dLogits, int count) =>
        backward(stream, images.IntExtent, images, dImages, dLogits, count, images.IntLength / count);

    private static void ForwardKernel(Index1D i, FloatView logits, FloatView images, int count, int pixels)
    {
        int image = i.X / pixels, pixel = i.X - image * pixels;
        images[i] = ScalarMath.Sigmoid(logits[pixel * count + image]);
    }

    private static void BackwardKernel(Index1D i, FloatView images, FloatView dImages, FloatView dLogits, int count, int pixels)
    {
        int image = i.X / pixels, pixel = i.X - image * pixels;
        dLogits[pixel * count + image] = dImages[i] * images[i] * (1f - images[i]);
    }
}
