using System.Runtime.InteropServices;

namespace ILGPU.Runtime;

/// <summary>Memory of the caller that is page-locked until the scope is disposed.</summary>
public sealed unsafe class PageLockScope<T> : AcceleratorObject where T : unmanaged
{
    private readonly HostMemoryBuffer memory;
    private GCHandle pin;

    internal PageLockScope(Accelerator accelerator, IntPtr address, long length, GCHandle pin) : base(accelerator)
    {
        this.pin = pin;
        Length = length;
        AddrOfLockedObject = address;
        accelerator.LockPages(address, length * sizeof(T));
        memory = new(accelerator, length, sizeof(T), address, accelerator.UnlockPages);
    }

    public IntPtr AddrOfLockedObject { get; }

    /// <summary>Number of elements.</summary>
    public long Length { get; }

    public long LengthInBytes => Length * sizeof(T);

    /// <summary>The elements, as source or target of copies.</summary>
    public ArrayView<T> ArrayView => new(memory, (T*)AddrOfLockedObject, Length);

    private protected override void DisposeAcceleratorObject()
    {
        memory.Dispose();
        if (pin.IsAllocated)
            pin.Free();
    }
}
