namespace ILGPU;

/// <summary>The shape of an explicitly grouped launch: how many groups, how many threads in each, how much dynamic shared memory.</summary>
public readonly struct KernelConfig
{
    public KernelConfig(Index3D gridDim, Index3D groupDim, SharedMemoryConfig sharedMemoryConfig)
    {
        GridDim = gridDim;
        GroupDim = groupDim;
        SharedMemoryConfig = sharedMemoryConfig;
    }

    public KernelConfig(Index3D gridDim, Index3D groupDim) : this(gridDim, groupDim, default)
    {
    }

    public KernelConfig(Index2D gridDim, Index2D groupDim) : this(new(gridDim, 1), new Index3D(groupDim, 1), default)
    {
    }

    public KernelConfig(Index2D gridDim, Index2D groupDim, SharedMemoryConfig sharedMemoryConfig)
        : this(new(gridDim, 1), new Index3D(groupDim, 1), sharedMemoryConfig)
    {
    }

    public KernelConfig(Index1D gridDim, Index1D groupDim) : this(gridDim, groupDim, default)
    {
    }

    public KernelConfig(Index1D gridDim, Index1D groupDim, SharedMemoryConfig sharedMemoryConfig)
        : this(new(gridDim.X, 1, 1), new Index3D(groupDim.X, 1, 1), sharedMemoryConfig)
    {
    }

    public KernelConfig(int gridDimX, int gridDimY, int gridDimZ, int groupDimX, int groupDimY, int groupDimZ)
        : this(new(gridDimX, gridDimY, gridDimZ), new Index3D(groupDimX, groupDimY, groupDimZ), default)
    {
    }

    /// <summary>The number of groups along each axis.</summary>
    public Index3D GridDim { get; }

    /// <summary>The number of threads of a group along each axis.</summary>
    public Index3D GroupDim { get; }

    public SharedMemoryConfig SharedMemoryConfig { get; }

    public bool UsesDynamicSharedMemory => SharedMemoryConfig.UsesDynamicSharedMemory;

    /// <summary>True if there is at least one thread.</summary>
    public bool IsValid => Index3D.Min(GridDim, GroupDim) is { X: > 0, Y: > 0, Z: > 0 };

    /// <summary>The number of threads of the launch.</summary>
    public long Size => GridDim.LongSize * GroupDim.LongSize;

    public void Deconstruct(out Index3D gridDim, out Index3D groupDim, out SharedMemoryConfig sharedMemoryConfig)
    {
        gridDim = GridDim;
        groupDim = GroupDim;
        sharedMemoryConfig = SharedMemoryConfig;
    }

    public override string ToString() => $"grid {GridDim}, group {GroupDim}";

    public static implicit operator KernelConfig((Index1D Grid, Index1D Group) dims) => new(dims.Grid, dims.Group);

    public static implicit operator KernelConfig((Index2D Grid, Index2D Group) dims) => new(dims.Grid, dims.Group);

    public static implicit operator KernelConfig((Index3D Grid, Index3D Group) dims) => new(dims.Grid, dims.Group);

    public static implicit operator KernelConfig((Index3D Grid, Index2D Group) dims) => new(dims.Grid, new Index3D(dims.Group, 1));

    public static implicit operator KernelConfig((Index3D Grid, Index1D Group) dims) => new(dims.Grid, new Index3D(dims.Group.X, 1, 1));

    public static implicit operator KernelConfig((Index1D Grid, Index1D Group, SharedMemoryConfig Shared) dims) =>
        new(dims.Grid, dims.Group, dims.Shared);

    public static implicit operator KernelConfig((Index2D Grid, Index2D Group, SharedMemoryConfig Shared) dims) =>
        new(dims.Grid, dims.Group, dims.Shared);

    public static implicit operator KernelConfig((Index3D Grid, Index3D Group, SharedMemoryConfig Shared) dims) =>
        new(dims.Grid, dims.Group, dims.Shared);
}
