// Rows of a batch: scaled, joined with a class, added up.
//
//   scale         x[r] = factor·w[r]·x[r]                        x [rows × F], w [rows]
//   concatenate   y[r] = [x[r] | one-hot of label[r / k]]        x [rows × F], labels [rows / k], y [rows × (F + C)]
//   copy columns  y[r, 0…F-1] = x[r, 0…F-1]                      rows of x and y of any width
//   add           x += y
//
// Labels are class numbers held as floats, which are exact up to 2^24; one that is no class from 0 to C - 1 gives zeros.

using GpuVae.Kernels.Training;
using ILGPU;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Common;

/// <summary>Operations on rows; see the head of the file.</summary>
public sealed class Rows
{
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, float, int> scale;
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, FloatView, int, int, int, int> concatenate;
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, int, int, int> copyColumns;
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView> add;
    private readonly Action<AcceleratorStream, Index1D, ArrayView<int>, BatchPlan, FloatView> gatherLabels;

    public Rows(Accelerator accelerator)
    {
        scale = accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, float, int>(ScaleKernel);
        concatenate = accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, FloatView, int, int, int, int>(ConcatenateKernel);
        copyColumns = accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, int, int, int>(CopyColumnsKernel);
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
    /// <param name="x">[rows × columns] with rows <paramref name="pitch"/> apart.</param>
    /// <param name="pitch">Elements from one row of x to the next.</param>
    /// <param name="labels">[rows / samples].</param>
    /// <param name="y">[rows × (columns + classes)], written.</param>
    /// <param name="columns">Of x.</param>
    /// <param name="classes">C.</param>
    /// <param name="samples">Rows of an image.</param>
    public void Concatenate(
        AcceleratorStream stream, FloatView x, int pitch, FloatView labels, FloatView y, int columns, int classes, int samples)
    {
        if (y.Length > 0)
            concatenate(stream, y.IntExtent, x, labels, y, pitch, columns, classes, samples);
    }

    /// <summary>Copies the first columns of each row.</summary>
    /// <param name="stream">Stream to run on.</param>
    /// <param name="x">Rows <paramref name="xPitch"/> apart.</param>
    /// <param name="xPitch">Elements from one row of x to the next.</param>
    /// <param name="y">Rows <paramref name="yPitch"/> apart, written in their first columns.</param>
    /// <param name="yPitch">Elements from one row of y to the next.</param>
    /// <param name="columns">How many.</param>
    public void CopyColumns(AcceleratorStream stream, FloatView x, int xPitch, FloatView y, int yPitch, int columns)
    {
        if (y.Length > 0)
            copyColumns(stream, y.IntLength / yPitch * columns, x, y, xPitch, yPitch, columns);
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
        Index1D i, FloatView x, FloatView labels, FloatView y, int pitch, int columns, int classes, int samples)
    {
        int row = i.X / (columns + classes), column = i.X - row * (columns + classes);
        if (column < columns)
            y[i] = x[row * pitch + column];
        else
            y[i] = labels[row / samples] == column - columns ? 1f : 0f;
    }

    private static void CopyColumnsKernel(Index1D i, FloatView x, FloatView y, int xPitch, int yPitch, int columns)
    {
        int row = i.X / columns, column = i.X - row * columns;
        y[row * yPitch + column] = x[row * xPitch + column];
    }

    private static void AddKernel(Index1D i, FloatView x, FloatView y) => x[i] += y[i];

    private static void GatherLabelsKernel(Index1D row, ArrayView<int> labels, BatchPlan plan, FloatView batch) =>
        batch[row] = labels[plan.Image(row)];
}
