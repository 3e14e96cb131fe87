// The learned pseudo-inputs of a VampPrior (Tomczak & Welling 2018, arXiv:1705.07120): images u = sigmoid(a), so that their pixels stay in
// (0, 1), which run through the encoder as further rows of a batch. a lies transposed, [pixels × U], as every parameter does.
//
//   rows = [images | u],  u = sigmoid(a)             da = du·u·(1 - u)
//
// Where the encoder is told labels, a pseudo-input has one, too: pseudo-input k the class k mod C. The best prior of the kind is the
// average of the posteriors q(z|x, y) over the data (the paper's sec. 2.3), so its components are posteriors of pairs (u, y) in which every
// class has a part. A fixed label is one that the encoder knows, and how much a class counts is up to the components' weights, which are
// learned; a learned soft label would add inputs that no image has.
//
//   label rows = [labels | 0, 1, …, C - 1, 0, 1, …]

using GpuVae.Kernels.Common;
using ILGPU;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Latent;

/// <summary>Pseudo-inputs as rows of images, and the way back.</summary>
public sealed class PseudoInputs(Accelerator accelerator)
{
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, FloatView, int, int> forward =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, FloatView, int, int>(ForwardKernel);
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, FloatView, int, int> backward =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, FloatView, int, int>(BackwardKernel);
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, int> labels =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, int>(LabelsKernel);

    /// <summary>The class of a pseudo-input.</summary>
    public static int LabelOf(int pseudoInput, int classes) => pseudoInput % classes;

    /// <summary>A batch with the pseudo-inputs after it.</summary>
    /// <param name="images">[batch × pixels].</param>
    /// <param name="logits">[pixels × U].</param>
    /// <param name="rows">[(batch + U) × pixels], written.</param>
    /// <param name="pixels">Pixels (times channels) of an image.</param>
    public void Join(AcceleratorStream stream, FloatView images, FloatView logits, FloatView rows, int pixels) =>
        forward(stream, rows.IntExtent, images, logits, rows, logits.IntLength / pixels, pixels);

    /// <summary>The labels of a batch with those of the pseudo-inputs after them.</summary>
    /// <param name="labels">[batch].</param>
    /// <param name="rows">[batch + U], written.</param>
    /// <param name="classes">C.</param>
    public void JoinLabels(AcceleratorStream stream, FloatView labels, FloatView rows, int classes) =>
        this.labels(stream, rows.IntExtent, labels, rows, classes);

    /// <summary>The pseudo-inputs' part of a gradient.</summary>
    /// <param name="rows">[(batch + U) × pixels].</param>
    /// <param name="dRows">[(batch + U) × pixels].</param>
    /// <param name="dLogits">[pixels × U], written.</param>
    public void Backward(AcceleratorStream stream, FloatView rows, FloatView dRows, FloatView dLogits, int pixels)
    {
        int first = rows.IntLength - dLogits.IntLength;
        backward(
            stream, dLogits.IntExtent, rows.SubView(first, dLogits.IntLength), dRows.SubView(first, dLogits.IntLength), dLogits,
            dLogits.IntLength / pixels, pixels);
    }

    private static void ForwardKernel(Index1D i, FloatView images, FloatView logits, FloatView rows, int count, int pixels)
    {
        int pseudo = i.X - images.IntLength;
        if (pseudo < 0)
            rows[i] = images[i];
        else
        {
            int image = pseudo / pixels, pixel = pseudo - image * pixels;
            rows[i] = ScalarMath.Sigmoid(logits[pixel * count + image]);
        }
    }

    private static void BackwardKernel(Index1D i, FloatView images, FloatView dImages, FloatView dLogits, int count, int pixels)
    {
        int image = i.X / pixels, pixel = i.X - image * pixels;
        dLogits[pixel * count + image] = dImages[i] * images[i] * (1f - images[i]);
    }

    private static void LabelsKernel(Index1D i, FloatView labels, FloatView rows, int classes)
    {
        int pseudo = i.X - labels.IntLength;
        if (pseudo < 0)
            rows[i] = labels[i];
        else
            rows[i] = LabelOf(pseudo, classes);
    }
}
