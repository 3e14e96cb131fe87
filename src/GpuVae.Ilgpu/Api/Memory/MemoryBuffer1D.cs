namespace ILGPU.Runtime;

/// <summary>A buffer with a 1-dimensional view.</summary>
public sealed class MemoryBuffer1D<T, TStride> : MemoryBuffer<ArrayView1D<T, TStride>>
    where T : unmanaged
    where TStride : struct, IStride1D
{
    internal unsafe MemoryBuffer1D(MemoryBuffer memory, LongIndex1D extent, TStride stride)
        : base(memory, new(new ArrayView<T>(memory, (T*)memory.ViewBase, memory.Length), extent, stride))
    {
    }

    public LongIndex1D Extent => View.Extent;

    public Index1D IntExtent => View.IntExtent;

    public TStride Stride => View.Stride;

    /// <summary>The linear memory of the buffer.</summary>
    public ArrayView<T> AsContiguous() => View.BaseView;

    public static explicit operator ArrayView<T>(MemoryBuffer1D<T, TStride> buffer)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        return buffer.View.BaseView;
    }
}
