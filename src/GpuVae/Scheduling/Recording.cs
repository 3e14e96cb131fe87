using ILGPU.Runtime;

namespace GpuVae.Scheduling;

/// <summary>
/// A schedule as one launch of the device: a CUDA graph. Only the bundled runtime records; on NuGet ILGPU nothing is ever recorded and
/// schedules are replayed launch by launch.
/// </summary>
internal sealed class Recording : IDisposable
{
#if BUNDLED_RUNTIME
    private readonly AcceleratorGraph graph;

    private Recording(AcceleratorGraph graph) => this.graph = graph;

    /// <summary>
    /// Records what <paramref name="enqueue"/> puts on the stream; null where the device or the stream cannot be recorded.
    /// </summary>
    public static Recording? TryCapture(AcceleratorStream stream, Action enqueue) =>
        stream.Accelerator.SupportsGraphs && stream != stream.Accelerator.DefaultStream && stream.Capture(enqueue) is { } graph
            ? new Recording(graph)
            : null;

    public void Replay(AcceleratorStream stream) => graph.Launch(stream);

    public void Dispose() => graph.Dispose();
#else
    private Recording()
    {
    }

    public static Recording? TryCapture(AcceleratorStream stream, Action enqueue) => null;

    public void Replay(AcceleratorStream stream) => throw new NotSupportedException("nothing is recorded on this runtime");

    public void Dispose()
    {
    }
#endif
}
