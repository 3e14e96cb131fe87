using GpuVae.Devices;
using GpuVae.Scheduling;

namespace GpuVae.Layers;

/// <summary>What a layer appends its steps to, and the memory that its parameters lie in.</summary>
/// <param name="Builder">The schedule under construction.</param>
/// <param name="Kernels">The device's kernels.</param>
/// <param name="Values">The flat parameter buffer.</param>
/// <param name="Gradients">Laid out like <paramref name="Values"/>; empty where only the gradient of an input is wanted.</param>
/// <param name="Labels">The images' classes, [images, 1], for a conditional model; null otherwise.</param>
internal sealed record LayerContext(
    ScheduleBuilder Builder, DeviceKernels Kernels, ArrayView<float> Values, ArrayView<float> Gradients = default,
    PlannedTensor? Labels = null)
{
    public bool WantsParameterGradients => Gradients.Length > 0;
}
