using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Emit;

/// <summary>The threads of a group and how they fall into warps: X runs fastest.</summary>
internal readonly record struct GroupShape(int X, int Y, int Z)
{
    public int Size => X * Y * Z;
    public int Along(int axis) => axis switch { 0 => X, 1 => Y, _ => Z };
    public int WarpCount(int lanes) => (Size + lanes - 1) / lanes;
    public bool HasPartialWarp(int lanes) => Size % lanes != 0;

    /// <summary>Every warp lies within one row, so that X is its lane plus a constant.</summary>
    public bool WarpsAreRows(int lanes) => X % lanes == 0 || Y * Z == 1;

    public ValueShape ShapeOf(GeometryKind kind, SimdConfiguration configuration)
    {
        int lanes = configuration.Lanes;
        bool single = WarpCount(lanes) == 1;
        switch (kind)
        {
            case GeometryKind.LaneIndex:
                return ValueShape.Strided(1);
            case GeometryKind.WarpIndex:
                return single ? ValueShape.GroupUniform : ValueShape.WarpUniform;
            case GeometryKind.GroupIdxX:
                return X == 1 ? ValueShape.GroupUniform : WarpsAreRows(lanes) ? ValueShape.Strided(1) : ValueShape.Varying;
            case GeometryKind.GroupIdxY:
                return Y == 1 ? ValueShape.GroupUniform : WarpsAreRows(lanes) ? ValueShape.WarpUniform : ValueShape.Varying;
            case GeometryKind.GroupIdxZ:
                if (Z == 1)
                    return ValueShape.GroupUniform;
                return WarpsAreRows(lanes) || X * Y % lanes == 0 ? ValueShape.WarpUniform : ValueShape.Varying;
            default:
                return ValueShape.GroupUniform;
        }
    }
}
