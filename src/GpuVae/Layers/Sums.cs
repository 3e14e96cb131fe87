using GpuVae.Kernels.Common;
using GpuVae.Kernels.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Layers;

/// <summary>b = a + b.</summary>
internal static class Sums
{
    /// <summary>Appends the sum of two tensors of one shape, written to the second.</summary>
    public static void Append(LayerContext context, string step, PlannedTensor a, PlannedTensor b)
    {
        Addition<Identity> addition = context.Kernels.Addition;
        context.Builder.Add(step, b.Length, 12.0 * b.Length, [a, b], stream => addition.Forward(stream, a.View, b.View, b.View, b.View));
    }
}
