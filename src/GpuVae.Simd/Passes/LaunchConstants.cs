using GpuVae.Simd.Frontend;
using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Passes;

/// <summary>
/// Puts in what the target says of the launch: the warp size, the shape of the group, and the only index along an axis of length 1.
/// </summary>
internal static class LaunchConstants
{
    public static bool Run(IrKernel kernel, KernelTarget target)
    {
        bool changed = false;
        foreach (BasicBlock block in kernel.Blocks)
        {
            foreach (Instruction instruction in block.Body)
            {
                if (instruction is not Geometry { Users.Count: > 0 } geometry || ValueOf(geometry.Kind, target) is not { } value)
                    continue;
                geometry.ReplaceAllUsesWith(Constant.Int(value));
                changed = true;
            }
        }
        return changed;
    }

    private static int? ValueOf(GeometryKind kind, KernelTarget target)
    {
        if (kind == GeometryKind.WarpSize)
            return target.WarpSize > 0 ? target.WarpSize : null;
        if (target.GroupDim is not { } group)
            return null;
        return kind switch
        {
            GeometryKind.GroupDimX => group.X,
            GeometryKind.GroupDimY => group.Y,
            GeometryKind.GroupDimZ => group.Z,
            GeometryKind.GroupIdxX when group.X == 1 => 0,
            GeometryKind.GroupIdxY when group.Y == 1 => 0,
            GeometryKind.GroupIdxZ when group.Z == 1 => 0,
            GeometryKind.WarpIndex when target.WarpSize > 0 && (long)group.X * group.Y * group.Z <= target.WarpSize => 0,
            _ => null,
        };
    }
}
