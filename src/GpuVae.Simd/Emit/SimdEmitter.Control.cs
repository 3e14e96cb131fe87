using System.Reflection.Emit;
using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Emit;

/// <summary>Control flow of one warp: jumps where all running lanes agree, masks where not.</summary>
internal sealed partial class SimdEmitter
{
    /// <summary>Arms up to this size without memory accesses run without asking whether any lane wants them.</summary>
    private const int TrivialArm = 12;

    private DivergenceWalk LaneWalk => shapes.LaneWalk;

    private void EmitNode(ControlNode node)
    {
        if (mask.IsUnreachable)
            return;
        switch (node)
        {
            case SequenceNode sequence:
                EmitSequence(sequence.Children, 0);
                break;
            case BlockNode block:
                EmitBlock(block.Block, 0, block.Block.Body.Count);
                break;
            case EdgeCopies copies:
                EmitCopies(copies, phi => regions?.IsGroupVariable(phi) != true);
                break;
            case IfNode branch when shapes[branch.Branch.Condition].IsUniform:
                EmitUniformIf(branch);
                break;
            case IfNode branch when apart is { } label && LaneWalk.IsCrossed(branch):
                EmitAgreedIf(branch, label);
                break;
            case IfNode branch:
                EmitDivergentIf(branch, [], 0);
                break;
            case LoopNode loop:
                EmitLoop(loop);
                break;
            case LabeledNode labeled:
                EmitLabeled(labeled);
                break;
            default:
                EmitJump(node);
                break;
        }
    }

    private void EmitSequence(List<ControlNode> children, int from)
    {
        for (int i = from; i < children.Count && !mask.IsUnreachable; i++)
        {
            ControlNode child = children[i];
            bool more = i + 1 < children.Count;
            if (more && mask.IsFull && apart is null && child is IfNode branch && LaneWalk.IsDivergent(branch) &&
                EndsInJump(branch.Then) != EndsInJump(branch.Else))
            {
                // if (i >= n) return; …: what follows is the other arm, so that full warps run it without masks.
                EmitDivergentIf(branch, children, i + 1);
                return;
            }
            if (mask.IsFull && il.Twins is null && LoopMethod.At(children, i, index, plan, shapes, configuration) is { } loop &&
                TryEmitLoopMethod(children, i, loop))
            {
                i = loop.End - 1;
                continue;
            }
            EmitNode(child);
            if (more && LaneWalk.IsCrossed(child) && !mask.IsFull && !mask.IsUnreachable)
            {
                EmitAny(mask.Parts);
                il.JumpIfNot(skip);
            }
        }
    }

    private static bool EndsInJump(ControlNode node) =>
        node is SequenceNode { Children: [.., BreakNode or ContinueNode or ReturnNode] };

    private static bool IsEmpty(ControlNode node) => node is SequenceNode { Children.Count: 0 };

    private void EmitBlock(BasicBlock block, int from, int to)
    {
        for (int i = from; i < to; i++)
        {
            Instruction instruction = block.Body[i];
            if (!plan.IsInlined(instruction) && !updates.IsPart(instruction))
                EmitStatement(instruction);
        }
    }

    private void EmitUniformIf(IfNode branch)
    {
        Mask before = mask;
        bool crossed = LaneWalk.IsCrossed(branch);
        bool hasElse = crossed || !IsEmpty(branch.Else);
        LocalBuilder[]? collector = crossed ? NewCollector() : null;
        Label otherwise = il.NewLabel();
        Label end = il.NewLabel();
        Label outerSkip = skip;
        if (crossed)
            skip = end;

        EmitScalar(branch.Branch.Condition);
        il.JumpIfNot(hasElse ? otherwise : end);
        EmitNode(branch.Then);
        bool reached = !mask.IsUnreachable, full = !reached || mask.IsFull;
        CollectIf(collector);
        if (hasElse)
        {
            il.Jump(end);
            il.Mark(otherwise);
            mask = before;
            EmitNode(branch.Else);
            reached |= !mask.IsUnreachable;
            full &= mask.IsUnreachable || mask.IsFull;
            CollectIf(collector);
        }
        else
        {
            reached = true;
        }
        il.Mark(end);
        skip = outerSkip;
        mask = !reached ? Mask.Unreachable : !crossed ? before : full ? Mask.Full : new Mask(collector);
    }

    private void CollectIf(LocalBuilder[]? collector)
    {
        if (collector is not null && !mask.IsUnreachable)
            Collect(collector);
    }

