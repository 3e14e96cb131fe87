using System.Reflection.Emit;
using GpuVae.Simd.Ir;
using Barrier = GpuVae.Simd.Ir.Barrier;

namespace GpuVae.Simd.Emit;

/// <summary>Groups of several warps with barriers: what lies between two barriers runs for one warp after the other.</summary>
internal sealed partial class SimdEmitter
{
    private void EmitRegions(GroupStep step)
    {
        switch (step)
        {
            case GroupSequence sequence:
                foreach (GroupStep child in sequence.Steps)
                    EmitRegions(child);
                break;
            case RegionStep region:
                EmitRegion(region);
                break;
            case GroupCopies copies:
                mask = Mask.Full;
                EmitCopies(copies.Copies, regions!.IsGroupVariable);
                break;
            case GroupIf branch:
                EmitGroupIf(branch);
                break;
            case GroupTarget target:
                EmitGroupTarget(target);
                break;
            case GroupJump jump:
                EmitGroupJump(jump.Node);
                break;
        }
    }

    private void EmitRegion(RegionStep region)
    {
        foreach (RegionPiece piece in region.Pieces)
        {
            if (piece.Node is BlockNode block && piece.To > 0 && block.Block.Body[piece.To - 1] is Barrier barrier)
                EmitBarrierStart(barrier);
        }
        EmitWarps(() =>
        {
            foreach (Value variable in crossing!.LoadedIn(region))
                EmitTransfer(variable, load: true);
            foreach (RegionPiece piece in region.Pieces)
            {
                if (piece.Node is BlockNode block)
                    EmitBlock(block.Block, piece.From, piece.To);
                else
                    EmitNode(piece.Node);
                if (LaneWalk.IsCrossed(piece.Node) && !mask.IsFull && !mask.IsUnreachable)
                {
                    // Lanes return alone only in the last region, so nothing is lost with the transfers below.
                    EmitAny(mask.Parts);
                    il.JumpIfNot(skip);
                }
            }
            foreach (Value variable in crossing.StoredIn(region))
                EmitTransfer(variable, load: false);
        });
    }

    /// <summary>Moves a variable between its local and the warp's block.</summary>
    private void EmitTransfer(Value variable, bool load)
    {
        LocalBuilder[] locals = VariableOf(variable);
        for (int part = 0; part < locals.Length; part++)
        {
            EmitScratch(scratch.WarpOffset + crossing!.OffsetOf(variable) + part * configuration.BitsOf(variable.Type) / 8);
            il.Get(warp);
            il.AddScaled(scratch.BytesPerWarp);
            Type type = locals[part].LocalType;
            if (load)
            {
                il.LoadObject(type);
                il.Set(locals[part]);
            }
            else
            {
                il.Get(locals[part]);
                il.StoreObject(type);
            }
        }
    }

    private void EmitGroupIf(GroupIf branch)
    {
        Label otherwise = il.NewLabel();
        Label end = il.NewLabel();
        EmitScalar(branch.Node.Branch.Condition);
        il.JumpIfNot(otherwise);
        EmitRegions(branch.Then);
        il.Jump(end);
        il.Mark(otherwise);
        EmitRegions(branch.Else);
        il.Mark(end);
    }

    private void EmitGroupTarget(GroupTarget target)
    {
        Label top = il.NewLabel();
        Label end = il.NewLabel();
        targets[target.Node] = new JumpTarget(end, top, null, null);
        il.Mark(top);
        EmitRegions(target.Body);
        if (target.Node is LoopNode)
            il.Jump(top);
        il.Mark(end);
    }

    private void EmitGroupJump(ControlNode node) => il.Jump(node switch
    {
        BreakNode jump => targets[jump.Target].Break,
        ContinueNode jump => targets[jump.Target].Continue,
        _ => groupEnd,
    });
}
