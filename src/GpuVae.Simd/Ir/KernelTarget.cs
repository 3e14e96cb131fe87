namespace GpuVae.Simd.Ir;

internal enum TargetKind : byte
{
    /// <summary>Vector code.</summary>
    Simd,

    /// <summary>The interpreter that reports what a GPU would silently get wrong. Its IR has bounds checks and is not optimised.</summary>
    Checked,
}

/// <summary>What a kernel is compiled for; everything here is a compile-time constant inside the kernel.</summary>
internal sealed record KernelTarget(TargetKind Kind)
{
    /// <summary>Lanes per warp, or 0 where it is only known at run time.</summary>
    public int WarpSize { get; init; }

    /// <summary>The group's shape where the code is made for one shape, otherwise null.</summary>
    public (int X, int Y, int Z)? GroupDim { get; init; }

    /// <summary>A view that is written may share memory with one that is only read.</summary>
    public bool ViewsOverlap { get; init; }

    /// <summary>Debug.Assert and Trace.Assert inside kernels are kept.</summary>
    public bool Assertions { get; init; }

    /// <summary>A launch coordinate that is known: the warp size, the shape of the group, the index along an axis of length 1.</summary>
    public int? ValueOf(GeometryKind kind)
    {
        if (kind == GeometryKind.WarpSize)
            return WarpSize > 0 ? WarpSize : null;
        if (GroupDim is not { } group)
            return null;
        return kind switch
        {
            <= GeometryKind.GroupIdxZ => Along(group) == 1 ? 0 : null,
            <= GeometryKind.GroupDimZ => Along(group),
            GeometryKind.WarpIndex when WarpSize > 0 && (long)group.X * group.Y * group.Z <= WarpSize => 0,
            _ => null,
        };

        int Along((int X, int Y, int Z) size) => kind.Axis() switch { 0 => size.X, 1 => size.Y, _ => size.Z };
    }
}
