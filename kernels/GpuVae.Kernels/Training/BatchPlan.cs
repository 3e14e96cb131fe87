// What changes from one training step to the next is kept in device memory, so that all launches of a step have the same arguments for ever
// and can be recorded once and replayed: the number of the step, the batch's place in the shuffled epoch, the learning rate, the weight of
// the KL term (BatchPlan), and the place in the log of losses (StepLog).
//
//   clock = [steps done, steps done when the epoch began, step under way]
//
// The first launch of a step opens it: it reads the steps done and writes the step under way and its rates. The last one closes it: it
// reads the step under way and writes the steps done. So no launch reads what another thread of it writes.

using ILGPU;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Training;

/// <summary>Which images and rates each step of an epoch has; passed to the launch that opens a step.</summary>
/// <param name="clock">[3], see the head of this file.</param>
/// <param name="order">[images]: the epoch's permutation.</param>
/// <param name="rates">[steps of the epoch × 2]: learning rate and KL weight of each.</param>
/// <param name="current">[2], written: learning rate and KL weight of the step under way.</param>
/// <param name="stride">Images of every batch but perhaps the last.</param>
/// <param name="first">The row of the batch that row 0 of this part of it is.</param>
public readonly struct BatchPlan(
    ArrayView<long> clock, ArrayView<int> order, FloatView rates, FloatView current, int stride, int first = 0)
{
    /// <summary>Steps done before the one that is opened.</summary>
    internal long StepsDone => clock[0];

    /// <summary>The row of the batch that row 0 of this part of it is.</summary>
    internal int First => first;

    /// <summary>The image in a row of this part of the batch.</summary>
    internal int Image(int row) => order[(int)(clock[0] - clock[1]) * stride + first + row];

    /// <summary>Opens the step; called by one thread.</summary>
    internal void Open()
    {
        int stepOfEpoch = (int)(clock[0] - clock[1]);
        clock[2] = clock[0];
        current[0] = rates[2 * stepOfEpoch];
        current[1] = rates[2 * stepOfEpoch + 1];
    }
}
