using GpuVae.Devices;
using GpuVae.Kernels.Random;
using GpuVae.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Latent;

/// <summary>The prior of a model whose weights stand still: its pseudo-inputs, where it has some, are encoded once and for all.</summary>
internal sealed class FrozenPrior : IDisposable
{
    private readonly PriorDensity prior;
    private readonly ComputeDevice device;
    private readonly ArrayView<float> parameters;
    private readonly MemoryBuffer1D<float, Stride1D.Dense>? memory;
    private readonly PlannedTensor encoded;

    /// <summary>Waits for the device where there are pseudo-inputs.</summary>
    /// <param name="prior">p(z).</param>
    /// <param name="encoder">Of the same model.</param>
    /// <param name="device">Where the model is.</param>
    /// <param name="parameters">The flat buffer.</param>
    public FrozenPrior(PriorDensity prior, Network encoder, ComputeDevice device, ArrayView<float> parameters)
    {
        (this.prior, this.device, this.parameters) = (prior, device, parameters);
        // Declared external: what runs once is not worth recording.
        var builder = new ScheduleBuilder(Math.Max(prior.PseudoInputCount, 1));
        encoded = builder.External("encoded pseudo-inputs", prior.PseudoInputCount, encoder.Outputs);
        if (prior.PseudoInputCount == 0)
            return;
        LayerContext context = ContextOf(builder) with { Labels = new PlannedTensor("no labels", 0, 1) };
        (PlannedTensor rows, PlannedTensor? labels) = prior.EncoderInput(context, new PlannedTensor("no images", 0, encoder.Inputs));
        encoder.Infer(context with { Labels = labels }, rows, encoded, null);
        memory = device.Accelerator.Allocate1D<float>(encoded.Length);
        encoded.View = memory.View;
        try
        {
            Run(builder);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>A host copy of the encoder's output for the pseudo-inputs, [pseudo-inputs, its columns].</summary>
    public float[] EncodedPseudoInputs() => memory is null ? [] : memory.View.BaseView.GetAsArray(device.Stream);

    /// <inheritdoc cref="PriorDensity.Forward"/>
    public PriorPass Forward(LayerContext context, PlannedTensor z) => prior.Forward(context, z, encoded);

    /// <summary>Draws codes, [rows, L], on the device; row r depends on the seed and r alone. Waits unless the prior is N(0, I).</summary>
    /// <remarks>Noise is scaled by the temperature.</remarks>
    public void Sample(ArrayView<float> codes, int rows, ulong seed, double temperature = 1)
    {
        device.Kernels.RandomFill.Normal(device.Stream, codes, seed, RandomPurpose.Prior, 0, 0, (float)temperature);
        var builder = new ScheduleBuilder(rows);
        PlannedTensor noise = builder.External("noise", codes.IntLength / rows);
        noise.View = codes;
        PlannedTensor drawn = prior.Sample(ContextOf(builder), noise, encoded, seed);
        if (drawn == noise)
            return;
        builder.Add("copy codes", 0, 8.0 * codes.Length, [drawn], stream => drawn.View.CopyTo(stream, codes));
        Run(builder);
    }

    public void Dispose() => memory?.Dispose();

    private LayerContext ContextOf(ScheduleBuilder builder) => new(builder, device.Kernels, parameters);

    private void Run(ScheduleBuilder builder)
    {
        using MemoryBuffer1D<float, Stride1D.Dense> arena = device.Accelerator.Allocate1D<float>(builder.Plan());
        using Schedule schedule = builder.Bind(arena.View);
        schedule.Run(device.Stream);
        device.Synchronize();
    }
}
