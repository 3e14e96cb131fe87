using GpuVae.Ilgpu.Backends.Cpu.Emulated;

namespace ILGPU;

/// <summary>The grid of groups of a launch; for kernels only.</summary>
public static class Grid
{
    /// <summary>The index of the thread's group along X.</summary>
    public static int IdxX => EmulatedThread.Current.Group.GridIdx.X;

    /// <summary>The index of the thread's group along Y.</summary>
    public static int IdxY => EmulatedThread.Current.Group.GridIdx.Y;

    /// <summary>The index of the thread's group along Z.</summary>
    public static int IdxZ => EmulatedThread.Current.Group.GridIdx.Z;

    /// <summary>The number of groups along X.</summary>
    public static int DimX => EmulatedThread.Current.Group.GridDim.X;

    /// <summary>The number of groups along Y.</summary>
    public static int DimY => EmulatedThread.Current.Group.GridDim.Y;

    /// <summary>The number of groups along Z.</summary>
    public static int DimZ => EmulatedThread.Current.Group.GridDim.Z;

    /// <summary>The index of the thread's group.</summary>
    public static Index3D Index => new(IdxX, IdxY, IdxZ);

    /// <summary>The number of groups along each axis.</summary>
    public static Index3D Dimension => new(DimX, DimY, DimZ);

    /// <summary>The index of the thread's group, counted along X, then Y, then Z.</summary>
    public static int LinearIndex => (((IdxZ * DimY) + IdxY) * DimX) + IdxX;

    /// <summary>The thread's index in the whole launch.</summary>
    public static Index3D GlobalIndex => ComputeGlobalIndex(Index, Group.Index);

    /// <inheritdoc cref="GlobalIndex"/>
    public static LongIndex3D LongGlobalIndex => ComputeLongGlobalIndex(Index, Group.Index);

    /// <summary>The thread's index in the whole launch, counted group by group.</summary>
    public static int GlobalLinearIndex => (LinearIndex * Group.Dimension.Size) + Group.LinearIndex;

    /// <summary>The number of threads of the launch along X: the step of a loop in which all threads share the work.</summary>
    public static int GridStrideLoopStride => DimX * Group.DimX;

    /// <summary>The index in the whole launch of a thread of a group.</summary>
    public static Index1D ComputeGlobalIndex(Index1D gridIndex, Index1D groupIndex) => new((gridIndex.X * Group.DimX) + groupIndex.X);

    /// <inheritdoc cref="ComputeGlobalIndex(Index1D, Index1D)"/>
    public static Index2D ComputeGlobalIndex(Index2D gridIndex, Index2D groupIndex) =>
        new((gridIndex.X * Group.DimX) + groupIndex.X, (gridIndex.Y * Group.DimY) + groupIndex.Y);

    /// <inheritdoc cref="ComputeGlobalIndex(Index1D, Index1D)"/>
    public static Index3D ComputeGlobalIndex(Index3D gridIndex, Index3D groupIndex) =>
        new(
            (gridIndex.X * Group.DimX) + groupIndex.X,
            (gridIndex.Y * Group.DimY) + groupIndex.Y,
            (gridIndex.Z * Group.DimZ) + groupIndex.Z);

    /// <inheritdoc cref="ComputeGlobalIndex(Index1D, Index1D)"/>
    public static LongIndex1D ComputeLongGlobalIndex(Index1D gridIndex, Index1D groupIndex) =>
        new(((long)gridIndex.X * Group.DimX) + groupIndex.X);

    /// <inheritdoc cref="ComputeGlobalIndex(Index1D, Index1D)"/>
    public static LongIndex2D ComputeLongGlobalIndex(Index2D gridIndex, Index2D groupIndex) =>
        new(((long)gridIndex.X * Group.DimX) + groupIndex.X, ((long)gridIndex.Y * Group.DimY) + groupIndex.Y);

    /// <inheritdoc cref="ComputeGlobalIndex(Index1D, Index1D)"/>
    public static LongIndex3D ComputeLongGlobalIndex(Index3D gridIndex, Index3D groupIndex) => new(
        ((long)gridIndex.X * Group.DimX) + groupIndex.X,
        ((long)gridIndex.Y * Group.DimY) + groupIndex.Y,
        ((long)gridIndex.Z * Group.DimZ) + groupIndex.Z);
}
