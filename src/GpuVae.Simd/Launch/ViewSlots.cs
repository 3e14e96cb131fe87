using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Simd.Launch;

/// <summary>The two slots of a view: its address and its length.</summary>
internal static unsafe class ViewSlots
{
    /// <exception cref="ObjectDisposedException">The view's buffer was disposed.</exception>
    /// <exception cref="ArgumentException">The buffer belongs to an accelerator whose memory this one must not touch.</exception>
    public static void Write<T>(ref ArrayView<T> view, ulong* slots, SimdKernel kernel) where T : unmanaged
    {
        MemoryBuffer? buffer = BufferOf(view);
        if (buffer is null)
        {
            slots[0] = 0;
            slots[1] = (ulong)view.Length;
            return;
        }
        if (buffer.IsDisposed)
            ThrowDisposed(buffer, kernel);
        if (buffer.Accelerator != kernel.Accelerator && !IsReachable(buffer, kernel.Accelerator))
            ThrowForeign(buffer, kernel);
        slots[0] = (ulong)view.LoadEffectiveAddressAsPtr();
        slots[1] = (ulong)view.Length;
    }

    /// <summary>Called behind the launch, so that no buffer is collected while a kernel works on it.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void KeepAlive<T>(ref ArrayView<T> view) where T : unmanaged
    {
    }

    // The property is public through the interface alone; as a constraint the interface costs no box.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static MemoryBuffer? BufferOf<TView>(in TView view) where TView : struct, IArrayView => view.Buffer;

    // Page-locked arrays belong to the CPU accelerator that every context has.
    private static bool IsReachable(MemoryBuffer buffer, Accelerator accelerator) =>
        buffer.AcceleratorType == AcceleratorType.CPU
        && (accelerator.HasPeerAccess(buffer.Accelerator) || buffer.Accelerator == ILGPU.Runtime.CPU.CPUContextExtensions.GetImplicitCPUAccelerator(accelerator.Context));

    private static void ThrowDisposed(MemoryBuffer buffer, SimdKernel kernel) => throw new ObjectDisposedException(
        buffer.GetType().Name,
        $"Kernel '{kernel.Name}' was launched with a view of a buffer of {buffer.LengthInBytes} bytes that has been disposed.");

    private static void ThrowForeign(MemoryBuffer buffer, SimdKernel kernel) => throw new ArgumentException(
        $"Kernel '{kernel.Name}' runs on {kernel.Accelerator.Name}, but was launched with a view of a buffer on {buffer.Accelerator.Name}; " +
        "copy it to a buffer of this accelerator, or call EnablePeerAccess where CanAccessPeer says that it is possible.");
}
