// The exponential moving average of the weights (Polyak & Juditsky 1992), after every step t = 1, 2, …:
//
//   a += (1 - d)(w - a),   d = min(decay, t / (t + 9))
//
// The bound lets an average of few steps forget where the weights started. The step is read on the device, so a recorded launch can be
// replayed.

using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Training;

/// <summary>An average of weights over the steps of a training, and the exchange of both.</summary>
public sealed class WeightAverage(Accelerator accelerator)
{
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, ArrayView<long>, float> update =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, ArrayView<long>, float>(UpdateKernel);
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView> exchange =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView>(ExchangeKernel);

    /// <summary>Moves the average towards the weights.</summary>
    /// <param name="weights">[n].</param>
    /// <param name="average">[n], updated.</param>
    /// <param name="step">One element: the step under way, counted from 0.</param>
    /// <param name="decay">How much of the average is kept in a step, in [0, 1).</param>
    public void Update(AcceleratorStream stream, FloatView weights, FloatView average, ArrayView<long> step, float decay) =>
        update(stream, average.IntExtent, weights, average, step, decay);

    /// <summary>Exchanges the contents of two views of the same length.</summary>
    public void Exchange(AcceleratorStream stream, FloatView a, FloatView b) => exchange(stream, a.IntExtent, a, b);

    private static void UpdateKernel(Index1D i, FloatView weights, FloatView average, ArrayView<long> step, float decay)
    {
        float t = step[0] + 1;
        float keep = XMath.Min(decay, t / (t + 9f));
        average[i] += (1f - keep) * (weights[i] - average[i]);
    }

    private static void ExchangeKernel(Index1D i, FloatView a, FloatView b)
    {
        float kept = a[i];
        a[i] = b[i];
        b[i] = kept;
    }
}
