using System.Reflection.Emit;
using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Emit;

/// <content>Loops, labels, and the jumps out of them.</content>
internal sealed partial class SimdEmitter
{
    private sealed record JumpTarget(Label Break, Label Continue, LocalBuilder[]? BreakLanes, LocalBuilder[]? ContinueLanes);

    private readonly Dictionary<TargetNode, JumpTarget> targets = new(ReferenceEqualityComparer.Instance);

    /// <summary>Where lanes go that part by a branch out of the loop that they are in together.</summary>
    private Label? apart;

    private void EmitLoop(LoopNode loop)
    {
        Mask before = mask;
        bool crossed = LaneWalk.IsCrossed(loop);
        bool diverges = LaneWalk.IsDivergent(loop);
        Label top = il.NewLabel();
        Label next = il.NewLabel();
        Label exit = il.NewLabel();
        LocalBuilder[]? left = crossed ? NewCollector() : null;
        if (diverges && before.IsFull && TogetherLoops.CanRestart(loop, LaneWalk, plan))
            EmitTogether(loop, exit, left);
        LocalBuilder[]? live = diverges ? NewMaskVariable() : null;
        LocalBuilder[]? remaining = diverges ? NewMaskVariable() : null;
        for (int i = 0; i < live?.Length; i++)
        {
            if (before.IsFull)
                il.IntVector(MaskType, -1);
            else
                il.Get(before.Parts[i]);
            il.Set(live[i]);
        }

        (Label outerSkip, Label? outerApart) = (skip, apart);
        (skip, apart) = (next, null);
        targets[loop] = new JumpTarget(exit, next, left, remaining);
        il.Mark(top);
        if (diverges)
        {
            Clear(remaining!);
            mask = new Mask(live);
        }
        EmitNode(loop.Body);
        CollectIf(remaining);
        il.Mark(next);
        if (diverges)
        {
            for (int i = 0; i < live!.Length; i++)
            {
                il.Get(remaining![i]);
                il.Set(live[i]);
            }
            EmitAny(live);
            il.JumpIf(top);
        }
        else
        {
            il.Jump(top);
        }
        il.Mark(exit);
        (skip, apart) = (outerSkip, outerApart);
        mask = crossed ? new Mask(left) : before;
    }

    /// <summary>
    /// The turns of a divergent loop for as long as all lanes stay in it: a copy without masks. In the turn in which they part, before it
    /// has done anything, control goes to the label behind.
    /// </summary>
    private void EmitTogether(LoopNode loop, Label exit, LocalBuilder[]? left)
    {
        Label top = il.NewLabel();
        Label next = il.NewLabel();
        Label parted = il.NewLabel();
        (Label outerSkip, Label? outerApart) = (skip, apart);
        (skip, apart) = (next, parted);
        targets[loop] = new JumpTarget(exit, next, left, null);
        il.Mark(top);
        EmitNode(loop.Body);
        il.Mark(next);
        il.Jump(top);
        il.Mark(parted);
        (skip, apart) = (outerSkip, outerApart);
        mask = Mask.Full;
    }

    /// <summary>A branch by which lanes can leave a loop that they are in together.</summary>
    private void EmitAgreedIf(IfNode branch, Label parted)
    {
        Value condition = branch.Branch.Condition;
        Label end = il.NewLabel();
        bool reached = false;
        LocalBuilder[]? lanes = null;
        EmitArm(true);
        EmitArm(false);
        il.Jump(parted);
        il.Mark(end);
        mask = reached ? Mask.Full : Mask.Unreachable;

        void EmitArm(bool then)
        {
            Label other = il.NewLabel();
            EmitAgreement(condition, then, ref lanes);
            il.JumpIfNot(other);
            mask = Mask.Full;
            EmitNode(then ? branch.Then : branch.Else);
            reached |= !mask.IsUnreachable;
            il.Jump(end);
            il.Mark(other);
        }
    }

    private void EmitLabeled(LabeledNode labeled)
    {
        Mask before = mask;
        Label? outerApart = apart;
        apart = null;
        LocalBuilder[]? collector = LaneWalk.IsCrossed(labeled) ? NewCollector() : null;
        Label end = il.NewLabel();
        Label outerSkip = skip;
        skip = end;
        targets[labeled] = new JumpTarget(end, end, collector, null);
        EmitNode(labeled.Body);
        CollectIf(collector);
        il.Mark(end);
        skip = outerSkip;
        apart = outerApart;
        mask = collector is null ? before : new Mask(collector);
    }

    /// <summary>
    /// Lanes that jump alone are gathered where they go and drop out of the mask; if all lanes jump together, control does too.
    /// </summary>
    private void EmitJump(ControlNode node)
    {
        bool together = mask.IsFull || !LaneWalk.IsDivergentJump(node);
        switch (node)
        {
            case BreakNode { Target: var target }:
                CollectIf(targets[target].BreakLanes);
                if (together)
                    il.Jump(targets[target].Break);
                break;
            case ContinueNode { Target: var target }:
                CollectIf(targets[target].ContinueLanes);
                if (together)
                    il.Jump(targets[target].Continue);
                break;
            default:
                if (together)
                    il.Jump(warpEnd);
                break;
        }
        mask = Mask.Unreachable;
    }
}
