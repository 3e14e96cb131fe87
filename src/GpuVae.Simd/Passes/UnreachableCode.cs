using GpuVae.Simd.Analyses;
using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Passes;

/// <summary>Removes the blocks that no path from the entry reaches.</summary>
internal static class UnreachableCode
{
    public static bool Run(IrKernel kernel)
    {
        HashSet<BasicBlock> reachable = [.. ReversePostorder.Of(kernel.Entry, block => block.Successors)];
        if (reachable.Count == kernel.Blocks.Count)
            return false;
        BasicBlock[] unreachable = [.. kernel.Blocks.Where(block => !reachable.Contains(block))];
        foreach (BasicBlock block in unreachable)
        {
            foreach (Phi phi in block.Successors.Where(reachable.Contains).SelectMany(successor => successor.Phis))
                phi.RemoveIncoming(block);
            block.Terminator = null;
        }
        foreach (BasicBlock block in unreachable)
        {
            block.Phis.ForEach(phi => phi.Detach());
            block.Body.ForEach(instruction => instruction.Detach());
        }
        kernel.Blocks.RemoveAll(block => !reachable.Contains(block));
        return true;
    }
}
