// What changes from one training step to the next, kept in device memory so that all launches of a step have the same arguments for ever
// and can be recorded once and replayed: the number of the step, the batch's place in the shuffled epoch, the learning rate, the weight of
// the KL term, and the place in the log of losses.
//
//   clock = [steps done, steps done when the epoch began]

using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;

namespace GpuVae.Kernels;

/// <summary>Opens and closes a training step on the device.</summary>
public sealed class StepClock
{
    private readonly int groupSize;
    private readonly Action<
        AcceleratorStream, KernelConfig, ArrayView<long>, ArrayView<int>, ArrayView<float>, ArrayView<int>, ArrayView<float>, int> begin;

    private readonly Action<
        AcceleratorStream, KernelConfig, ArrayView<long>, ArrayView<int>, ArrayView<float>, ArrayView<int>, ArrayView<float>,
        ArrayView<float>, ArrayView<float>, ArrayView<float>, int> end;

    public StepClock(Accelerator accelerator)
    {
        groupSize = GroupShapes.ForRow(accelerator);
        begin = accelerator.LoadKernel<
            ArrayView<long>, ArrayView<int>, ArrayView<float>, ArrayView<int>, ArrayView<float>, int>(BeginKernel);
        end = accelerator.LoadKernel<
            ArrayView<long>, ArrayView<int>, ArrayView<float>, ArrayView<int>, ArrayView<float>, ArrayView<float>, ArrayView<float>,
            ArrayView<float>, int>(EndKernel);
    }

    /// <summary>
    /// Picks the images and the rates of the step that the clock stands at: the first of an epoch, or the one to go on with.
    /// </summary>
    /// <param name="stream">Stream to run on.</param>
    /// <param name="clock">[2].</param>
    /// <param name="order">[images]: the epoch's permutation.</param>
    /// <param name="rates">[steps of the epoch × 2]: learning rate and KL weight of each.</param>
    /// <param name="indices">[stride], written: the images of this step, as many as are left.</param>
    /// <param name="current">[2], written: learning rate and KL weight of this step.</param>
    public void Begin(
        AcceleratorStream stream, ArrayView<long> clock, ArrayView<int> order, ArrayView<float> rates, ArrayView<int> indices,
        ArrayView<float> current) =>
        begin(stream, (1, groupSize), clock, order, rates, indices, current, indices.IntLength);

    /// <summary>
    /// Writes Σ reconstruction and Σ kl to entry (step mod entries) of the log, advances the clock and picks the images and rates of the
    /// next step. The sums are deterministic: each thread adds a fixed, strided set, the group adds its threads in a fixed tree.
    /// </summary>
    /// <param name="stream">Stream to run on.</param>
    /// <param name="clock">[2].</param>
    /// <param name="order">As for <see cref="Begin"/>.</param>
    /// <param name="rates">As for <see cref="Begin"/>.</param>
    /// <param name="indices">As for <see cref="Begin"/>, for the next step.</param>
    /// <param name="current">As for <see cref="Begin"/>, for the next step.</param>
    /// <param name="reconstruction">[batch].</param>
    /// <param name="kl">[batch].</param>
    /// <param name="log">[entries × 2], one entry written.</param>
    public void End(
        AcceleratorStream stream, ArrayView<long> clock, ArrayView<int> order, ArrayView<float> rates, ArrayView<int> indices,
        ArrayView<float> current, ArrayView<float> reconstruction, ArrayView<float> kl, ArrayView<float> log) =>
        end(stream, (1, groupSize), clock, order, rates, indices, current, reconstruction, kl, log, indices.IntLength);

    private static void BeginKernel(
        ArrayView<long> clock, ArrayView<int> order, ArrayView<float> rates, ArrayView<int> indices, ArrayView<float> current,
        int stride) =>
        Pick((int)(clock[0] - clock[1]), order, rates, indices, current, stride);

    private static void EndKernel(
        ArrayView<long> clock, ArrayView<int> order, ArrayView<float> rates, ArrayView<int> indices, ArrayView<float> current,
        ArrayView<float> reconstruction, ArrayView<float> kl, ArrayView<float> log, int stride)
    {
        ArrayView<float> scratch = SharedMemory.Allocate<float>(GroupShapes.MaxRowGroup);
        // Read by all before the barriers of the sums, written by one after them.
        long step = clock[0];
        float reconstructionSum = 0f, klSum = 0f;
        for (int i = Group.IdxX; i < reconstruction.IntLength; i += Group.DimX)
        {
            reconstructionSum += reconstruction[i];
            klSum += kl[i];
        }
        float reconstructionTotal = GroupShapes.Sum(reconstructionSum, scratch);
        float klTotal = GroupShapes.Sum(klSum, scratch);
        if (Group.IdxX == 0)
        {
            int entry = (int)(step % (log.IntLength / 2));
            log[2 * entry] = reconstructionTotal;
            log[2 * entry + 1] = klTotal;
            clock[0] = step + 1;
        }
        Pick((int)(step + 1 - clock[1]), order, rates, indices, current, stride);
    }

    private static void Pick(
        int stepOfEpoch, ArrayView<int> order, ArrayView<float> rates, ArrayView<int> indices, ArrayView<float> current, int stride)
    {
        // Nothing is left to pick after the last step of an epoch.
        int first = stepOfEpoch * stride;
        int count = XMath.Min(stride, order.IntLength - first);
        for (int i = Group.IdxX; i < count; i += Group.DimX)
            indices[i] = order[first + i];
        if (Group.IdxX == 0 && count > 0)
        {
            current[0] = rates[2 * stepOfEpoch];
            current[1] = rates[2 * stepOfEpoch + 1];
        }
    }
}
