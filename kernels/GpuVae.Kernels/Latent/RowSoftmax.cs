// log s_r = ln Σ_c e^(x_rc) of each row, and x_rc becomes e^(x_rc - log s_r), the share of c in the row.

using GpuVae.Kernels.Common;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Latent;

/// <summary>Scores of rows to shares and the logarithm of their sum.</summary>
public sealed class RowSoftmax(Accelerator accelerator)
{
    private readonly int groupSize = GroupShapes.ForShortRow(accelerator);
    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, int> softmax =
        accelerator.LoadKernel<FloatView, FloatView, int>(SoftmaxKernel);

    /// <summary>Turns scores into shares.</summary>
    /// <param name="scores">[rows × columns], changed.</param>
    /// <param name="logSums">[rows], written.</param>
    public void Run(AcceleratorStream stream, FloatView scores, FloatView logSums) =>
        softmax(stream, (logSums.IntExtent, groupSize), scores, logSums, scores.IntLength / logSums.IntLength);

    private static void SoftmaxKernel(FloatView scores, FloatView logSums, int columns)
    {
        FloatView scratch = SharedMemory.Allocate<float>(GroupShapes.MaxRowGroup);
        int first = Grid.IdxX * columns;
        float largest = float.NegativeInfinity;
        for (int c = Group.IdxX; c < columns; c += Group.DimX)
            largest = XMath.Max(largest, scores[first + c]);
        float logSum = GroupShapes.Softmax(scores, first, columns, largest, scratch);
        if (Group.IdxX == 0)
            logSums[Grid.IdxX] = logSum;
    }
}
