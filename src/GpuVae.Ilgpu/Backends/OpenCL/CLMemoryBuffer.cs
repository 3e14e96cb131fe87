namespace ILGPU.Runtime.OpenCL;

/// <summary>A memory object. A view of it is an offset: OpenCL has no addresses across memory objects.</summary>
internal sealed unsafe class CLMemoryBuffer : MemoryBuffer
{
    private readonly CLAccelerator accelerator;

    public CLMemoryBuffer(CLAccelerator accelerator, long length, int elementSize) : base(accelerator, length, elementSize)
    {
        this.accelerator = accelerator;
        try
        {
            NativePtr = accelerator.Allocate(LengthInBytes);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    internal override nint ViewBase => 0;

    internal override void Upload(AcceleratorStream stream, long offset, nint host, long bytes)
    {
        if (bytes == 0)
            return;
        int code = accelerator.Api.EnqueueWriteBuffer(
            Queue(stream), NativePtr, 0, (nuint)offset, (nuint)bytes, (void*)host, 0, null, null);
        accelerator.Check(code, "clEnqueueWriteBuffer");
    }

    internal override void Download(AcceleratorStream stream, long offset, nint host, long bytes)
    {
        if (bytes == 0)
            return;
        int code = accelerator.Api.EnqueueReadBuffer(
            Queue(stream), NativePtr, 0, (nuint)offset, (nuint)bytes, (void*)host, 0, null, null);
        accelerator.Check(code, "clEnqueueReadBuffer");
    }

    internal override void CopyToBuffer(AcceleratorStream stream, long offset, MemoryBuffer target, long targetOffset, long bytes)
    {
        if (target is not CLMemoryBuffer)
        {
            Download(stream, offset, target.NativePtr + (nint)targetOffset, bytes);
            return;
        }
        if (bytes == 0)
            return;
        int code = accelerator.Api.EnqueueCopyBuffer(
            Queue(stream), NativePtr, target.NativePtr, (nuint)offset, (nuint)targetOffset, (nuint)bytes, 0, null, null);
        accelerator.Check(code, "clEnqueueCopyBuffer");
    }

    internal override void FillBytes(AcceleratorStream stream, byte value, long offset, long bytes)
    {
        int code = accelerator.Api.EnqueueFillBuffer(
            Queue(stream), NativePtr, &value, 1, (nuint)offset, (nuint)bytes, 0, null, null);
        accelerator.Check(code, "clEnqueueFillBuffer");
    }

    private protected override void DisposeAcceleratorObject() => accelerator.Free(NativePtr, LengthInBytes);

    private static nint Queue(AcceleratorStream stream) => ((CLStream)stream).CommandQueue;
}
