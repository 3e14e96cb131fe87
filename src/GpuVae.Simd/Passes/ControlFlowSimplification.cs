using GpuVae.Simd.Analyses;
using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Passes;

/// <summary>
/// Branches on constants become jumps, blocks in a row become one, blocks that only jump on are skipped, and a branch on a
/// phi of constants (how <c>a &amp;&amp; b</c> arrives from debug builds) is taken where the constant comes from.
/// </summary>
internal static class ControlFlowSimplification
{
    public static bool Run(IrKernel kernel)
    {
        bool changed = false;
        foreach (BasicBlock block in kernel.Blocks)
            changed |= SimplifyBranch(block);
        changed |= UnreachableCode.Run(kernel);
        changed |= SkipEmptyBlocks(kernel);
        changed |= ThreadConstantPhis(kernel);
        changed |= MergeChains(kernel);
        return changed;
    }

    private static bool SimplifyBranch(BasicBlock block)
    {
        if (block.Terminator is not ConditionalBranch branch)
            return false;
        if (branch.Condition is Constant condition)
        {
            (BasicBlock taken, BasicBlock other) =
                condition.Bits != 0 ? (branch.WhenTrue, branch.WhenFalse) : (branch.WhenFalse, branch.WhenTrue);
            foreach (Phi phi in other.Phis)
                phi.RemoveIncoming(block);
            block.Terminator = new Branch(taken) { Location = branch.Location };
            return true;
        }
        if (branch.Condition is Unary { Op: UnaryOp.Not } not)
        {
            // In place of the lists of predecessors nothing changes but their order, which means nothing.
            block.Terminator = new ConditionalBranch(not.Operand, branch.WhenFalse, branch.WhenTrue) { Location = branch.Location };
            return true;
        }
        return false;
    }

    private static bool SkipEmptyBlocks(IrKernel kernel)
    {
        bool changed = false;
        for (int i = 1; i < kernel.Blocks.Count; i++)
        {
            BasicBlock block = kernel.Blocks[i];
            if (block is not { Phis.Count: 0, Body.Count: 0, Terminator: Branch { Target: var target } } || target == block)
                continue;
            // A single latch keeps `continue` a fall-through: only skip a block with many predecessors if it is no latch of anything.
            if (block.Predecessors.Count > 1 && target.Predecessors.Count > 1 && target.Phis.Count > 0)
                continue;
            foreach (BasicBlock predecessor in block.Predecessors.ToArray())
                changed |= TryRedirect(predecessor, block, target);
            if (block.Predecessors.Count > 0)
                continue;
            foreach (Phi phi in target.Phis)
                phi.RemoveIncoming(block);
            block.Terminator = null;
            kernel.Blocks.RemoveAt(i--);
        }
        return changed;
    }

    /// <summary>Leads the edge predecessor → empty straight to the empty block's target.</summary>
    private static bool TryRedirect(BasicBlock predecessor, BasicBlock empty, BasicBlock target)
    {
        if (predecessor == empty)
            return false;
        if (target.Predecessors.Contains(predecessor))
        {
            if (!target.Phis.TrueForAll(phi => Constant.AreSame(phi.ValueFrom(predecessor), phi.ValueFrom(empty))))
                return false;
            predecessor.Terminator = new Branch(target) { Location = predecessor.Terminator!.Location };
            return true;
        }
        foreach (Phi phi in target.Phis)
            phi.AddIncoming(predecessor, phi.ValueFrom(empty));
        Retarget(predecessor, empty, target);
        return true;
    }

    internal static void Retarget(BasicBlock block, BasicBlock from, BasicBlock to) =>
        block.Terminator = block.Terminator!.WithTargets(v => v, b => b == from ? to : b);

    private static bool ThreadConstantPhis(IrKernel kernel)
    {
        Dominators? dominators = null;
        bool changed = false;
        foreach (BasicBlock block in kernel.Blocks)
        {
            if (block is not { Phis.Count: > 0, Body.Count: 0, Terminator: ConditionalBranch { Condition: Phi condition } branch } ||
                condition.Block != block || !condition.Operands.Any(o => o is Constant) || !PhisEndHere(block))
            {
                continue;
            }
            // Entering a loop behind its header would make the graph irreducible. Redirected edges only shorten forward paths
            // around other blocks, so the answer for headers stays right while edges move.
            dominators ??= new Dominators(kernel);
            if (block.Predecessors.Any(predecessor => dominators.Dominates(block, predecessor)))
                continue;
            foreach (BasicBlock predecessor in block.Predecessors.ToArray())
            {
                if (block.Predecessors.Count == 1 || condition.ValueFrom(predecessor) is not Constant constant)
                    continue;
                BasicBlock target = constant.Bits != 0 ? branch.WhenTrue : branch.WhenFalse;
                if (target.Predecessors.Contains(predecessor))
                    continue;
                foreach (Phi phi in target.Phis)
                {
                    Value value = phi.ValueFrom(block);
                    phi.AddIncoming(predecessor, value is Phi own && own.Block == block ? own.ValueFrom(predecessor) : value);
                }
                foreach (Phi phi in block.Phis)
                    phi.RemoveIncoming(predecessor);
                Retarget(predecessor, block, target);
                changed = true;
            }
        }
        return changed;
    }

    /// <summary>Whether the block's phis are used only by its branch and by phis of its successors.</summary>
    /// <remarks>Values of dominating blocks are there on the new edges, too: they dominate the predecessors as well.</remarks>
    private static bool PhisEndHere(BasicBlock block) => block.Phis.TrueForAll(phi => phi.Users.All(user =>
        ReferenceEquals(user, block.Terminator) || (user is Phi next
            && next.IncomingBlocks.Where((_, i) => ReferenceEquals(next.Operands[i], phi)).All(from => from == block))));

    private static bool MergeChains(IrKernel kernel)
    {
        bool changed = false;
        var merged = new HashSet<BasicBlock>();
        foreach (BasicBlock block in kernel.Blocks)
        {
            if (merged.Contains(block))
                continue;
            while (block.Terminator is Branch { Target: { Predecessors.Count: 1 } next } && next != block && next != kernel.Entry)
            {
                foreach (Phi phi in next.Phis.ToArray())
                {
                    phi.ReplaceAllUsesWith(phi.Operands[0]);
                    next.Remove(phi);
                }
                foreach (Instruction instruction in next.Body)
                    block.Append(instruction);
                next.Body.Clear();
                Terminator terminator = next.Terminator!;
                foreach (BasicBlock successor in next.Successors)
                {
                    foreach (Phi phi in successor.Phis)
                        phi.ReplaceIncomingBlock(next, block);
                }
                block.Terminator = terminator.WithTargets(v => v, b => b);
                next.Terminator = null;
                merged.Add(next);
                changed = true;
            }
        }
        if (changed)
            kernel.Blocks.RemoveAll(merged.Contains);
        return changed;
    }
}
