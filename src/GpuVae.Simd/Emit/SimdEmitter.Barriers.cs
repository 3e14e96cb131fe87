using System.Reflection.Emit;
using GpuVae.Simd.Ir;
using Barrier = GpuVae.Simd.Ir.Barrier;

namespace GpuVae.Simd.Emit;

/// <summary>
/// Barriers that compute. The barrier itself is the order of the regions (or nothing, in a group of one warp); its result is a variable
/// of the group that is set before the first warp arrives and to which each warp adds its part.
/// </summary>
internal sealed partial class SimdEmitter
{
    private void EmitBarrierStart(Barrier barrier)
    {
        if (barrier.Type == IrType.Void)
            return;
        il.Int(barrier.Kind == BarrierKind.GroupAnd ? 1 : 0);
        il.Set(VariableOf(barrier)[0]);
    }

    private void EmitBarrier(Barrier barrier)
    {
        if (barrier.Type == IrType.Void)
            return;
        if (regions is null)
            EmitBarrierStart(barrier);
        LocalBuilder result = VariableOf(barrier)[0];
        Value predicate = barrier.Operands[0];
        il.Get(result);
        if (configuration.IsScalar)
        {
            EmitScalar(predicate);
        }
        else if (barrier.Kind == BarrierKind.GroupPopCount)
        {
            for (int i = 0; i < MaskParts; i++)
            {
                EmitVector(predicate, i);
                EmitMask(IrType.I32, i);
                il.Vector2(MaskType, "BitwiseAnd");
                il.Vector1(MaskType, "Sum");
                il.Op(OpCodes.Neg);
                if (i > 0)
                    il.Op(OpCodes.Add);
            }
        }
        else
        {
            // And: no running lane says no.
            bool all = barrier.Kind == BarrierKind.GroupAnd;
            LocalBuilder[] lanes = NewMaskVariable();
            for (int i = 0; i < MaskParts; i++)
            {
                EmitMask(IrType.I32, i);
                EmitVector(predicate, i);
                il.Vector2(MaskType, all ? "AndNot" : "BitwiseAnd");
                il.Set(lanes[i]);
            }
            EmitAny(lanes);
            if (all)
                Invert();
        }
        il.Op(barrier.Kind switch
        {
            BarrierKind.GroupPopCount => OpCodes.Add,
            BarrierKind.GroupAnd => OpCodes.And,
            _ => OpCodes.Or,
        });
        il.Set(result);
        EmitBroadcastVariable(barrier);
    }

    private void EmitGroupBroadcast(GroupBroadcast broadcast)
    {
        int lanes = configuration.Lanes;
        Label done = il.NewLabel();
        if (warps > 1)
        {
            EmitScalar(broadcast.Thread);
            il.Int(lanes);
            il.Op(OpCodes.Div);
            il.Get(warp);
            il.Op(OpCodes.Ceq);
            il.JumpIfNot(done);
        }
        if (shapes[broadcast.BroadcastValue].IsUniform)
        {
            EmitScalar(broadcast.BroadcastValue);
        }
        else
        {
            EmitSpill(0, broadcast.BroadcastValue);
            EmitLaneBuffer(0);
            EmitScalar(broadcast.Thread);
            il.Int(lanes);
            il.Op(OpCodes.Rem);
            il.AddScaled(SimdConfiguration.LaneBytes(broadcast.Type));
            il.LoadObject(ScalarClr(broadcast.Type));
            if (broadcast.Type == IrType.Bool)
                il.Op(OpCodes.Neg);
        }
        il.Set(VariableOf(broadcast)[0]);
        il.Mark(done);
        EmitBroadcastVariable(broadcast);
    }
}
