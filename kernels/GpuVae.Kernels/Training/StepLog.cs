// The end of a training step on the device: its losses go to the log and the clock of BatchPlan.cs moves on.

using GpuVae.Kernels.Common;
using ILGPU;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Training;

/// <summary>What a step leaves behind; passed to the launch that closes it.</summary>
/// <param name="clock">[3], see BatchPlan.cs.</param>
/// <param name="reconstruction">Terms whose sum is the reconstruction term of the batch.</param>
/// <param name="kl">Terms whose sum is the KL term of the batch.</param>
/// <param name="log">[entries × 2]: both sums are written to entry (step mod entries).</param>
public readonly struct StepLog(ArrayView<long> clock, FloatView reconstruction, FloatView kl, FloatView log)
{
    /// <summary>The step under way, counted from 0.</summary>
    internal long Step => clock[2];

    /// <summary>
    /// Closes the step; called by all threads of one group. The sums are deterministic: each thread adds a fixed, strided set, the group
    /// adds its threads in a fixed tree.
    /// </summary>
    /// <param name="scratch">Shared memory of <see cref="GroupShapes.MaxRowGroup"/> elements.</param>
    internal void Close(FloatView scratch)
    {
        float reconstructionSum = GroupShapes.Sum(SumOfThread(reconstruction), scratch);
        float klSum = GroupShapes.Sum(SumOfThread(kl), scratch);
        if (Group.IdxX == 0)
        {
            int entry = (int)(clock[2] % (log.IntLength / 2));
            log[2 * entry] = reconstructionSum;
            log[2 * entry + 1] = klSum;
            clock[0] = clock[2] + 1;
        }
    }

    private static float SumOfThread(FloatView terms)
    {
        float sum = 0f;
        for (int i = Group.IdxX; i < terms.IntLength; i += Group.DimX)
            sum += terms[i];
        return sum;
    }
}

/// <summary>Closes a step that has no other launch to do it on the way, as an evaluation; see <see cref="Adam"/>.</summary>
public sealed class StepEnd(Accelerator accelerator)
{
    private readonly int groupSize = GroupShapes.ForRow(accelerator);
    private readonly Action<AcceleratorStream, KernelConfig, StepLog> close = accelerator.LoadKernel<StepLog>(CloseKernel);

    /// <summary>Logs the sums of the step under way and moves the clock on.</summary>
    public void Close(AcceleratorStream stream, StepLog log) => close(stream, (1, groupSize), log);

    private static void CloseKernel(StepLog log) => log.Close(SharedMemory.Allocate<float>(GroupShapes.MaxRowGroup));
}
