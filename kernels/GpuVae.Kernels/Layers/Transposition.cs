// Each matrix of a batch turned over: to[b, column, row] = from[b, row, column]. That takes images from planar [channel][pixel] to channels
// innermost [pixel][channel] and back.

using GpuVae.Kernels.Common;
using ILGPU;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Layers;

/// <summary>Turns matrices over. One group works on one of them.</summary>
public sealed class Transposition(Accelerator accelerator)
{
    private readonly int groupSize = GroupShapes.ForRow(accelerator);
    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, int, int> kernel =
        accelerator.LoadKernel<FloatView, FloatView, int, int>(TransposeKernel);

    /// <summary><paramref name="from"/> [count, rows, columns] to <paramref name="to"/> [count, columns, rows], written.</summary>
    public void Run(AcceleratorStream stream, int count, int rows, int columns, FloatView from, FloatView to) =>
        kernel(stream, (count, groupSize), from, to, rows, columns);

    private static void TransposeKernel(FloatView from, FloatView to, int rows, int columns)
    {
        int start = Grid.IdxX * rows * columns;
        for (int row = 0; row < rows; row++)
        {
            for (int column = Group.IdxX; column < columns; column += Group.DimX)
                to[start + column * rows + row] = from[start + row * columns + column];
        }
    }
}
