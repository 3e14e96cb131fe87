using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Benchmarks;

/// <summary>Memory of a device for as long as a measurement takes, and what else is to go with it.</summary>
internal sealed class Scratch(Accelerator accelerator) : IDisposable
{
    private readonly Stack<IDisposable> owned = [];

    /// <summary>That many zeros on the device.</summary>
    public ArrayView<float> Zeros(long length)
    {
        MemoryBuffer1D<float, Stride1D.Dense> buffer = Own(accelerator.Allocate1D<float>(length));
        buffer.MemSetToZero();
        return buffer.View;
    }

    public ArrayView<T> Copy<T>(params T[] values)
        where T : unmanaged => Own(accelerator.Allocate1D(values)).View;

    /// <summary>Has something disposed of before what was there before.</summary>
    public T Own<T>(T item)
        where T : IDisposable
    {
        owned.Push(item);
        return item;
    }

    public void Dispose()
    {
        accelerator.Synchronize();
        while (owned.TryPop(out IDisposable? item))
            item.Dispose();
    }
}
