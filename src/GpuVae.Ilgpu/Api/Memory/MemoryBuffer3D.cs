namespace ILGPU.Runtime;

/// <summary>A buffer with a 3-dimensional view.</summary>
public sealed class MemoryBuffer3D<T, TStride> : MemoryBuffer<ArrayView3D<T, TStride>>
    where T : unmanaged
    where TStride : struct, IStride3D
{
    internal unsafe MemoryBuffer3D(MemoryBuffer memory, LongIndex3D extent, TStride stride)
        : base(memory, new(new ArrayView<T>(memory, (T*)memory.ViewBase, memory.Length), extent, stride))
    {
    }

    public LongIndex3D Extent => View.Extent;

    public Index3D IntExtent => View.IntExtent;

    public TStride Stride => View.Stride;

    /// <summary>The linear memory of the buffer.</summary>
    public ArrayView<T> AsContiguous() => View.BaseView;

    public static explicit operator ArrayView<T>(MemoryBuffer3D<T, TStride> buffer)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        return buffer.View.BaseView;
    }
}
