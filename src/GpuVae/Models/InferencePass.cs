using GpuVae.Devices;
using GpuVae.Scheduling;

namespace GpuVae.Models;

/// <summary>One direction of a model (encode, decode, reconstruct) for one batch size, ready to be run again and again.</summary>
internal sealed class InferencePass : IDisposable
{
    private readonly AcceleratorStream stream;
    private readonly Schedule schedule;
    private readonly PlannedTensor input, output;
    private readonly PlannedTensor? labels;
    private readonly MemoryBuffer1D<float, Stride1D.Dense> memory;
    private readonly ArrayView<float> stagedInput, stagedOutput, stagedLabels;
    private readonly float[] classes;

    /// <summary>
    /// Binds the schedule of <paramref name="builder"/>, whose <paramref name="input"/>, <paramref name="output"/> and, if it has
    /// some, <paramref name="labels"/> [batch, 1] are external tensors.
    /// </summary>
    public InferencePass(ComputeDevice device, ScheduleBuilder builder, PlannedTensor input, PlannedTensor output, PlannedTensor? labels)
    {
        (stream, this.input, this.output, this.labels) = (device.Stream, input, output, labels);
        long arena = builder.Plan(), inputLength = ArenaPlan.Align(input.Length), outputLength = ArenaPlan.Align(output.Length);
        classes = new float[labels?.Length ?? 0];
        memory = device.Accelerator.Allocate1D<float>(arena + inputLength + outputLength + classes.Length);
        schedule = builder.Bind(memory.View.BaseView.SubView(0, arena));
        stagedInput = memory.View.BaseView.SubView(arena, input.Length);
        stagedOutput = memory.View.BaseView.SubView(arena + inputLength, output.Length);
        // ILGPU has no empty view at the end of another one.
        stagedLabels = labels is null ? default : memory.View.BaseView.SubView(arena + inputLength + outputLength, classes.Length);
    }

    /// <summary>Enqueues the pass on views of the device; does not wait.</summary>
    public void Run(ArrayView<float> from, ArrayView<float> to, ArrayView<float> ofLabels)
    {
        (input.View, output.View) = (from, to);
        labels?.View = ofLabels;
        schedule.Run(stream);
    }

    /// <summary>Enqueues the pass into memory of its own; does not wait.</summary>
    /// <returns>The output, until the next run.</returns>
    public ArrayView<float> Run(ArrayView<float> from, ArrayView<float> ofLabels)
    {
        Run(from, stagedOutput, ofLabels);
        return stagedOutput;
    }

    /// <summary>Runs the pass on host memory and waits for the result.</summary>
    public void Run(ReadOnlySpan<float> from, Span<float> to, ReadOnlySpan<int> ofLabels)
    {
        stagedInput.Upload(stream, from);
        if (classes.Length > 0)
        {
            for (int i = 0; i < classes.Length; i++)
                classes[i] = ofLabels[i];
            stagedLabels.Upload<float>(stream, classes);
        }
        Run(stagedInput, stagedOutput, stagedLabels);
        stagedOutput.Download(stream, to);
    }

    public void Dispose() => memory.Dispose();
}
