using GpuVae.Ilgpu.Backends.OpenCL;

namespace ILGPU.Runtime.OpenCL;

/// <summary>An in-order command queue.</summary>
public sealed unsafe class CLStream : AcceleratorStream
{
    private readonly CLAccelerator accelerator;

    internal CLStream(CLAccelerator accelerator) : base(accelerator)
    {
        this.accelerator = accelerator;
        ulong properties = accelerator.Context.Properties.EnableProfiling ? OpenCLApi.QueueProfilingEnable : 0;
        int code;
        CommandQueue = accelerator.Api.CreateCommandQueue(accelerator.ContextPtr, accelerator.Device.DeviceId, properties, &code);
        if (code != OpenCLApi.Success)
        {
            Dispose();
            accelerator.Check(code, "clCreateCommandQueue");
        }
        accelerator.Opened(this);
    }

    /// <summary>The cl_command_queue.</summary>
    public IntPtr CommandQueue { get; }

    public override void Synchronize()
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        accelerator.Check(accelerator.Api.Finish(CommandQueue), "clFinish");
    }

    private protected override ProfilingMarker AddProfilingMarkerInternal()
    {
        nint marker;
        accelerator.Check(accelerator.Api.EnqueueMarkerWithWaitList(CommandQueue, 0, null, &marker), "clEnqueueMarkerWithWaitList");
        accelerator.Check(accelerator.Api.Flush(CommandQueue), "clFlush");
        return new CLProfilingMarker(accelerator, marker);
    }

    private protected override void DisposeAcceleratorObject()
    {
        accelerator.Closed(this);
        if (CommandQueue == 0)
            return;
        accelerator.Api.Finish(CommandQueue);
        accelerator.Api.ReleaseCommandQueue(CommandQueue);
    }
}
