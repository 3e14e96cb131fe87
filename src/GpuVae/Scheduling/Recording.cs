using ILGPU.Runtime;

namespace GpuVae.Scheduling;

/// <summary>
/// A schedule as one launch of the device: a CUDA graph. Only the bundled runtime records; on NuGet ILGPU nothing is ever recorded and
/// schedules are replayed launch by launch.
/// </summary>
internal sealed class Recording : IDisposable
{
    private Recording()
    {
    }

    public static Recording? TryCapture(AcceleratorStream stream, Action enqueue) => null;

    public void Replay(AcceleratorStream stream) => throw new NotSupportedException("nothing is recorded on this runtime");

    public void Dispose()
    {
    }
}