    /// <summary>
    /// Runs both arms under masks. With all lanes running, the cases that all of them take the same arm come first, each with a copy of
    /// the arm that needs no mask: the guard <c>if (i &lt; n)</c> costs one comparison per warp then.
    /// </summary>
    /// <param name="branch">The branch.</param>
    /// <param name="rest">Nodes of which those from <paramref name="restFrom"/> on belong to the arm that does not end in a jump.</param>
    /// <param name="restFrom">Where the rest begins.</param>
    private void EmitDivergentIf(IfNode branch, List<ControlNode> rest, int restFrom)
    {
        Mask before = mask;
        Value condition = branch.Branch.Condition;
        bool hasRest = restFrom < rest.Count;
        bool restInElse = EndsInJump(branch.Then);
        bool crossed = hasRest || LaneWalk.IsCrossed(branch);
        LocalBuilder[]? collector = crossed ? NewCollector() : null;
        Label end = il.NewLabel();
        Label outerSkip = skip;
        bool hasThen = !IsEmpty(branch.Then) || (hasRest && !restInElse);
        bool hasElse = !IsEmpty(branch.Else) || (hasRest && restInElse);
        bool trivial = !hasRest && IsTrivial(branch.Then) && IsTrivial(branch.Else);

        LocalBuilder[]? lanes = null;
        if (before.IsFull && !trivial)
        {
            if (hasThen)
                EmitFullArm(true);
            if (hasElse)
                EmitFullArm(false);
        }
        lanes ??= EmitConditionLanes(condition);
        // The rest stands last in the tree, and which copies to a phi must blend was decided in that order.
        bool thenIsLast = hasRest && !restInElse;
        if (!thenIsLast)
            EmitMaskedArm(true, hasThen);
        EmitMaskedArm(false, hasElse);
        if (thenIsLast)
            EmitMaskedArm(true, hasThen);
        il.Mark(end);
        skip = outerSkip;
        mask = crossed ? new Mask(collector) : before;

        void EmitFullArm(bool then)
        {
            Label next = il.NewLabel();
            EmitAgreement(condition, then, ref lanes);
            il.JumpIfNot(next);
            mask = Mask.Full;
            // A skip from here means that no lane is left in this copy.
            skip = end;
            EmitArm(then);
            CollectIf(collector);
            il.Jump(end);
            il.Mark(next);
        }

        void EmitMaskedArm(bool then, bool present)
        {
            if (!present && !crossed)
                return;
            mask = EmitArmMask(before, lanes!, then);
            Label armEnd = il.NewLabel();
            skip = armEnd;
            if (present && !trivial)
            {
                EmitAny(mask.Parts);
                il.JumpIfNot(armEnd);
            }
            if (present)
                EmitArm(then);
            CollectIf(collector);
            il.Mark(armEnd);
        }

        void EmitArm(bool then)
        {
            EmitNode(then ? branch.Then : branch.Else);
            if (hasRest && then != restInElse)
                EmitSequence(rest, restFrom);
        }
    }

    /// <summary>Pushes whether the condition comes out as <paramref name="outcome"/> in all lanes.</summary>
    private void EmitAgreement(Value condition, bool outcome, ref LocalBuilder[]? lanes)
    {
        if (TryEmitAgreement(condition, outcome))
            return;
        lanes ??= EmitConditionLanes(condition);
        if (outcome)
        {
            EmitAll(lanes);
            return;
        }
        EmitAny(lanes);
        Invert();
    }

    private LocalBuilder[] EmitConditionLanes(Value condition)
    {
        if (!plan.IsInlined(condition) && shapes[condition].IsVarying)
            return VariableOf(condition);
        LocalBuilder[] lanes = NewMaskVariable();
        for (int i = 0; i < lanes.Length; i++)
        {
            EmitVector(condition, i);
            il.Set(lanes[i]);
        }
        return lanes;
    }

    private Mask EmitArmMask(Mask before, LocalBuilder[] lanes, bool then)
    {
        LocalBuilder[] parts = NewMaskVariable();
        for (int i = 0; i < parts.Length; i++)
        {
            if (before.IsFull)
            {
                il.Get(lanes[i]);
                if (!then)
                    il.Vector1(MaskType, "OnesComplement");
            }
            else
            {
                il.Get(before.Parts[i]);
                il.Get(lanes[i]);
                il.Vector2(MaskType, then ? "BitwiseAnd" : "AndNot");
            }
            il.Set(parts[i]);
        }
        return new Mask(parts);
    }

