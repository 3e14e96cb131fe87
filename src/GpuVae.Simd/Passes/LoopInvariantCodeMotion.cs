using GpuVae.Simd.Analyses;
using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Passes;

/// <summary>
/// Moves what a loop computes anew in each turn in front of it: pure operations always, integer divisions and loads of read-only memory
/// only where the first turn certainly executes them, since they may fault.
/// </summary>
internal static class LoopInvariantCodeMotion
{
    public static bool Run(IrKernel kernel)
    {
        var dominators = new Dominators(kernel);
        var loops = new Loops(kernel, dominators);
        if (loops.OuterFirst.Count == 0)
            return false;
        bool added = false;
        foreach (Loop loop in loops.OuterFirst)
            added |= EnsurePreheader(kernel, loop);
        if (added)
        {
            dominators = new Dominators(kernel);
            loops = new Loops(kernel, dominators);
        }

        bool changed = added;
        // Inner loops first, so that what leaves one may leave the next as well.
        for (int i = loops.OuterFirst.Count - 1; i >= 0; i--)
            changed |= Hoist(loops.OuterFirst[i], dominators);
        return changed;
    }

    /// <summary>Puts a block in front of a loop that leads nowhere else, if there is none; returns whether it did.</summary>
    internal static bool EnsurePreheader(IrKernel kernel, Loop loop)
    {
        if (loop.Preheader is not null)
            return false;
        BasicBlock header = loop.Header;
        var preheader = new BasicBlock();
        kernel.Blocks.Insert(kernel.Blocks.IndexOf(header), preheader);
        BasicBlock[] outside = header.Predecessors.Where(p => !loop.Contains(p)).ToArray();
        foreach (Phi phi in header.Phis)
        {
            Value entering = phi.ValueFrom(outside, preheader);
            foreach (BasicBlock block in outside)
                phi.RemoveIncoming(block);
            phi.AddIncoming(preheader, entering);
        }
        foreach (BasicBlock block in outside)
            ControlFlowSimplification.Retarget(block, header, preheader);
        preheader.Terminator = new Branch(header);
        return true;
    }

    private static bool Hoist(Loop loop, Dominators dominators)
    {
        BasicBlock preheader = loop.Preheader!;
        bool changed = false;
        foreach (BasicBlock block in loop.Blocks)
        {
            bool? runsAlways = null;
            changed |= block.Body.RemoveAll(instruction =>
            {
                bool moves = IsInvariant(instruction) && (IsSafeAnywhere(instruction) ||
                    (MayRunEarly(instruction) && (runsAlways ??= RunsInFirstTurn(block))));
                if (moves)
                    preheader.Append(instruction);
                return moves;
            }) > 0;
        }
        return changed;

        bool IsInvariant(Instruction instruction) => !instruction.Operands.Any(loop.Contains);

        // A loop without exits may end in a return only, and those are exits; an endless one is not worth the thought.
        bool RunsInFirstTurn(BasicBlock block) =>
            loop.Exits.Count > 0 && loop.Exits.TrueForAll(exit => dominators.Dominates(block, exit.From));
    }

    /// <summary>Whether computing it where the kernel would not have is harmless.</summary>
    internal static bool IsSafeAnywhere(Instruction instruction) => instruction switch
    {
        Binary { Op: BinaryOp.Div or BinaryOp.Rem, Type: var type } binary when type.IsInteger() =>
            binary.Right is Constant { Bits: not 0, SignedValue: not -1 },
        Binary { Op: BinaryOp.DivUnsigned or BinaryOp.RemUnsigned } binary => binary.Right is Constant { Bits: not 0 },
        Unary or Binary or Fma or Compare or Ir.Convert or Select or ElementAddress or AlignedPointer or Geometry => true,
        _ => false,
    };

    private static bool MayRunEarly(Instruction instruction) => instruction is Binary or Load { IsReadOnly: true };
}
