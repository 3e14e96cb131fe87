// Each row of a batch joined with the class of its image as a one-hot code:
//
//   y[r] = [x[r] | one-hot of label[r / k]]        x [rows × F], labels [rows / k], y [rows × (F + C)]
//
// Labels are class numbers held as floats, which are exact up to 2^24; one that is no class from 0 to C - 1 gives zeros. The way back is a
// copy of the first F columns (ColumnCopy.cs).

using ILGPU;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Layers;

/// <summary>Joins rows with classes.</summary>
public sealed class OneHotConcat(Accelerator accelerator)
{
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, FloatView, int, int, int, int> kernel =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, FloatView, int, int, int, int>(ConcatKernel);

    /// <summary>Joins each row with the class of its image.</summary>
    /// <param name="x">[rows × columns] with rows <paramref name="pitch"/> apart.</param>
    /// <param name="pitch">Elements from one row of x to the next.</param>
    /// <param name="labels">[rows / samples].</param>
    /// <param name="y">[rows × (columns + classes)], written.</param>
    /// <param name="columns">Of x.</param>
    /// <param name="classes">C.</param>
    /// <param name="samples">Rows of an image.</param>
    public void Run(
        AcceleratorStream stream, FloatView x, int pitch, FloatView labels, FloatView y, int columns, int classes, int samples)
    {
        if (y.Length > 0)
            kernel(stream, y.IntExtent, x, labels, y, pitch, columns, classes, samples);
    }

    private static void ConcatKernel(
        Index1D i, FloatView x, FloatView labels, FloatView y, int pitch, int columns, int classes, int samples)
    {
        int row = i.X / (columns + classes), column = i.X - row * (columns + classes);
        if (column < columns)
            y[i] = x[row * pitch + column];
        else
            y[i] = labels[row / samples] == column - columns ? 1f : 0f;
    }
}
