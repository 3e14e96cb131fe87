using GpuVae.Layers;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Scheduling;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Latent;

/// <summary>The prior of a model whose weights stand still: its pseudo-inputs, where it has some, are encoded once and for all.</summary>
internal sealed class StillPrior(Vae model) : IDisposable
{
    private readonly MemoryBuffer1D<float, Stride1D.Dense>? encoded = model.Prior.EncodePseudoInputs(model);

    /// <inheritdoc cref="PriorDensity.Forward"/>
    public PriorPass Forward(LayerContext context, PlannedTensor z) => model.Prior.Forward(
        context, z,
        encoded is null
            ? ScheduleBuilder.Fixed("no pseudo-inputs", default)
            : ScheduleBuilder.Fixed("encoded pseudo-inputs", encoded.View, model.Options.PriorComponents));

    public void Dispose() => encoded?.Dispose();
}
