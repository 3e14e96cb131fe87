// -ln p(k) of a class k under the softmax of logits l, and its gradient:
//
//   term = ln Σ_j e^(l_j) - l_k          dl_j = scale·(softmax_j - [j = k])

using GpuVae.Kernels.Common;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Likelihoods;

/// <summary>The loss of a categorical distribution, and its gradient.</summary>
public sealed class CategoricalLoss(Accelerator accelerator)
{
    private readonly int groupSize = GroupShapes.ForRow(accelerator);

    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, int, float> kernel =
        accelerator.LoadKernel<FloatView, FloatView, FloatView, int, float>(LossKernel);

    /// <summary>The terms of a batch.</summary>
    /// <param name="logits">[rows, K]; overwritten with their gradient.</param>
    /// <param name="classes">[rows]: of 0 … K - 1.</param>
    /// <param name="terms">[rows], written, nats.</param>
    /// <param name="scale">Of the gradient.</param>
    public void Run(AcceleratorStream stream, FloatView logits, FloatView classes, FloatView terms, float scale)
    {
        if (terms.Length > 0)
            kernel(stream, (terms.IntLength, groupSize), logits, classes, terms, logits.IntLength / terms.IntLength, scale);
    }

    private static void LossKernel(FloatView logits, FloatView classes, FloatView terms, int count, float scale)
    {
        FloatView scratch = SharedMemory.Allocate<float>(GroupShapes.MaxRowGroup);
        int row = Grid.IdxX, first = row * count, wanted = (int)classes[row];
        float ofWanted = logits[first + wanted];
        float logSum = GroupShapes.LogSumExp(logits, first, count, scratch);
        for (int k = Group.IdxX; k < count; k += Group.DimX)
            logits[first + k] = scale * (XMath.Exp(logits[first + k] - logSum) - (k == wanted ? 1f : 0f));
        if (Group.IdxX == 0)
            terms[row] = logSum - ofWanted;
    }
}
