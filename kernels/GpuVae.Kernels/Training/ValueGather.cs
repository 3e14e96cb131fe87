// What Gather does for bytes, for images of 16 bits, scaled to [0, 1], and for floats, which stay as they are. Not binarised: shades of so
// many levels, or values of any range, are no probabilities of bits that anyone asked for.

using GpuVae.Kernels.Common;
using ILGPU;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Training;

/// <summary>Collects the images of a batch, of 16 bits or floats. One group works on one image.</summary>
public sealed class ValueGather(Accelerator accelerator)
{
    private readonly int groupSize = GroupShapes.ForRow(accelerator);
    private readonly Action<AcceleratorStream, KernelConfig, ArrayView<ushort>, BatchPlan, FloatView, int> wide =
        accelerator.LoadKernel<ArrayView<ushort>, BatchPlan, FloatView, int>(WideKernel);
    private readonly Action<AcceleratorStream, KernelConfig, FloatView, BatchPlan, FloatView, int> floats =
        accelerator.LoadKernel<FloatView, BatchPlan, FloatView, int>(FloatKernel);

    /// <summary>Opens the step and fills output[b, p] with data[image of row b, p] / 65535.</summary>
    /// <param name="data">[images × pixels].</param>
    /// <param name="plan">Says which images.</param>
    /// <param name="output">[batch × pixels], written.</param>
    /// <param name="pixels">Pixels (times channels) of an image.</param>
    public void Copy(AcceleratorStream stream, ArrayView<ushort> data, BatchPlan plan, FloatView output, int pixels) =>
        wide(stream, (output.IntLength / pixels, groupSize), data, plan, output, pixels);

    /// <summary>Opens the step and fills output[b, p] with data[image of row b, p].</summary>
    /// <param name="data">[images × pixels].</param>
    /// <param name="plan">Says which images.</param>
    /// <param name="output">[batch × pixels], written.</param>
    /// <param name="pixels">Pixels (times channels) of an image.</param>
    public void Copy(AcceleratorStream stream, FloatView data, BatchPlan plan, FloatView output, int pixels) =>
        floats(stream, (output.IntLength / pixels, groupSize), data, plan, output, pixels);

    private static void WideKernel(ArrayView<ushort> data, BatchPlan plan, FloatView output, int pixels)
    {
        long source = (long)plan.Image(Grid.IdxX) * pixels, target = (long)Grid.IdxX * pixels;
        for (int p = Group.IdxX; p < pixels; p += Group.DimX)
            output[target + p] = data[source + p] / 65535f;
        if (Grid.IdxX == 0 && Group.IdxX == 0)
            plan.Open();
    }

    private static void FloatKernel(FloatView data, BatchPlan plan, FloatView output, int pixels)
    {
        long source = (long)plan.Image(Grid.IdxX) * pixels, target = (long)Grid.IdxX * pixels;
        for (int p = Group.IdxX; p < pixels; p += Group.DimX)
            output[target + p] = data[source + p];
        if (Grid.IdxX == 0 && Group.IdxX == 0)
            plan.Open();
    }
}
