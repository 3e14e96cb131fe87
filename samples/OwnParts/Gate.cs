// A layer of your own with weights that are learned: y = x·sigmoid(w), a gate for each column. Two kernels of one line do it forward, and
// back to x; the third adds the gradient of w up over the rows of the batch.
using GpuVae.Layers;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;

namespace OwnParts;

public sealed class Gate(Accelerator accelerator, int columns) : CustomLayer(columns, columns, weights: columns)
{
    private readonly Action<AcceleratorStream, Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, int> scale =
        accelerator.LoadAutoGroupedKernel<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, int>(ScaleKernel);
    private readonly Action<AcceleratorStream, Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, int>
        weightGradient = accelerator.LoadAutoGroupedKernel<
            Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, int>(WeightGradientKernel);

    // Open for the most part at the start.
    public override void Initialize(Span<float> w) => w.Fill(2f);

    public override void Forward(AcceleratorStream stream, ArrayView<float> x, ArrayView<float> w, ArrayView<float> y) =>
        scale(stream, x.IntExtent, x, w, y, Inputs);

    public override void Backward(
        AcceleratorStream stream, ArrayView<float> x, ArrayView<float> w, ArrayView<float> dy, ArrayView<float> dx, ArrayView<float> dw)
    {
        scale(stream, x.IntExtent, dy, w, dx, Inputs);
        if (dw.Length > 0)
            weightGradient(stream, w.IntExtent, x, w, dy, dw, x.IntLength / Inputs);
    }

    private static void ScaleKernel(Index1D i, ArrayView<float> from, ArrayView<float> w, ArrayView<float> to, int columns) =>
        to[i] = from[i] / (1f + XMath.Exp(-w[i % columns]));

    private static void WeightGradientKernel(
        Index1D column, ArrayView<float> x, ArrayView<float> w, ArrayView<float> dy, ArrayView<float> dw, int rows)
    {
        float sum = 0f, s = 1f / (1f + XMath.Exp(-w[column]));
        for (int row = 0; row < rows; row++)
            sum += x[row * w.IntExtent + column] * dy[row * w.IntExtent + column];
        dw[column] = sum * s * (1f - s);
    }
}
