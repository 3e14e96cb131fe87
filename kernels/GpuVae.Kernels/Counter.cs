// A counter in device memory: the training step that random numbers and Adam read, so that a recorded sequence of launches can be
// replayed unchanged while the step moves on.

using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Kernels;

/// <summary>Advances counters that live on the device.</summary>
public sealed class Counter(Accelerator accelerator)
{
    private readonly Action<AcceleratorStream, Index1D, ArrayView<long>, long> advance =
        accelerator.LoadAutoGroupedKernel<Index1D, ArrayView<long>, long>(AdvanceKernel);

    /// <summary>Adds <paramref name="amount"/> to every element of <paramref name="counters"/>.</summary>
    public void Advance(AcceleratorStream stream, ArrayView<long> counters, long amount) =>
        advance(stream, counters.IntExtent, counters, amount);

    private static void AdvanceKernel(Index1D i, ArrayView<long> counters, long amount) => counters[i] += amount;
}
