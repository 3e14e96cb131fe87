using GpuVae.Simd;

namespace GpuVae.Devices;

/// <summary>
/// Copies between host memory and a device for what runs again and again. ILGPU makes an object of each piece of host memory that it
/// copies; memory of the SIMD accelerator needs none, except in checked mode, which wants to see what is copied.
/// </summary>
internal static unsafe class HostCopies
{
    /// <summary>Copies to the device; the host memory may be changed afterwards.</summary>
    public static void Upload<T>(this ArrayView<T> view, AcceleratorStream stream, ReadOnlySpan<T> host)
        where T : unmanaged
    {
        if (!IsPlain(stream))
        {
            view.CopyFromCPU(stream, host);
            return;
        }
        stream.Synchronize();
        host.CopyTo(new Span<T>((void*)view.LoadEffectiveAddressAsPtr(), view.IntLength));
    }

    /// <summary>Waits for the stream and copies the view, or as much of it as the host memory holds.</summary>
    public static void Download<T>(this ArrayView<T> view, AcceleratorStream stream, Span<T> host)
        where T : unmanaged
    {
        if (!IsPlain(stream))
        {
            view.CopyToCPU(stream, host);
            return;
        }
        stream.Synchronize();
        new ReadOnlySpan<T>((void*)view.LoadEffectiveAddressAsPtr(), Math.Min(view.IntLength, host.Length)).CopyTo(host);
    }

    private static bool IsPlain(AcceleratorStream stream) => stream.Accelerator is SimdAccelerator { Device.Options.Checked: false };
}
