namespace ILGPU.Runtime;

/// <summary>A buffer with a 2-dimensional view.</summary>
public sealed class MemoryBuffer2D<T, TStride> : MemoryBuffer<ArrayView2D<T, TStride>>
    where T : unmanaged
    where TStride : struct, IStride2D
{
    internal unsafe MemoryBuffer2D(MemoryBuffer memory, LongIndex2D extent, TStride stride)
        : base(memory, new(new ArrayView<T>(memory, (T*)memory.ViewBase, memory.Length), extent, stride))
    {
    }

    public LongIndex2D Extent => View.Extent;

    public Index2D IntExtent => View.IntExtent;

    public TStride Stride => View.Stride;

    /// <summary>The linear memory of the buffer.</summary>
    public ArrayView<T> AsContiguous() => View.BaseView;

    public static explicit operator ArrayView<T>(MemoryBuffer2D<T, TStride> buffer)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        return buffer.View.BaseView;
    }
}
