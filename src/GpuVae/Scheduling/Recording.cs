using System.Runtime.InteropServices;
using ILGPU.Runtime.Cuda;

namespace GpuVae.Scheduling;

/// <summary>
/// A schedule as one launch: a CUDA graph, recorded from an ILGPU stream through the driver (CUDA driver API, "Stream Management" and
/// "Graph Management"). Wherever that does not work there is none, and schedules are replayed launch by launch.
/// </summary>
internal sealed unsafe class Recording : IDisposable
{
    // Launches of other threads are none of the recording's business.
    private const int CaptureThreadLocal = 1;

    private static readonly nint driver =
        NativeLibrary.TryLoad(OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1", out nint library) ? library : 0;

    private static readonly delegate* unmanaged<nint, int, int> beginCapture =
        (delegate* unmanaged<nint, int, int>)Find("cuStreamBeginCapture_v2");

    private static readonly delegate* unmanaged<nint, nint*, int> endCapture =
        (delegate* unmanaged<nint, nint*, int>)Find("cuStreamEndCapture");

    // Since CUDA 11.4.
    private static readonly delegate* unmanaged<nint*, nint, ulong, int> instantiate =
        (delegate* unmanaged<nint*, nint, ulong, int>)Find("cuGraphInstantiateWithFlags");

    private static readonly delegate* unmanaged<nint, nint, int> launch = (delegate* unmanaged<nint, nint, int>)Find("cuGraphLaunch");

    private static readonly delegate* unmanaged<nint, int> destroyGraph = (delegate* unmanaged<nint, int>)Find("cuGraphDestroy");

    private static readonly delegate* unmanaged<nint, int> destroyExecutable = (delegate* unmanaged<nint, int>)Find("cuGraphExecDestroy");

    private readonly Accelerator accelerator;
    private nint executable;

    private Recording(Accelerator accelerator, nint executable) => (this.accelerator, this.executable) = (accelerator, executable);

    private static bool CanRecord =>
        beginCapture is not null && endCapture is not null && instantiate is not null && launch is not null && destroyGraph is not null
        && destroyExecutable is not null;

    /// <summary>
    /// Records what <paramref name="enqueue"/> puts on the stream, without running it; null where the device, its driver, the stream or
    /// something enqueued cannot be recorded.
    /// </summary>
    public static Recording? TryCapture(AcceleratorStream stream, Action enqueue)
    {
        // CUDA records no default stream; ILGPU's is that.
        if (!CanRecord || stream is not CudaStream { StreamPtr: not 0 and nint queue })
            return null;
        stream.Accelerator.Bind();
        if (beginCapture(queue, CaptureThreadLocal) != 0)
            return null;
        bool isComplete = false;
        nint graph = 0;
        try
        {
            enqueue();
            isComplete = true;
        }
        catch (CudaException)
        {
            // Something in it cannot be recorded. It can be run, and has been.
        }
        finally
        {
            // Whatever happened, the stream must leave this mode.
            isComplete &= endCapture(queue, &graph) == 0;
        }
        nint executable = 0;
        if (isComplete && instantiate(&executable, graph, 0) != 0)
            executable = 0;
        if (graph != 0)
            _ = destroyGraph(graph);
        return executable == 0 ? null : new Recording(stream.Accelerator, executable);
    }

    /// <summary>Enqueues it.</summary>
    /// <exception cref="CudaException">The driver fails.</exception>
    public void Replay(AcceleratorStream stream)
    {
        ObjectDisposedException.ThrowIf(executable == 0, this);
        accelerator.Bind();
        CudaException.ThrowIfFailed((CudaError)launch(executable, ((CudaStream)stream).StreamPtr));
    }

    public void Dispose()
    {
        if (executable == 0)
            return;
        accelerator.Bind();
        _ = destroyExecutable(executable);
        executable = 0;
    }

    private static nint Find(string name) => driver != 0 && NativeLibrary.TryGetExport(driver, name, out nint function) ? function : 0;
}