    private bool IsTrivial(ControlNode node)
    {
        int size = 0;
        return node is SequenceNode sequence && sequence.Children.TrueForAll(child => child switch
        {
            EdgeCopies => true,
            BlockNode block => (size += block.Block.Body.Count) <= TrivialArm && block.Block.Body.TrueForAll(IsHarmless),
            _ => false,
        });
    }

    private bool IsHarmless(Instruction instruction) => instruction switch
    {
        Unary or Fma or Compare or Ir.Convert or Select or Geometry or ElementAddress => !IsStatement(instruction),
        Binary binary => !IsStatement(binary) && !binary.IsIntegerDivision,
        _ => false,
    };

    /// <summary>
    /// For a comparison of a strided value with a uniform one: pushes whether it comes out as <paramref name="outcome"/> in all lanes,
    /// from the two end lanes. Wider arithmetic keeps the test right where an I32 wraps within the warp: it then says no.
    /// </summary>
    private bool TryEmitAgreement(Value condition, bool outcome)
    {
        if (condition is not Compare { Left.Type: IrType.I32 } compare)
            return false;
        (Value strided, Value bound, CompareOp op) = (compare.Left, compare.Right, compare.Op);
        if (!shapes[strided].IsStrided)
            (strided, bound, op) = (bound, strided, op.Mirrored());
        if (!shapes[strided].IsStrided || shapes[strided].Stride <= 0 || !shapes[bound].IsUniform)
            return false;
        if (!outcome)
            op = op.Inverse(isFloat: false);
        bool unsigned = op is CompareOp.LtUnsigned or CompareOp.LeUnsigned;
        if (op is not (CompareOp.Lt or CompareOp.Le) && !unsigned)
            return false;
        OpCode widen = unsigned ? OpCodes.Conv_U8 : OpCodes.Conv_I8;
        EmitScalar(strided);
        il.Op(widen);
        il.AddOffset(shapes[strided].Stride * (configuration.Lanes - 1));
        EmitScalar(bound);
        il.Op(widen);
        if (op is CompareOp.Lt or CompareOp.LtUnsigned)
        {
            il.Op(OpCodes.Clt);
        }
        else
        {
            il.Op(OpCodes.Cgt);
            Invert();
        }
        return true;
    }

    /// <summary>The parallel copies of an edge, to those phis that the filter lets through.</summary>
    private void EmitCopies(EdgeCopies copies, Func<Phi, bool> filter)
    {
        var pending = new List<(Phi Phi, Value Value)>();
        foreach (Phi phi in copies.To.Phis)
        {
            Value value = phi.ValueFrom(copies.From);
            if (phi.Users.Count > 0 && !ReferenceEquals(plan.VariableOf(value), phi) && filter(phi))
                pending.Add((phi, value));
        }
        while (pending.Count > 0)
        {
            int free = pending.FindIndex(copy => !pending.Exists(other =>
                other.Phi != copy.Phi && ReferenceEquals(plan.VariableOf(other.Value), copy.Phi)));
            if (free >= 0)
            {
                (Phi phi, Value value) = pending[free];
                for (int part = 0; part < VariableOf(phi).Length; part++)
                {
                    EmitCopySource(copies, phi, value, part);
                    il.Set(VariableOf(phi)[part]);
                }
                pending.RemoveAt(free);
                continue;
            }
            // Only cycles are left: read everything, then write everything.
            foreach ((Phi phi, Value value) in pending)
            {
                for (int part = 0; part < VariableOf(phi).Length; part++)
                    EmitCopySource(copies, phi, value, part);
            }
            for (int i = pending.Count - 1; i >= 0; i--)
            {
                LocalBuilder[] variable = VariableOf(pending[i].Phi);
                for (int part = variable.Length - 1; part >= 0; part--)
                    il.Set(variable[part]);
            }
            return;
        }
    }

    private void EmitCopySource(EdgeCopies copies, Phi phi, Value value, int part)
    {
        if (shapes[phi].IsScalar)
        {
            EmitScalar(value);
            return;
        }
        if (mask.IsFull || !shapes.NeedsBlend(copies, phi))
        {
            EmitVector(value, part);
            return;
        }
        EmitMask(phi.Type, part);
        EmitVector(value, part);
        il.Get(VariableOf(phi)[part]);
        EmitSelect(VectorOf(phi.Type));
    }

    /// <summary>mask (in the type's lanes), a, b → a where the mask is set, else b</summary>
    private void EmitSelect(VectorType type) => il.Vector(type, "ConditionalSelect", type.Clr, type.Clr, type.Clr);
}
