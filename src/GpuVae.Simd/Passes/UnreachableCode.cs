using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Passes;

/// <summary>Removes the blocks that no path from the entry reaches.</summary>
internal static class UnreachableCode
{
    public static bool Run(IrKernel kernel)
    {
        var reachable = new HashSet<BasicBlock> { kernel.Entry };
        var work = new Stack<BasicBlock>();
        work.Push(kernel.Entry);
        while (work.TryPop(out BasicBlock? block))
        {
            foreach (BasicBlock successor in block.Successors)
            {
                if (reachable.Add(successor))
                    work.Push(successor);
            }
        }
        if (reachable.Count == kernel.Blocks.Count)
            return false;

        foreach (BasicBlock block in kernel.Blocks)
        {
            if (reachable.Contains(block))
                continue;
            foreach (BasicBlock successor in block.Successors)
            {
                if (!reachable.Contains(successor))
                    continue;
                foreach (Phi phi in successor.Phis)
                    phi.RemoveIncoming(block);
            }
            block.Terminator = null;
        }
        foreach (BasicBlock block in kernel.Blocks)
        {
            if (reachable.Contains(block))
                continue;
            foreach (Phi phi in block.Phis)
                phi.Detach();
            foreach (Instruction instruction in block.Body)
                instruction.Detach();
        }
        kernel.Blocks.RemoveAll(b => !reachable.Contains(b));
        return true;
    }
}
