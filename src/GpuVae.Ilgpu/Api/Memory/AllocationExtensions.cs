using System.Runtime.CompilerServices;

namespace ILGPU.Runtime;

/// <summary>Allocation of typed buffers. New memory is not initialised.</summary>
public static class AllocationExtensions
{
    /// <exception cref="ArgumentOutOfRangeException">The length is negative.</exception>
    public static MemoryBuffer1D<T, Stride1D.Dense> Allocate1D<T>(this Accelerator accelerator, long length) where T : unmanaged =>
        accelerator.Allocate1D<T, Stride1D.Dense>(length, default);

    public static MemoryBuffer1D<T, TStride> Allocate1D<T, TStride>(this Accelerator accelerator, LongIndex1D extent, TStride stride)
        where T : unmanaged
        where TStride : struct, IStride1D =>
        new(accelerator.AllocateFor<T>(extent.X, 0, 0, stride.ComputeBufferLength(extent)), extent, stride);

    public static MemoryBuffer2D<T, TStride> Allocate2D<T, TStride>(this Accelerator accelerator, LongIndex2D extent, TStride stride)
        where T : unmanaged
        where TStride : struct, IStride2D =>
        new(accelerator.AllocateFor<T>(extent.X, extent.Y, 0, stride.ComputeBufferLength(extent)), extent, stride);

    public static MemoryBuffer3D<T, TStride> Allocate3D<T, TStride>(this Accelerator accelerator, LongIndex3D extent, TStride stride)
        where T : unmanaged
        where TStride : struct, IStride3D =>
        new(accelerator.AllocateFor<T>(extent.X, extent.Y, extent.Z, stride.ComputeBufferLength(extent)), extent, stride);

    public static MemoryBuffer2D<T, Stride2D.DenseX> Allocate2DDenseX<T>(this Accelerator accelerator, in LongIndex2D extent)
        where T : unmanaged =>
        accelerator.Allocate2D<T, Stride2D.DenseX>(extent, new(Narrow(extent.X)));

    public static MemoryBuffer2D<T, Stride2D.DenseY> Allocate2DDenseY<T>(this Accelerator accelerator, in LongIndex2D extent)
        where T : unmanaged =>
        accelerator.Allocate2D<T, Stride2D.DenseY>(extent, new(Narrow(extent.Y)));

    /// <summary>Rows along X that start at multiples of <paramref name="alignmentInBytes"/>.</summary>
    /// <exception cref="ArgumentException">The alignment is no power of two or no multiple of the element size.</exception>
    public static MemoryBuffer2D<T, Stride2D.DenseX> Allocate2DPitchedX<T>(
        this Accelerator accelerator, in LongIndex2D extent, int alignmentInBytes) where T : unmanaged =>
        accelerator.AllocatePitched<T, Stride2D.DenseX>(
            extent, new(Pitch<T>(extent.X, alignmentInBytes)), extent.Y * Pitch<T>(extent.X, alignmentInBytes));

    /// <summary>Rows along Y that start at multiples of <paramref name="alignmentInBytes"/>.</summary>
    /// <exception cref="ArgumentException">The alignment is no power of two or no multiple of the element size.</exception>
    public static MemoryBuffer2D<T, Stride2D.DenseY> Allocate2DPitchedY<T>(
        this Accelerator accelerator, in LongIndex2D extent, int alignmentInBytes) where T : unmanaged =>
        accelerator.AllocatePitched<T, Stride2D.DenseY>(
            extent, new(Pitch<T>(extent.Y, alignmentInBytes)), extent.X * Pitch<T>(extent.Y, alignmentInBytes));

    public static MemoryBuffer3D<T, Stride3D.DenseXY> Allocate3DDenseXY<T>(this Accelerator accelerator, in LongIndex3D extent)
        where T : unmanaged =>
        accelerator.Allocate3D<T, Stride3D.DenseXY>(extent, new(Narrow(extent.X), Narrow(extent.X * extent.Y)));

