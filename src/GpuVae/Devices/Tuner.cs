using GpuVae.Kernels.Gemm.Planning;
using GpuVae.Kernels.Layers;

namespace GpuVae.Devices;

/// <summary>A product with what was measured of it.</summary>
/// <param name="Problem">The product.</param>
/// <param name="Result">Its fastest kernel.</param>
public readonly record struct TunedResult(GemmProblem Problem, GemmTuning Result);

/// <summary>Measures the kernels of the products that a device was asked for.</summary>
public static class Tuner
{
    /// <summary>
    /// Measures one product after the other, in the order of their shapes. What the device itself uses does not change: the results take
    /// effect with a table given to <see cref="ComputeDevice.Open"/>.
    /// </summary>
    /// <param name="device">The device; in use only while a product is measured, not between two of them.</param>
    /// <param name="cancellation">Asks to stop before the next product.</param>
    /// <exception cref="OperationCanceledException">Asked to stop.</exception>
    /// <exception cref="InvalidOperationException">Another thread is using the device.</exception>
    public static IEnumerable<TunedResult> Tune(ComputeDevice device, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(device);
        GemmProblem[] problems;
        using (device.Enter("Tuner.Tune"))
            problems = [.. device.Gemm.Problems.OrderBy(p => (p.Use, p.M, p.N, p.K))];
        using var tuner = new GemmTuner(device.Accelerator, device.Stream, device.Options.Precision);
        foreach (GemmProblem problem in problems)
        {
            cancellation.ThrowIfCancellationRequested();
            GemmTuning result;
            using (device.Enter("Tuner.Tune"))
                result = tuner.Tune(problem);
            yield return new TunedResult(problem, result);
        }
    }
}
