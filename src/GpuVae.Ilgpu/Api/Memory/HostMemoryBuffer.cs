using System.Runtime.InteropServices;

namespace ILGPU.Runtime;

/// <summary>A buffer in host memory: every buffer of a CPU accelerator, and page-locked memory of the others.</summary>
internal unsafe class HostMemoryBuffer : MemoryBuffer
{
    private readonly Action<IntPtr>? free;

    /// <param name="accelerator">The owner.</param>
    /// <param name="length">Number of elements.</param>
    /// <param name="elementSize">Bytes per element.</param>
    /// <param name="memory">The memory, large enough.</param>
    /// <param name="free">Frees the memory; null if somebody else does.</param>
    public HostMemoryBuffer(Accelerator accelerator, long length, int elementSize, IntPtr memory, Action<IntPtr>? free)
        : base(accelerator, length, elementSize)
    {
        NativePtr = memory;
        this.free = free;
    }

    internal override nint ViewBase => NativePtr;

    internal override void Upload(AcceleratorStream stream, long offset, nint host, long bytes) =>
        Buffer.MemoryCopy((void*)host, (byte*)NativePtr + offset, bytes, bytes);

    internal override void Download(AcceleratorStream stream, long offset, nint host, long bytes) =>
        Buffer.MemoryCopy((byte*)NativePtr + offset, (void*)host, bytes, bytes);

    internal override void CopyToBuffer(AcceleratorStream stream, long offset, MemoryBuffer target, long targetOffset, long bytes) =>
        target.Upload(stream, targetOffset, NativePtr + (nint)offset, bytes);

    internal override void FillBytes(AcceleratorStream stream, byte value, long offset, long bytes) =>
        NativeMemory.Fill((byte*)NativePtr + offset, (nuint)bytes, value);

    private protected override void DisposeAcceleratorObject() => free?.Invoke(NativePtr);
}