    public static MemoryBuffer3D<T, Stride3D.DenseZY> Allocate3DDenseZY<T>(this Accelerator accelerator, in LongIndex3D extent)
        where T : unmanaged =>
        accelerator.Allocate3D<T, Stride3D.DenseZY>(extent, new(Narrow(extent.Z * extent.Y), Narrow(extent.Z)));

    /// <summary>Rows along X that start at multiples of <paramref name="alignmentInBytes"/>.</summary>
    /// <exception cref="ArgumentException">The alignment is no power of two or no multiple of the element size.</exception>
    public static MemoryBuffer3D<T, Stride3D.DenseXY> Allocate3DPitchedXY<T>(
        this Accelerator accelerator, in LongIndex3D extent, int alignmentInBytes) where T : unmanaged
    {
        int pitch = Pitch<T>(extent.X, alignmentInBytes);
        var stride = new Stride3D.DenseXY(pitch, Narrow(pitch * extent.Y));
        return new(accelerator.AllocateFor<T>(extent.X, extent.Y, extent.Z, pitch * extent.Y * extent.Z), extent, stride);
    }

    /// <summary>Rows along Z that start at multiples of <paramref name="alignmentInBytes"/>.</summary>
    /// <exception cref="ArgumentException">The alignment is no power of two or no multiple of the element size.</exception>
    public static MemoryBuffer3D<T, Stride3D.DenseZY> Allocate3DPitchedZY<T>(
        this Accelerator accelerator, in LongIndex3D extent, int alignmentInBytes) where T : unmanaged
    {
        int pitch = Pitch<T>(extent.Z, alignmentInBytes);
        var stride = new Stride3D.DenseZY(Narrow(pitch * extent.Y), pitch);
        return new(accelerator.AllocateFor<T>(extent.X, extent.Y, extent.Z, pitch * extent.Y * extent.X), extent, stride);
    }

    /// <summary>A buffer that holds a copy of the data.</summary>
    public static MemoryBuffer1D<T, Stride1D.Dense> Allocate1D<T>(this Accelerator accelerator, T[] data) where T : unmanaged =>
        accelerator.Allocate1D(accelerator.DefaultStream, data);

