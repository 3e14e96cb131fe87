using GpuVae.Ilgpu.Backends.Cpu.Emulated;
using ILGPU.Runtime;

namespace ILGPU;

/// <summary>Memory of a single thread; for kernels only. Extents must be compile-time constants.</summary>
public static class LocalMemory
{
    /// <summary>Memory for <paramref name="extent"/> elements, not initialised.</summary>
    public static ArrayView<T> Allocate<T>(int extent) where T : unmanaged => EmulatedThread.Current.AllocateLocal<T>(extent);

    public static ArrayView1D<T, Stride1D.Dense> Allocate1D<T>(Index1D extent) where T : unmanaged => Allocate<T>(extent.X);

    public static ArrayView1D<T, TStride> Allocate1D<T, TStride>(Index1D extent, TStride stride)
        where T : unmanaged
        where TStride : struct, IStride1D =>
        new(Allocate<T>((int)stride.ComputeBufferLength(extent)), extent, stride);

    public static ArrayView2D<T, TStride> Allocate2D<T, TStride>(Index2D extent, TStride stride)
        where T : unmanaged
        where TStride : struct, IStride2D =>
        new(Allocate<T>((int)stride.ComputeBufferLength(extent)), extent, stride);

    public static ArrayView3D<T, TStride> Allocate3D<T, TStride>(Index3D extent, TStride stride)
        where T : unmanaged
        where TStride : struct, IStride3D =>
        new(Allocate<T>((int)stride.ComputeBufferLength(extent)), extent, stride);

    public static ArrayView2D<T, Stride2D.DenseX> Allocate2DDenseX<T>(in Index2D extent) where T : unmanaged =>
        new(Allocate<T>(extent.Size), extent, new Stride2D.DenseX(extent.X));

    public static ArrayView2D<T, Stride2D.DenseY> Allocate2DDenseY<T>(in Index2D extent) where T : unmanaged =>
        new(Allocate<T>(extent.Size), extent, new Stride2D.DenseY(extent.Y));

    public static ArrayView3D<T, Stride3D.DenseXY> Allocate3DDenseXY<T>(in Index3D extent) where T : unmanaged =>
        new(Allocate<T>(extent.Size), extent, new Stride3D.DenseXY(extent.X, extent.X * extent.Y));

    public static ArrayView3D<T, Stride3D.DenseZY> Allocate3DDenseZY<T>(in Index3D extent) where T : unmanaged =>
        new(Allocate<T>(extent.Size), extent, new Stride3D.DenseZY(extent.Z * extent.Y, extent.Z));
}
