using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace GpuVae.Simd.Memory;

/// <summary>A buffer in host memory, aligned to a cache line.</summary>
internal unsafe class SimdMemoryBuffer : CPUMemoryBuffer
{
    /// <exception cref="SimdAcceleratorException">There is not so much memory.</exception>
    public SimdMemoryBuffer(Accelerator accelerator, long length, int elementSize)
        : this(accelerator, length, elementSize, (IntPtr)HostMemory.Allocate(length * elementSize))
    {
    }

    protected SimdMemoryBuffer(Accelerator accelerator, long length, int elementSize, IntPtr memory)
        : base(accelerator, length, elementSize) => NativePtr = memory;

    /// <inheritdoc/>
    protected override void MemSet(AcceleratorStream stream, byte value, in ArrayView<byte> targetView)
    {
        Check(stream, targetView);
        if (!CompileOnly.IsOn)
            base.MemSet(stream, value, targetView);
    }

    /// <inheritdoc/>
    protected override void CopyFrom(AcceleratorStream stream, in ArrayView<byte> sourceView, in ArrayView<byte> targetView)
    {
        Check(stream, sourceView);
        Check(stream, targetView);
        if (!CompileOnly.IsOn)
            base.CopyFrom(stream, sourceView, targetView);
    }

    /// <inheritdoc/>
    protected override void CopyTo(AcceleratorStream stream, in ArrayView<byte> sourceView, in ArrayView<byte> targetView)
    {
        Check(stream, sourceView);
        Check(stream, targetView);
        if (!CompileOnly.IsOn)
            base.CopyTo(stream, sourceView, targetView);
    }

    /// <inheritdoc/>
    protected override void DisposeAcceleratorObject(bool disposing)
    {
        HostMemory.Free((void*)NativePtr);
        NativePtr = IntPtr.Zero;
    }

    // A freed buffer has no address: without a look at it the copy would end the process.
    private static void Check<TView>(AcceleratorStream stream, TView view) where TView : IArrayView
    {
        ArgumentNullException.ThrowIfNull(stream);
        ObjectDisposedException.ThrowIf(stream.IsDisposed, stream);
        if (view.Buffer is { IsDisposed: true } buffer)
        {
            throw new ObjectDisposedException(
                buffer.GetType().Name, $"A copy uses a view of a buffer of {buffer.LengthInBytes} bytes that has been disposed.");
        }
    }
}