    /// <inheritdoc cref="Allocate1D{T}(Accelerator, T[])"/>
    public static MemoryBuffer1D<T, Stride1D.Dense> Allocate1D<T>(this Accelerator accelerator, AcceleratorStream stream, T[] data)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(data);
        var buffer = accelerator.Allocate1D<T>(data.LongLength);
        buffer.CopyFromCPU(stream, data);
        return buffer;
    }

    /// <inheritdoc cref="Allocate1D{T}(Accelerator, T[])"/>
    public static MemoryBuffer2D<T, Stride2D.DenseX> Allocate2DDenseX<T>(this Accelerator accelerator, T[,] data) where T : unmanaged =>
        accelerator.Allocate2DDenseX(accelerator.DefaultStream, data);

    /// <inheritdoc cref="Allocate1D{T}(Accelerator, T[])"/>
    public static MemoryBuffer2D<T, Stride2D.DenseX> Allocate2DDenseX<T>(this Accelerator accelerator, AcceleratorStream stream, T[,] data)
        where T : unmanaged
    {
        var buffer = accelerator.Allocate2DDenseX<T>(ExtentOf(data));
        buffer.CopyFromCPU(stream, data);
        return buffer;
    }

    /// <inheritdoc cref="Allocate1D{T}(Accelerator, T[])"/>
    public static MemoryBuffer2D<T, Stride2D.DenseY> Allocate2DDenseY<T>(this Accelerator accelerator, T[,] data) where T : unmanaged =>
        accelerator.Allocate2DDenseY(accelerator.DefaultStream, data);

    /// <inheritdoc cref="Allocate1D{T}(Accelerator, T[])"/>
    public static MemoryBuffer2D<T, Stride2D.DenseY> Allocate2DDenseY<T>(this Accelerator accelerator, AcceleratorStream stream, T[,] data)
        where T : unmanaged
    {
        var buffer = accelerator.Allocate2DDenseY<T>(ExtentOf(data));
        buffer.CopyFromCPU(stream, data);
        return buffer;
    }

    /// <inheritdoc cref="Allocate1D{T}(Accelerator, T[])"/>
    public static MemoryBuffer3D<T, Stride3D.DenseXY> Allocate3DDenseXY<T>(this Accelerator accelerator, T[,,] data) where T : unmanaged =>
        accelerator.Allocate3DDenseXY(accelerator.DefaultStream, data);

    /// <inheritdoc cref="Allocate1D{T}(Accelerator, T[])"/>
    public static MemoryBuffer3D<T, Stride3D.DenseXY> Allocate3DDenseXY<T>(
        this Accelerator accelerator, AcceleratorStream stream, T[,,] data)
        where T : unmanaged
    {
        var buffer = accelerator.Allocate3DDenseXY<T>(ExtentOf(data));
        buffer.CopyFromCPU(stream, data);
        return buffer;
    }

    /// <inheritdoc cref="Allocate1D{T}(Accelerator, T[])"/>
    public static MemoryBuffer3D<T, Stride3D.DenseZY> Allocate3DDenseZY<T>(this Accelerator accelerator, T[,,] data) where T : unmanaged =>
        accelerator.Allocate3DDenseZY(accelerator.DefaultStream, data);

    /// <inheritdoc cref="Allocate1D{T}(Accelerator, T[])"/>
    public static MemoryBuffer3D<T, Stride3D.DenseZY> Allocate3DDenseZY<T>(
        this Accelerator accelerator, AcceleratorStream stream, T[,,] data)
        where T : unmanaged
    {
        var buffer = accelerator.Allocate3DDenseZY<T>(ExtentOf(data));
        buffer.CopyFromCPU(stream, data);
        return buffer;
    }

    internal static LongIndex2D ExtentOf<T>(T[,] data)
    {
        ArgumentNullException.ThrowIfNull(data);
        return new(data.GetLongLength(0), data.GetLongLength(1));
    }

    internal static LongIndex3D ExtentOf<T>(T[,,] data)
    {
        ArgumentNullException.ThrowIfNull(data);
        return new(data.GetLongLength(0), data.GetLongLength(1), data.GetLongLength(2));
    }

    private static MemoryBuffer2D<T, TStride> AllocatePitched<T, TStride>(
        this Accelerator accelerator, LongIndex2D extent, TStride stride, long length)
        where T : unmanaged
        where TStride : struct, IStride2D =>
        new(accelerator.AllocateFor<T>(extent.X, extent.Y, 0, length), extent, stride);

    private static MemoryBuffer AllocateFor<T>(this Accelerator accelerator, long x, long y, long z, long length) where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(accelerator);
        if (x < 0 || y < 0 || z < 0)
            throw new ArgumentOutOfRangeException("extent", "The extent of a buffer is 0 or more along each axis.");
        return accelerator.AllocateRaw(length, Unsafe.SizeOf<T>());
    }

    private static int Pitch<T>(long rowLength, int alignmentInBytes) where T : unmanaged
    {
        int size = Unsafe.SizeOf<T>();
        if (alignmentInBytes < 1 || (alignmentInBytes & (alignmentInBytes - 1)) != 0 || alignmentInBytes % size != 0)
        {
            throw new ArgumentException(
                $"The alignment is {alignmentInBytes} bytes; it must be a power of two and a multiple of the {size} bytes of " +
                $"{typeof(T).Name}.",
                nameof(alignmentInBytes));
        }
        long elements = alignmentInBytes / size;
        return Narrow((rowLength + elements - 1) / elements * elements);
    }

    private static int Narrow(long stride) => stride <= int.MaxValue
        ? (int)stride
        : throw new ArgumentOutOfRangeException("extent", $"A stride of {stride} elements does not fit in 32 bits; use a 1D buffer.");
}
