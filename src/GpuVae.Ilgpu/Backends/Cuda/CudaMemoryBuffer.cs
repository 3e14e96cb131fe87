namespace ILGPU.Runtime.Cuda;

/// <summary>Device memory; views hold its addresses.</summary>
internal sealed unsafe class CudaMemoryBuffer : MemoryBuffer
{
    private readonly CudaAccelerator accelerator;

    public CudaMemoryBuffer(CudaAccelerator accelerator, long length, int elementSize) : base(accelerator, length, elementSize)
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

    internal override void Upload(AcceleratorStream stream, long offset, nint host, long bytes)
    {
        accelerator.Enter();
        accelerator.Api.Check(
            accelerator.Api.MemcpyHtoDAsync((ulong)(NativePtr + (nint)offset), (void*)host, (nuint)bytes, Handle(stream)),
            "cuMemcpyHtoDAsync");
    }

    internal override void Download(AcceleratorStream stream, long offset, nint host, long bytes)
    {
        accelerator.Enter();
        accelerator.Api.Check(
            accelerator.Api.MemcpyDtoHAsync((void*)host, (ulong)(NativePtr + (nint)offset), (nuint)bytes, Handle(stream)),
            "cuMemcpyDtoHAsync");
    }

    internal override void CopyToBuffer(AcceleratorStream stream, long offset, MemoryBuffer target, long targetOffset, long bytes)
    {
        nint destination = target.NativePtr + (nint)targetOffset;
        if (target is not CudaMemoryBuffer)
        {
            Download(stream, offset, destination, bytes);
            return;
        }
        accelerator.Enter();
        accelerator.Api.Check(
            accelerator.Api.MemcpyDtoDAsync((ulong)destination, (ulong)(NativePtr + (nint)offset), (nuint)bytes, Handle(stream)),
            "cuMemcpyDtoDAsync");
    }

    internal override void FillBytes(AcceleratorStream stream, byte value, long offset, long bytes)
    {
        accelerator.Enter();
        accelerator.Api.Check(
            accelerator.Api.MemsetD8Async((ulong)(NativePtr + (nint)offset), value, (nuint)bytes, Handle(stream)), "cuMemsetD8Async");
    }

    private protected override void DisposeAcceleratorObject() => accelerator.Free(NativePtr);

    private static nint Handle(AcceleratorStream stream) => ((CudaStream)stream).StreamPtr;
}
