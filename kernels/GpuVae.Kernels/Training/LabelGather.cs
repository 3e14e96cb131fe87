using ILGPU;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Training;

/// <summary>The labels of a batch, as <see cref="Gather"/> collects its images.</summary>
public sealed class LabelGather(Accelerator accelerator)
{
    private readonly Action<AcceleratorStream, Index1D, ArrayView<int>, BatchPlan, FloatView> kernel =
        accelerator.LoadAutoGroupedKernel<Index1D, ArrayView<int>, BatchPlan, FloatView>(GatherKernel);

    /// <summary>batch[r] = labels[image of row r], for a step that is open: labels [images of the set], batch [rows].</summary>
    public void Run(AcceleratorStream stream, ArrayView<int> labels, BatchPlan plan, FloatView batch) =>
        kernel(stream, batch.IntExtent, labels, plan, batch);

    private static void GatherKernel(Index1D row, ArrayView<int> labels, BatchPlan plan, FloatView batch) =>
        batch[row] = labels[plan.Image(row)];
}
