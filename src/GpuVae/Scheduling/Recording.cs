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

    private static readonly nint Driver =
        NativeLibrary.TryLoad(OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1", out nint library) ? library : 0;

    private static readonly delegate* unmanaged<nint, int, int> BeginCapture =
        (delegate* unmanaged<nint, int, int>)Find("cuStreamBeginCapture_v2");

    private static readonly delegate* unmanaged<nint, nint*, int> EndCapture =
        (delegate* unmanaged<nint, nint*, int>)Find("cuStreamEndCapture");

    // Since CUDA 11.4.
    private static readonly delegate* unmanaged<nint*, nint, ulong, int> Instantiate =
        (delegate* unmanaged<nint*, nint, ulong, int>)Find("cuGraphInstantiateWithFlags");

    private static readonly delegate* unmanaged<nint, nint, int> Launch = (delegate* unmanaged<nint, nint, int>)Find("cuGraphLaunch");

    private static readonly delegate* unmanaged<nint, int> DestroyGraph = (delegate* unmanaged<nint, int>)Find("cuGraphDestroy");

    private static readonly delegate* unmanaged<nint, int> DestroyExecutable = (delegate* unmanaged<nint, int>)Find("cuGraphExecDestroy");

    private readonly Accelerator accelerator;
    private nint executable;

    private Recording(Accelerator accelerator, nint executable) => (this.accelerator, this.executable) = (accelerator, executable);

    private static bool CanRecord =>
        BeginCapture is not null && EndCapture is not null && Instantiate is not null && Launch is not null && DestroyGraph is not null
        && DestroyExecutable is not null;

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
        if (BeginCapture(queue, CaptureThreadLocal) != 0)
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
            isComplete &= EndCapture(queue, &graph) == 0;
        }
        nint executable = 0;
        if (isComplete && Instantiate(&executable, graph, 0) != 0)
            executable = 0;
        if (graph != 0)
            _ = DestroyGraph(graph);
        return executable == 0 ? null : new Recording(stream.Accelerator, executable);
    }

    /// <summary>Enqueues it.</summary>
    /// <exception cref="CudaException">The driver fails.</exception>
    public void Replay(AcceleratorStream stream)
    {
        ObjectDisposedException.ThrowIf(executable == 0, this);
        accelerator.Bind();
        CudaException.ThrowIfFailed((CudaError)Launch(executable, ((CudaStream)stream).StreamPtr));
    }

    public void Dispose()
    {
        if (executable == 0)
            return;
        accelerator.Bind();
        _ = DestroyExecutable(executable);
        executable = 0;
    }

    private static nint Find(string name) => Driver != 0 && NativeLibrary.TryGetExport(Driver, name, out nint function) ? function : 0;
}
