using ILGPU.Runtime;

namespace GpuVae.Ilgpu.Backends.Cpu.Checked;

/// <summary>A buffer in host memory that remembers which of its bytes have been written.</summary>
internal sealed class CheckedMemoryBuffer : HostMemoryBuffer
{
    private readonly CheckedMemory memory;
    private readonly ShadowMemory shadow;

    public CheckedMemoryBuffer(
        Accelerator accelerator, long length, int elementSize, IntPtr address, Action<IntPtr> free, CheckedMemory memory)
        : base(accelerator, length, elementSize, address, free)
    {
        this.memory = memory;
        shadow = memory.Add(address, length * elementSize, isWritten: false);
    }

    internal override void Upload(AcceleratorStream stream, long offset, nint host, long bytes)
    {
        base.Upload(stream, offset, host, bytes);
        shadow.MarkWritten(offset, bytes);
    }

    internal override void CopyToBuffer(AcceleratorStream stream, long offset, MemoryBuffer target, long targetOffset, long bytes)
    {
        base.CopyToBuffer(stream, offset, target, targetOffset, bytes);
        if (target is CheckedMemoryBuffer other)
            other.shadow.CopyFrom(shadow, offset, targetOffset, bytes);
    }

    internal override void FillBytes(AcceleratorStream stream, byte value, long offset, long bytes)
    {
        base.FillBytes(stream, value, offset, bytes);
        shadow.MarkWritten(offset, bytes);
    }

    private protected override void DisposeAcceleratorObject()
    {
        memory.Remove(shadow.Address);
        base.DisposeAcceleratorObject();
    }
}
