namespace GpuVae.Scheduling;

/// <summary>One entry of a schedule: a kernel launch with what it costs on paper.</summary>
/// <param name="Name">Layer and operation, such as <c>encoder.0 forward</c>.</param>
/// <param name="Flops">Floating-point operations of one run, a multiply-add counted as two.</param>
/// <param name="Bytes">Bytes that must at least be moved: every operand read once, every result written once.</param>
/// <param name="Launch">Enqueues the work; allocates nothing and does not wait.</param>
public sealed record ScheduleStep(string Name, double Flops, double Bytes, Action<AcceleratorStream> Launch)
{
    /// <summary>Whether it calls a user's code, which may do more than launch kernels.</summary>
    internal bool IsOfUser { get; init; }
}
