// Rows of a batch: scaled, joined with a class, added up.
//
//   scale         x[r] = factor·w[r]·x[r]                        x [rows × F], w [rows]
//   concatenate   y[r] = [x[r] | one-hot of label[r / k]]        x [rows × F], labels [rows / k], y [rows × (F + C)]
//   its gradient  dx[r] = dy[r] without its last C columns
//   add           x += y
//
// Labels are class numbers held as floats, which are exact up to 2^24; one that is no class from 0 to C - 1 gives zeros.

using ILGPU;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels;

/// <summary>Operations on rows; see the head of the file.</summary>
public sealed class Rows
{
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, float, int> scale;
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, FloatView, int, int, int> concatenate;
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, int, int> split;
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView> add;
    private readonly Action<AcceleratorStream, Index1D, ArrayView<int>, BatchPlan, FloatView> gatherLabels;

    public Rows(Accelerator accelerator)
    {
        scale = accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, float, int>(ScaleKernel);
        concatenate = accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, FloatView, int, int, int>(ConcatenateKernel);
        split = accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, int, int>(SplitKernel);
        add = accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView>(AddKernel);
        gatherLabels = accelerator.LoadAutoGroupedKernel<Index1D, ArrayView<int>, BatchPlan, FloatView>(GatherLabelsKernel);
    }

    /// <summary>Row r of x times factor·weights[r], in place: x [rows × columns].</summary>
    public void Scale(AcceleratorStream stream, FloatView x, FloatView weights, float factor, int columns)
    {
        if (x.Length > 0)
            scale(stream, x.IntExtent, x, weights, factor, columns);
    }

    /// <summary>Joins each row with the class of its image.</summary>
    /// <param name="stream">Stream to run on.</param>
    /// <param name="x">[rows × columns].</param>
    /// <param name="labels">[rows / samples].</param>
    /// <param name="y">[rows × (columns + classes)], written.</param>
    /// <param name="columns">Of x.</param>
    /// <param name="classes">C.</param>
    /// <param name="samples">Rows of an image.</param>
    public void Concatenate(
        AcceleratorStream stream, FloatView x, FloatView labels, FloatView y, int columns, int classes, int samples)
    {
        if (y.Length > 0)
            concatenate(stream, y.IntExtent, x, labels, y, columns, classes, samples);
    }

    /// <summary>
    /// The way back of <see cref="Concatenate"/>: dy [rows × (columns + classes)], dx [rows × <paramref name="columns"/>], written.
    /// </summary>
    public void ConcatenateBackward(AcceleratorStream stream, FloatView dy, FloatView dx, int columns, int classes)
    {
        if (dx.Length > 0)
            split(stream, dx.IntExtent, dy, dx, columns, classes);
    }

    /// <summary>x += y, element by element.</summary>
    public void Add(AcceleratorStream stream, FloatView x, FloatView y)
    {
        if (x.Length > 0)
            add(stream, x.IntExtent, x, y);
    }

    /// <summary>The labels of a batch, for a step that is open: labels [images of the set], batch [rows], written.</summary>
    public void GatherLabels(AcceleratorStream stream, ArrayView<int> labels, BatchPlan plan, FloatView batch) =>
        gatherLabels(stream, batch.IntExtent, labels, plan, batch);

    private static void ScaleKernel(Index1D i, FloatView x, FloatView weights, float factor, int columns) =>
        x[i] *= factor * weights[i.X / columns];

    private static void ConcatenateKernel(
        Index1D i, FloatView x, FloatView labels, FloatView y, int columns, int classes, int samples)
    {
        int row = i.X / (columns + classes), column = i.X - row * (columns + classes);
        if (column < columns)
            y[i] = x[row * columns + column];
        else
            y[i] = labels[row / samples] == column - columns ? 1f : 0f;
    }

    private static void SplitKernel(Index1D i, FloatView dy, FloatView dx, int columns, int classes) =>
        dx[i] = dy[i.X + i.X / columns * classes];

    private static void AddKernel(Index1D i, FloatView x, FloatView y) => x[i] += y[i];

    private static void GatherLabelsKernel(Index1D row, ArrayView<int> labels, BatchPlan plan, FloatView batch) =>
        batch[row] = labels[plan.Image(row)];
}
