using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace GpuVae.Simd.Launch;

/// <summary>The two slots of a view: its address and its length.</summary>
internal static unsafe class ViewSlots
{
    /// <exception cref="ObjectDisposedException">The view's buffer was disposed.</exception>
    /// <exception cref="ArgumentException">The buffer belongs to an accelerator whose memory this one must not touch.</exception>
    public static void Write<T>(ref ArrayView<T> view, ulong* slots, Kernel kernel, string name) where T : unmanaged
    {
        MemoryBuffer? buffer = BufferOf(view);
        if (buffer is { IsDisposed: true })
            ThrowDisposed(buffer, name);
        if (buffer is not null && buffer.Accelerator != kernel.Accelerator && !IsReachable(buffer, kernel.Accelerator))
            ThrowForeign(buffer, kernel, name);
        slots[0] = buffer is null ? 0 : (ulong)view.LoadEffectiveAddressAsPtr();
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
        && (accelerator.HasPeerAccess(buffer.Accelerator) || buffer.Accelerator == accelerator.Context.GetImplicitCPUAccelerator());

    private static void ThrowDisposed(MemoryBuffer buffer, string name) => throw new ObjectDisposedException(
        buffer.GetType().Name,
        $"Kernel '{name}' was launched with a view of a buffer of {buffer.LengthInBytes} bytes that has been disposed.");

    private static void ThrowForeign(MemoryBuffer buffer, Kernel kernel, string name) => throw new ArgumentException(
        $"Kernel '{name}' runs on {kernel.Accelerator.Name}, but was launched with a view of a buffer on " +
        $"{buffer.Accelerator.Name}; copy it to a buffer of this accelerator, or call EnablePeerAccess where CanAccessPeer says that " +
        "it is possible.");
}
