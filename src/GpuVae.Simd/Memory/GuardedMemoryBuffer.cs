using ILGPU.Runtime;

namespace GpuVae.Simd.Memory;

/// <summary>
/// A buffer between two zones of NaNs. What reads beyond the buffer computes with NaN, and what writes there is reported when the buffer
/// is disposed.
/// </summary>
internal sealed unsafe class GuardedMemoryBuffer : SimdMemoryBuffer
{
    /// <summary>Bytes of a zone: a page, so that one row too many of most matrices still falls into it.</summary>
    private const int Zone = 4096;

    // All bits set is a NaN of every type of floating point.
    private const byte Pattern = 0xFF;

    public GuardedMemoryBuffer(Accelerator accelerator, long length, int elementSize)
        : base(accelerator, length, elementSize, (IntPtr)((byte*)HostMemory.Allocate(length * elementSize, surplus: 2 * Zone) + Zone))
    {
        Before.Fill(Pattern);
        Behind.Fill(Pattern);
    }

    private Span<byte> Before => new((byte*)NativePtr - Zone, Zone);
    private Span<byte> Behind => new((byte*)NativePtr + LengthInBytes, Zone);

    /// <exception cref="SimdAcceleratorException">Something was written beyond the buffer.</exception>
    protected override void DisposeAcceleratorObject(bool disposing)
    {
        // An exception leaves the finalizer to come here again.
        if (NativePtr == IntPtr.Zero)
            return;
        int before = Before.IndexOfAnyExcept(Pattern), behind = Behind.LastIndexOfAnyExcept(Pattern);
        HostMemory.Free((byte*)NativePtr - Zone);
        NativePtr = IntPtr.Zero;
        // An exception in a finalizer would end the process.
        if (!disposing || (before < 0 && behind < 0))
            return;
        throw new SimdAcceleratorException(
            $"A kernel wrote {(before >= 0 ? $"from {Zone - before} bytes before" : $"up to {behind + 1} bytes behind")} a buffer of " +
            $"{Length} elements of {ElementSize} bytes. Run it with SimdOptions.Checked, which names the kernel and the line.");
    }
}
