namespace GpuVae.Simd.Ir;

internal enum BarrierKind : byte
{
    Group, GroupPopCount, GroupAnd, GroupOr, Warp,
}

/// <summary>A barrier; the predicate forms take a Bool and give I32 (count) or Bool, the same in every thread of the group.</summary>
internal sealed class Barrier(BarrierKind kind, params ReadOnlySpan<Value> predicate)
    : Instruction(ResultType(kind), AddressSpace.None, predicate)
{
    public BarrierKind Kind { get; } = kind;

    private static IrType ResultType(BarrierKind kind) => kind switch
    {
        BarrierKind.GroupPopCount => IrType.I32,
        BarrierKind.GroupAnd or BarrierKind.GroupOr => IrType.Bool,
        _ => IrType.Void,
    };
}

internal enum FenceLevel : byte
{
    Group, Device, System,
}

internal sealed class Fence(FenceLevel level) : Instruction(IrType.Void, AddressSpace.None)
{
    public FenceLevel Level { get; } = level;
}

internal enum ShuffleKind : byte
{
    /// <summary>The lane operand is the source lane, within the segment of <see cref="Shuffle.Width"/> lanes.</summary>
    Index,
    Down, Up, Xor,

    /// <summary>Warp broadcast: the source lane is the same in every lane.</summary>
    Broadcast,
}

/// <summary>Warp shuffle of a 32- or 64-bit value; the frontend splits and widens others. A width of 0 means the whole warp.</summary>
internal sealed class Shuffle(ShuffleKind kind, Value value, Value lane, int width)
    : Instruction(value.Type, AddressSpace.None, value, lane)
{
    public ShuffleKind Kind { get; } = kind;
    public Value ShuffledValue => Operands[0];
    public Value Lane => Operands[1];
    public int Width { get; } = width;
}

/// <summary>
/// The value of one thread (linear index in the group, the same in all threads) given to the whole group; acts as a barrier.
/// </summary>
internal sealed class GroupBroadcast(Value value, Value thread) : Instruction(value.Type, AddressSpace.None, value, thread)
{
    public Value BroadcastValue => Operands[0];
    public Value Thread => Operands[1];
}

internal enum GeometryKind
{
    GroupIdxX, GroupIdxY, GroupIdxZ,
    GroupDimX, GroupDimY, GroupDimZ,
    GridIdxX, GridIdxY, GridIdxZ,
    GridDimX, GridDimY, GridDimZ,
    LaneIndex,

    /// <summary>The warp's index within its group: linear thread index / warp size.</summary>
    WarpIndex,
    WarpSize,

    /// <summary>Bytes of dynamic shared memory of this launch.</summary>
    DynamicSharedBytes,
}

/// <summary>A launch coordinate (I32).</summary>
internal sealed class Geometry(GeometryKind kind) : Instruction(IrType.I32, AddressSpace.None)
{
    public GeometryKind Kind { get; } = kind;
}

internal static class GeometryKinds
{
    /// <summary>0, 1 or 2 for a coordinate along X, Y or Z.</summary>
    public static int Axis(this GeometryKind kind) => (int)kind % 3;
}
