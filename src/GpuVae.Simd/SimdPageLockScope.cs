using ILGPU.Runtime;

namespace GpuVae.Simd;

/// <summary>Pinned host memory, which this accelerator reaches as it is.</summary>
internal sealed class SimdPageLockScope<T> : PageLockScope<T> where T : unmanaged
{
    public SimdPageLockScope(Accelerator accelerator, IntPtr address, long length) : base(accelerator, length) =>
        AddrOfLockedObject = address;

    protected override void DisposeAcceleratorObject(bool disposing)
    {
    }
}
