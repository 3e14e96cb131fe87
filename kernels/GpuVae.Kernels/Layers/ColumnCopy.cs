using GpuVae.Kernels.Common;
using ILGPU;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Layers;

/// <summary>
/// Copies columns of each row: y[r, 0…F-1] = x[r, 0…F-1], rows of x and y being of any width. A view that starts at a later column of the
/// first row copies from there, or to there.
/// </summary>
public sealed class ColumnCopy(Accelerator accelerator)
{
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, int, int, int> kernel =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, int, int, int>(CopyKernel);

    /// <summary>Copies them.</summary>
    /// <param name="x">Rows <paramref name="xPitch"/> apart.</param>
    /// <param name="xPitch">Elements from one row of x to the next.</param>
    /// <param name="y">Rows <paramref name="yPitch"/> apart, written in their first columns; the last may end with these.</param>
    /// <param name="yPitch">Elements from one row of y to the next.</param>
    /// <param name="columns">F.</param>
    public void Run(AcceleratorStream stream, FloatView x, int xPitch, FloatView y, int yPitch, int columns)
    {
        if (y.Length > 0)
            kernel(stream, Blocks.Of(y.IntLength, yPitch) * columns, x, y, xPitch, yPitch, columns);
    }

    private static void CopyKernel(Index1D i, FloatView x, FloatView y, int xPitch, int yPitch, int columns)
    {
        int row = i.X / columns, column = i.X - row * columns;
        y[row * yPitch + column] = x[row * xPitch + column];
    }
}
