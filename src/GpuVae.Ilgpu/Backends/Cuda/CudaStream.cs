using GpuVae.Ilgpu.Backends.Cuda;

namespace ILGPU.Runtime.Cuda;

/// <summary>A CUDA stream. <see cref="Accelerator.DefaultStream"/> is the NULL stream; others do not wait for it.</summary>
public sealed unsafe class CudaStream : AcceleratorStream
{
    private readonly CudaAccelerator accelerator;

    internal CudaStream(CudaAccelerator accelerator, nint stream) : base(accelerator)
    {
        this.accelerator = accelerator;
        StreamPtr = stream;
    }

    /// <summary>The CUstream; 0 is the NULL stream.</summary>
    public IntPtr StreamPtr { get; }

    public override void Synchronize()
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        accelerator.Enter();
        accelerator.Api.Check(accelerator.Api.StreamSynchronize(StreamPtr), "cuStreamSynchronize");
    }

    private protected override AcceleratorGraph CaptureInternal(Action enqueue)
    {
        if (StreamPtr == 0)
        {
            throw new InvalidOperationException(
                "The default stream of a CUDA accelerator cannot be captured; " +
                "capture a stream made with CreateStream and pass it to every launch.");
        }
        var api = accelerator.Api;
        accelerator.Enter();
        api.Check(api.StreamBeginCapture(StreamPtr, CudaApi.CaptureModeThreadLocal), "cuStreamBeginCapture");
        nint graph = 0;
        try
        {
            enqueue();
        }
        catch
        {
            // The stream must leave capture mode before it can be used again.
            if (api.StreamEndCapture(StreamPtr, &graph) == CudaApi.Success && graph != 0)
                _ = api.GraphDestroy(graph);
            throw;
        }
        api.Check(api.StreamEndCapture(StreamPtr, &graph), "cuStreamEndCapture");
        try
        {
            nint executable;
            api.Check(api.GraphInstantiate(&executable, graph, 0), "cuGraphInstantiateWithFlags");
            return new CudaGraph(accelerator, executable);
        }
        finally
        {
            _ = api.GraphDestroy(graph);
        }
    }

    private protected override ProfilingMarker AddProfilingMarkerInternal()
    {
        accelerator.Enter();
        nint marker;
        accelerator.Api.Check(accelerator.Api.EventCreate(&marker, CudaApi.EventDefault), "cuEventCreate");
        int code = accelerator.Api.EventRecord(marker, StreamPtr);
        if (code != CudaApi.Success)
            _ = accelerator.Api.EventDestroy(marker);
        accelerator.Api.Check(code, "cuEventRecord");
        return new CudaProfilingMarker(accelerator, marker);
    }

    private protected override void DisposeAcceleratorObject()
    {
        if (StreamPtr != 0 && accelerator.Api.ContextSetCurrent(accelerator.ContextPtr) == CudaApi.Success)
            _ = accelerator.Api.StreamDestroy(StreamPtr);
    }
}
