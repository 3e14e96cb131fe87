using GpuVae.Devices;
using GpuVae.Scheduling;

namespace GpuVae.Layers;

/// <summary>What a layer leaves behind for its successor and for the backward pass.</summary>
/// <param name="Value">y, [batch, outputs].</param>
/// <param name="Saved">What the activation's derivative is had from: y, or itself.</param>
/// <param name="Activation">The activation that made y; null for none.</param>
internal readonly record struct LayerOutput(PlannedTensor Value, PlannedTensor Saved, Activation? Activation)
{
    /// <summary>A network's input: no activation made it.</summary>
    public static LayerOutput Of(PlannedTensor input) => new(input, input, null);
}
