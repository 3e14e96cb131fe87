using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Passes;

/// <summary>Puts in the launch coordinates that the target knows.</summary>
internal static class LaunchConstants
{
    public static bool Run(IrKernel kernel, KernelTarget target)
    {
        bool changed = false;
        foreach (BasicBlock block in kernel.Blocks)
        {
            foreach (Instruction instruction in block.Body)
            {
                if (instruction is not Geometry { Users.Count: > 0 } geometry || target.ValueOf(geometry.Kind) is not { } value)
                    continue;
                geometry.ReplaceAllUsesWith(Constant.Int(value));
                changed = true;
            }
        }
        return changed;
    }
}
