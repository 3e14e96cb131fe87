using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Passes;

/// <summary>
/// Short ifs without side effects become selects, and <c>a &amp;&amp; b</c> of cheap conditions becomes one branch: a branch costs
/// masks on the
/// CPU and divergence on a GPU, a few spare operations cost neither.
/// </summary>
internal static class IfConversion
{
    private const int Budget = 6;

    public static bool Run(IrKernel kernel)
    {
        bool changed = false;
        var gone = new HashSet<BasicBlock>();
        // Backwards, so that inner ifs have become straight code before the ifs around them are looked at.
        for (int i = kernel.Blocks.Count - 1; i >= 0; i--)
        {
            BasicBlock block = kernel.Blocks[i];
            while (!gone.Contains(block) && block.Terminator is ConditionalBranch branch &&
                (TryConvert(block, branch, gone) || TryCombine(block, branch, gone)))
            {
                changed = true;
            }
        }
        if (changed)
            kernel.Blocks.RemoveAll(gone.Contains);
        return changed;
    }

    private static bool TryConvert(BasicBlock block, ConditionalBranch branch, HashSet<BasicBlock> gone)
    {
        BasicBlock? then = ArmOf(branch.WhenTrue, block);
        BasicBlock? otherwise = ArmOf(branch.WhenFalse, block);
        BasicBlock join = then is not null ? Target(then) : branch.WhenTrue;
        if ((then is null && otherwise is null) || join != (otherwise is not null ? Target(otherwise) : branch.WhenFalse) || join == block)
            return false;
        int cost = join.Phis.Count;
        // Backends know where each pointer points; a choice between two is worse for them than a branch.
        if (join.Phis.Any(p => p.Type == IrType.Pointer) || !IsCheap(then, ref cost) || !IsCheap(otherwise, ref cost))
            return false;

        MoveInto(block, then);
        MoveInto(block, otherwise);
        BasicBlock fromTrue = then ?? block, fromFalse = otherwise ?? block;
        var selected = new Value[join.Phis.Count];
        for (int i = 0; i < selected.Length; i++)
        {
            Phi phi = join.Phis[i];
            Value whenTrue = phi.ValueFrom(fromTrue), whenFalse = phi.ValueFrom(fromFalse);
            selected[i] = ReferenceEquals(whenTrue, whenFalse)
                ? whenTrue
                : block.Append(new Select(branch.Condition, whenTrue, whenFalse) { Location = branch.Location });
        }
        for (int i = 0; i < selected.Length; i++)
        {
            Phi phi = join.Phis[i];
            phi.RemoveIncoming(fromTrue);
            phi.RemoveIncoming(fromFalse);
            phi.AddIncoming(block, selected[i]);
        }
        Dissolve(then);
        Dissolve(otherwise);
        block.Terminator = new Branch(join) { Location = branch.Location };
        return true;

        void Dissolve(BasicBlock? arm)
        {
            if (arm is null)
                return;
            arm.Terminator = null;
            gone.Add(arm);
        }
    }

    /// <summary>
    /// <c>block: if (a) goto second else goto other; second: if (b) goto next else goto other</c> with a short second block is one branch
    /// on <c>a &amp;&amp; b</c>.
    /// </summary>
    private static bool TryCombine(BasicBlock block, ConditionalBranch first, HashSet<BasicBlock> gone)
    {
        foreach (bool whenTrue in (ReadOnlySpan<bool>)[true, false])
        {
            (BasicBlock middle, BasicBlock other) = whenTrue ? (first.WhenTrue, first.WhenFalse) : (first.WhenFalse, first.WhenTrue);
            int cost = 1;
            if (middle is not { Predecessors.Count: 1, Phis.Count: 0, Terminator: ConditionalBranch second } || middle == block ||
                (second.WhenTrue != other && second.WhenFalse != other) || other == block || !IsCheap(middle, ref cost) ||
                !other.Phis.All(p => ReferenceEquals(p.ValueFrom(block), p.ValueFrom(middle))))
            {
                continue;
            }
            BasicBlock next = second.WhenTrue == other ? second.WhenFalse : second.WhenTrue;
            if (next == block)
                continue;
            MoveInto(block, middle);
            Value a = Holds(first.Condition, whenTrue), b = Holds(second.Condition, second.WhenTrue == next);
            Binary condition = block.Append(new Binary(BinaryOp.And, a, b) { Location = second.Location });
            foreach (Phi phi in other.Phis)
                phi.RemoveIncoming(middle);
            foreach (Phi phi in next.Phis)
                phi.ReplaceIncomingBlock(middle, block);
            middle.Terminator = null;
            gone.Add(middle);
            block.Terminator = new ConditionalBranch(condition, next, other) { Location = first.Location };
            return true;
        }
        return false;

        Value Holds(Value condition, bool value) =>
            value ? condition : block.Append(new Unary(UnaryOp.Not, condition) { Location = first.Location });
    }

    private static BasicBlock? ArmOf(BasicBlock target, BasicBlock block) =>
        target is { Predecessors.Count: 1, Phis.Count: 0, Terminator: Branch } && target != block ? target : null;

    private static BasicBlock Target(BasicBlock arm) => ((Branch)arm.Terminator!).Target;

    private static bool IsCheap(BasicBlock? arm, ref int cost)
    {
        if (arm is null)
            return true;
        foreach (Instruction instruction in arm.Body)
        {
            if (!LoopInvariantCodeMotion.IsSafeAnywhere(instruction))
                return false;
            cost += instruction switch
            {
                Unary { Op: UnaryOp.Neg or UnaryOp.Not or UnaryOp.Abs } => 1,
                Unary => Budget,
                Binary { Op: BinaryOp.Div or BinaryOp.DivUnsigned or BinaryOp.Rem or BinaryOp.RemUnsigned } => Budget,
                Binary { Op: BinaryOp.Pow or BinaryOp.Atan2 } => Budget,
                _ => 1,
            };
        }
        return cost <= Budget;
    }

    private static void MoveInto(BasicBlock block, BasicBlock? arm)
    {
        if (arm is null)
            return;
        foreach (Instruction instruction in arm.Body)
            block.Append(instruction);
        arm.Body.Clear();
    }
}
