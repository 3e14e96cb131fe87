namespace ILGPU.Runtime;

/// <summary>Host memory that the device can copy from and to without a detour.</summary>
public abstract unsafe class PageLockedArray<T> : AcceleratorObject where T : unmanaged
{
    private readonly HostMemoryBuffer memory;

    private protected PageLockedArray(Accelerator accelerator, long length, bool uninitialized) : base(Check(accelerator, length))
    {
        long bytes = checked(length * sizeof(T));
        IntPtr address = accelerator.AllocatePageLockedMemory(bytes);
        memory = new(accelerator, length, sizeof(T), address, accelerator.FreePageLockedMemory);
        Length = length;
        if (!uninitialized)
            memory.FillBytes(accelerator.DefaultStream, 0, 0, bytes);
    }

    /// <summary>Number of elements.</summary>
    public long Length { get; }

    public long LengthInBytes => Length * sizeof(T);

    /// <summary>The elements, for the host.</summary>
    public Span<T> Span
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsDisposed, this);
            return new((void*)memory.NativePtr, checked((int)Length));
        }
    }

    /// <summary>The elements, as source or target of copies.</summary>
    public ArrayView<T> ArrayView => new(memory, (T*)memory.NativePtr, Length);

    /// <exception cref="IndexOutOfRangeException">The index leaves the array.</exception>
    public ref T this[int index] => ref this[(long)index];

    /// <inheritdoc cref="this[int]"/>
    public ref T this[long index]
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsDisposed, this);
            if ((ulong)index >= (ulong)Length)
                throw new IndexOutOfRangeException($"Index {index} leaves the page-locked array of {Length} elements.");
            return ref ((T*)memory.NativePtr)[index];
        }
    }

    private protected override void DisposeAcceleratorObject() => memory.Dispose();

    private static Accelerator Check(Accelerator accelerator, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        return accelerator;
    }
}

/// <summary>A 1-dimensional page-locked array.</summary>
public sealed class PageLockedArray1D<T> : PageLockedArray<T> where T : unmanaged
{
    internal PageLockedArray1D(
        Accelerator accelerator, LongIndex1D extent, bool uninitialized) : base(accelerator, extent.X, uninitialized) =>
        Extent = extent;

    public LongIndex1D Extent { get; }

    /// <summary>A copy as a managed array.</summary>
    public T[] GetArray() => Span.ToArray();
}

/// <summary>A 2-dimensional page-locked array, laid out like a C# array.</summary>
public sealed class PageLockedArray2D<T> : PageLockedArray<T> where T : unmanaged
{
    internal PageLockedArray2D(
        Accelerator accelerator, LongIndex2D extent, bool uninitialized) : base(accelerator, extent.Size, uninitialized) =>
        Extent = extent;

    public LongIndex2D Extent { get; }

    public ref T this[int x, int y] => ref this[(x * Extent.Y) + y];

    /// <summary>A copy as a managed array.</summary>
    public T[,] GetArray()
    {
        var result = new T[Extent.X, Extent.Y];
        if (Length > 0)
            Span.CopyTo(System.Runtime.InteropServices.MemoryMarshal.CreateSpan(ref result[0, 0], result.Length));
        return result;
    }
}

/// <summary>A 3-dimensional page-locked array, laid out like a C# array.</summary>
public sealed class PageLockedArray3D<T> : PageLockedArray<T> where T : unmanaged
{
    internal PageLockedArray3D(
        Accelerator accelerator, LongIndex3D extent, bool uninitialized) : base(accelerator, extent.Size, uninitialized) =>
        Extent = extent;

    public LongIndex3D Extent { get; }

    public ref T this[int x, int y, int z] => ref this[(((x * Extent.Y) + y) * Extent.Z) + z];

    /// <summary>A copy as a managed array.</summary>
    public T[,,] GetArray()
    {
        var result = new T[Extent.X, Extent.Y, Extent.Z];
        if (Length > 0)
            Span.CopyTo(System.Runtime.InteropServices.MemoryMarshal.CreateSpan(ref result[0, 0, 0], result.Length));
        return result;
    }
}
