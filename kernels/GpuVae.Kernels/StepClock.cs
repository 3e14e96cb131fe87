// What changes from one training step to the next, kept in device memory so that all launches of a step have the same arguments for ever
// and can be recorded once and replayed: the number of the step, the batch's place in the shuffled epoch, the learning rate, the weight of
// the KL term, and the place in the log of losses.
//
//   clock = [steps done, steps done when the epoch began]

using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Kernels;

/// <summary>Opens and closes a training step on the device.</summary>
public sealed class StepClock
{
    private readonly int groupSize;
    private readonly Action<
        AcceleratorStream, Index1D, ArrayView<long>, ArrayView<int>, ArrayView<float>, ArrayView<int>, ArrayView<float>, int> begin;

    private readonly Action<AcceleratorStream, KernelConfig, ArrayView<long>, ArrayView<float>, ArrayView<float>, ArrayView<float>> end;

    public StepClock(Accelerator accelerator)
    {
        groupSize = GroupShapes.ForRow(accelerator);
        begin = accelerator.LoadAutoGroupedKernel<
            Index1D, ArrayView<long>, ArrayView<int>, ArrayView<float>, ArrayView<int>, ArrayView<float>, int>(BeginKernel);
        end = accelerator.LoadKernel<ArrayView<long>, ArrayView<float>, ArrayView<float>, ArrayView<float>>(EndKernel);
    }

    /// <summary>Picks the images and the rates of the step that the clock stands at.</summary>
    /// <param name="stream">Stream to run on.</param>
    /// <param name="clock">[2].</param>
    /// <param name="order">[images]: the epoch's permutation.</param>
    /// <param name="rates">[steps of the epoch × 2]: learning rate and KL weight of each.</param>
    /// <param name="indices">[batch], written: the images of this step.</param>
    /// <param name="current">[2], written: learning rate and KL weight of this step.</param>
    /// <param name="stride">Images of a full batch, of which every step before this one was.</param>
    public void Begin(
        AcceleratorStream stream, ArrayView<long> clock, ArrayView<int> order, ArrayView<float> rates, ArrayView<int> indices,
        ArrayView<float> current, int stride) =>
        begin(stream, indices.IntExtent, clock, order, rates, indices, current, stride);

    /// <summary>
    /// Writes Σ reconstruction and Σ kl to entry (step mod entries) of the log and advances the clock. The sums are deterministic: each
    /// thread adds a fixed, strided set, the group adds its threads in a fixed tree.
    /// </summary>
    /// <param name="stream">Stream to run on.</param>
    /// <param name="clock">[2].</param>
    /// <param name="reconstruction">[batch].</param>
    /// <param name="kl">[batch].</param>
    /// <param name="log">[entries × 2], one entry written.</param>
    public void End(
        AcceleratorStream stream, ArrayView<long> clock, ArrayView<float> reconstruction, ArrayView<float> kl, ArrayView<float> log) =>
        end(stream, (1, groupSize), clock, reconstruction, kl, log);

    private static void BeginKernel(
        Index1D i, ArrayView<long> clock, ArrayView<int> order, ArrayView<float> rates, ArrayView<int> indices, ArrayView<float> current,
        int stride)
    {
        int stepOfEpoch = (int)(clock[0] - clock[1]);
        indices[i] = order[stepOfEpoch * stride + i];
        if (i < 2)
            current[i] = rates[2 * stepOfEpoch + i];
        // A batch of one image has one thread for both.
        if (indices.IntLength == 1)
            current[1] = rates[2 * stepOfEpoch + 1];
    }

    private static void EndKernel(ArrayView<long> clock, ArrayView<float> reconstruction, ArrayView<float> kl, ArrayView<float> log)
    {
        ArrayView<float> scratch = SharedMemory.Allocate<float>(GroupShapes.MaxRowGroup);
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
            int entry = (int)(clock[0] % (log.IntLength / 2));
            log[2 * entry] = reconstructionTotal;
            log[2 * entry + 1] = klTotal;
            clock[0] += 1;
        }
    }
}
