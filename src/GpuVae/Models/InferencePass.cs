using GpuVae.Devices;
using GpuVae.Scheduling;
using GpuVae.Tensors;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Models;

/// <summary>One direction of a model (encode, decode, reconstruct) for one batch size, ready to be run again and again.</summary>
internal sealed class InferencePass : IDisposable
{
    private readonly AcceleratorStream stream;
    private readonly Schedule schedule;
    private readonly PlannedTensor input, output;
    private readonly MemoryBuffer1D<float, Stride1D.Dense> memory;
    private readonly ArrayView<float> stagedInput, stagedOutput;

    /// <summary>
    /// Binds the schedule of <paramref name="builder"/>, whose <paramref name="input"/> and <paramref name="output"/> are external tensors.
    /// </summary>
    public InferencePass(ComputeDevice device, ScheduleBuilder builder, PlannedTensor input, PlannedTensor output)
    {
        (stream, this.input, this.output) = (device.Stream, input, output);
        long arena = builder.Plan(), inputLength = ArenaPlan.Align(input.Length);
        memory = device.Accelerator.Allocate1D<float>(arena + inputLength + output.Length);
        schedule = builder.Bind(memory.View.BaseView.SubView(0, arena));
        stagedInput = memory.View.BaseView.SubView(arena, input.Length);
        stagedOutput = memory.View.BaseView.SubView(arena + inputLength, output.Length);
    }

    /// <summary>Enqueues the pass on views of the device; does not wait.</summary>
    public void Run(ArrayView<float> from, ArrayView<float> to)
    {
        (input.View, output.View) = (from, to);
        schedule.Run(stream);
    }

    /// <summary>Enqueues the pass into memory of its own; does not wait.</summary>
    /// <returns>The output, until the next run.</returns>
    public ArrayView<float> Run(ArrayView<float> from)
    {
        Run(from, stagedOutput);
        return stagedOutput;
    }

    /// <summary>Runs the pass on host memory and waits for the result.</summary>
    public void Run(ReadOnlySpan<float> from, Span<float> to)
    {
        stagedInput.CopyFromCPU(stream, from);
        Run(stagedInput, stagedOutput);
        stagedOutput.CopyToCPU(stream, to);
    }

    public void Dispose() => memory.Dispose();
}
