using GpuVae.Simd.Memory;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Simd.Checked;

/// <summary>A buffer that remembers which of its bytes have been written.</summary>
internal sealed class CheckedMemoryBuffer : SimdMemoryBuffer
{
    private readonly CheckedMemory memory;
    private readonly ShadowMemory shadow;

    public CheckedMemoryBuffer(Accelerator accelerator, long length, int elementSize, CheckedMemory memory)
        : base(accelerator, length, elementSize)
    {
        this.memory = memory;
        shadow = memory.Add(NativePtr, length * elementSize);
    }

    protected override void MemSet(AcceleratorStream stream, byte value, in ArrayView<byte> targetView)
    {
        base.MemSet(stream, value, targetView);
        memory.MarkWritten(targetView);
    }

    protected override void CopyFrom(AcceleratorStream stream, in ArrayView<byte> sourceView, in ArrayView<byte> targetView)
    {
        base.CopyFrom(stream, sourceView, targetView);
        memory.CopyShadow(sourceView, targetView);
    }

    protected override void CopyTo(AcceleratorStream stream, in ArrayView<byte> sourceView, in ArrayView<byte> targetView)
    {
        base.CopyTo(stream, sourceView, targetView);
        memory.CopyShadow(sourceView, targetView);
    }

    protected override void DisposeAcceleratorObject(bool disposing)
    {
        memory.Remove(shadow.Address);
        base.DisposeAcceleratorObject(disposing);
    }
}
