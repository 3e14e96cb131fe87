using System.Diagnostics;
using ILGPU.Runtime;

namespace ILGPU;

/// <summary>
/// A contiguous range of elements in the memory of an accelerator; the value that kernels take in place of an array. Indexing is
/// for kernels: on the host it reaches memory only where the accelerator shares it.
/// </summary>
[DebuggerDisplay("ArrayView<{typeof(T).Name,nq}>[{Length}]")]
public readonly unsafe struct ArrayView<T> : IArrayView<T> where T : unmanaged
{
    // The order is part of the kernel compiler's seam: it takes a view apart into pointer and length.
    internal readonly MemoryBuffer? buffer;
    internal readonly T* pointer;
    internal readonly long length;

    internal ArrayView(MemoryBuffer? buffer, T* pointer, long length)
    {
        this.buffer = buffer;
        this.pointer = pointer;
        this.length = length;
    }

    /// <summary>Bytes per element.</summary>
    public static int ElementSize => sizeof(T);

    /// <summary>A view of nothing.</summary>
    public static ArrayView<T> Empty => default;

    public bool IsValid => length > 0;

    public long Length => length;

    /// <summary>The length, cut to 32 bits.</summary>
    public int IntLength => (int)length;

    public long LengthInBytes => length * sizeof(T);

    public LongIndex1D Extent => new(length);

    public Index1D IntExtent => new((int)length);

    public Stride1D.Dense Stride => default;

    public ArrayView<T> BaseView => this;

    public ref T this[int index] => ref pointer[index];

    public ref T this[long index] => ref pointer[index];

    public ref T this[Index1D index] => ref pointer[index.X];

    public ref T this[LongIndex1D index] => ref pointer[index.X];

    /// <summary>The elements from <paramref name="index"/> to the end. The range is checked by the checked CPU mode only.</summary>
    public ArrayView<T> SubView(long index) => new(buffer, pointer + index, length - index);

    /// <inheritdoc cref="SubView(long)"/>
    public ArrayView<T> SubView(int index) => new(buffer, pointer + index, length - index);

    /// <summary>
    /// The <paramref name="length"/> elements from <paramref name="index"/>. The range is checked by the checked CPU mode only.
    /// </summary>
    public ArrayView<T> SubView(long index, long length) => new(buffer, pointer + index, length);

    /// <inheritdoc cref="SubView(long, long)"/>
    public ArrayView<T> SubView(int index, int length) => new(buffer, pointer + index, length);

    /// <summary>The same bytes as elements of another type; a remainder that fills no element is left out.</summary>
    public ArrayView<TOther> Cast<TOther>() where TOther : unmanaged =>
        new(buffer, (TOther*)pointer, length * sizeof(T) / sizeof(TOther));

    /// <summary>A view of the single element at <paramref name="index"/>.</summary>
    public VariableView<T> VariableView(long index) => new(SubView(index, 1L));

    /// <summary>The view itself.</summary>
    public ArrayView<T> AsContiguous() => this;

    public override string ToString() => $"ArrayView<{typeof(T).Name}>[{length}]";

    public static implicit operator ArrayView1D<T, Stride1D.Dense>(ArrayView<T> view) => new(view, view.Extent, default);

    public static implicit operator ArrayView<T>(ArrayView1D<T, Stride1D.Dense> view) => view.BaseView;
}
