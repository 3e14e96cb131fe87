using GpuVae.Kernels.Latent;
using GpuVae.Latent;
using GpuVae.Layers;
using GpuVae.Models;
using GpuVae.Scheduling;

namespace GpuVae.Applications;

/// <summary>
/// Searches the codes of many images at once, on the device: each row is a chain of Langevin steps on −ln p(what is seen | z) − ln p(z), or
/// at temperature 0 a descent to its minimum, the maximum a posteriori (see Langevin.cs). A step is a replay of one schedule: decoder,
/// loss, decoder backward, density of the prior, step of the codes; nothing is allocated and nothing crosses the bus.
/// </summary>
internal sealed class LatentSearch : IDisposable
{
    private readonly Vae model;
    private readonly int rows;
    private readonly Schedule schedule;
    private readonly MemoryBuffer1D<float, Stride1D.Dense> arena, vectors, state, control, ones;
    private readonly MemoryBuffer1D<float, Stride1D.Dense>? labels;
    private readonly FrozenPrior prior;
    private readonly float[] stateOnHost, labelsOnHost, controlOnHost = new float[3];

    /// <summary>
    /// Appends what is seen of an image: from the decoder's output, which it may overwrite, to −ln p(what is seen | z), [rows], and its
    /// gradient with respect to that output.
    /// </summary>
    public delegate (PlannedTensor Loss, PlannedTensor Gradient) Observation(LayerContext context, PlannedTensor decoded);

    /// <param name="model">The model.</param>
    /// <param name="rows">Chains.</param>
    /// <param name="observation">What is seen.</param>
    /// <param name="seed">Everything random follows from it.</param>
    public LatentSearch(Vae model, int rows, Observation observation, ulong seed)
    {
        (this.model, this.rows) = (model, rows);
        int latent = model.Options.Latent;
        Accelerator accelerator = model.Device.Accelerator;
        try
        {
            vectors = accelerator.Allocate1D<float>(4L * rows * latent);
            state = accelerator.Allocate1D<float>(rows * Chains.StateSize);
            control = accelerator.Allocate1D<float>(controlOnHost.Length);
            stateOnHost = new float[rows * Chains.StateSize];
            labelsOnHost = new float[model.Options.Classes > 0 ? rows : 0];
            labels = labelsOnHost.Length > 0 ? accelerator.Allocate1D<float>(rows) : null;
            // Both parts of a row's energy count once.
            ones = accelerator.Allocate1D<float>([.. Enumerable.Repeat(1f, rows)]);
            var weights = new SampleWeights(
                ScheduleBuilder.Fixed("weights of the rows", ones.View, rows),
                ScheduleBuilder.Fixed("weight", ones.View.BaseView.SubView(0, 1)), Scale: 1);
            prior = model.FreezePrior();

            var builder = new ScheduleBuilder(rows);
            PlannedTensor? ofRows = labels is null ? null : ScheduleBuilder.Fixed("labels", labels.View, rows);
            LayerContext context = model.ContextOf(builder, ofRows);
            // Always at the same place, so that the device can record the schedule.
            var proposal = new PlannedTensor("proposal", rows, latent) { View = Vector(0) };
            LayerPass decoder = model.Parts.Decoder.Forward(context, LayerOutput.Of(proposal));
            (PlannedTensor loss, PlannedTensor dDecoded) = observation(context, decoder.Output.Value);
            PlannedTensor dz = decoder.Backward(context, dDecoded, wantsInput: true)!;
            PriorPass ofPrior = prior.Forward(context, proposal);
            ofPrior.Backward(context, weights, dz, null);
            PlannedTensor density = ofPrior.Density;
            Langevin langevin = context.Kernels.Langevin;
            var chains = new Chains(Vector(1), Vector(2), Vector(3), state.View, latent);
            builder.Add(
                "Langevin step", 40.0 * rows * latent, 32.0 * rows * latent, [loss, density, dz],
                stream => langevin.Step(stream, proposal.View, loss.View, density.View, dz.View, control.View, chains, seed));
            arena = accelerator.Allocate1D<float>(builder.Plan());
            schedule = builder.Bind(arena.View);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Begins new chains.</summary>
    /// <param name="codes">[rows, latent].</param>
    /// <param name="variances">[rows, latent]: how far each unit may be expected to move, squared.</param>
    /// <param name="labels">[rows], for a conditional model.</param>
    /// <param name="firstRow">The number of the first row, where a larger batch is worked through in parts.</param>
    public void Start(ReadOnlySpan<float> codes, ReadOnlySpan<float> variances, ReadOnlySpan<int> labels, int firstRow)
    {
        const float firstStep = 0.5f;
        AcceleratorStream stream = model.Device.Stream;
        Vector(0).CopyFromCPU(stream, codes);
        Vector(1).CopyFromCPU(stream, codes);
        Vector(2).MemSetToZero(stream);
        Vector(3).CopyFromCPU(stream, variances);
        for (int row = 0; row < labelsOnHost.Length; row++)
            labelsOnHost[row] = labels[row];
        this.labels?.View.BaseView.CopyFromCPU(stream, labelsOnHost);
        for (int row = 0; row < rows; row++)
            new ReadOnlySpan<float>([float.PositiveInfinity, firstStep, 0, 0]).CopyTo(stateOnHost.AsSpan(row * Chains.StateSize));
        state.View.BaseView.CopyFromCPU(stream, stateOnHost);
        controlOnHost[2] = firstRow;
    }

    /// <summary>Enqueues steps; does not wait.</summary>
    /// <param name="steps">How many.</param>
    /// <param name="temperature">0 descends; 1 draws from the posterior once the chain has forgotten its start.</param>
    /// <param name="adapts">Whether chains look for the size of their steps, which they must not while draws count.</param>
    /// <param name="cancellation">Asks to stop before the next step.</param>
    public void Run(int steps, double temperature, bool adapts, CancellationToken cancellation = default)
    {
        (controlOnHost[0], controlOnHost[1]) = ((float)temperature, adapts ? 1 : 0);
        control.View.BaseView.CopyFromCPU(model.Device.Stream, controlOnHost);
        for (int i = 0; i < steps; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            schedule.Run(model.Device.Stream);
        }
    }

    /// <summary>Where the chains are, [rows, latent].</summary>
    public void ReadCodes(Span<float> codes) => Vector(1).CopyToCPU(model.Device.Stream, codes);

    /// <summary>−ln p(what is seen, z) of each row, in nats, and the share of steps that its chain took.</summary>
    public (float Energy, float Taken)[] ReadState()
    {
        state.View.BaseView.CopyToCPU(model.Device.Stream, stateOnHost);
        var result = new (float, float)[rows];
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<float> of = stateOnHost.AsSpan(row * Chains.StateSize, Chains.StateSize);
            result[row] = (of[0], of[3] / Math.Max(1, of[2]));
        }
        return result;
    }

    public void Dispose()
    {
        model.Device.Drain();
        schedule?.Dispose();
        foreach (IDisposable? buffer in (IEnumerable<IDisposable?>)[arena, vectors, state, control, ones, labels, prior])
            buffer?.Dispose();
    }

    /// <summary>0: proposals, 1: codes, 2: gradients, 3: variances; [rows, latent] each.</summary>
    private ArrayView<float> Vector(int index)
    {
        long length = (long)rows * model.Options.Latent;
        return vectors.View.BaseView.SubView(index * length, length);
    }
}
