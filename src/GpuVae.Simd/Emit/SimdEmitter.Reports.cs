using System.Reflection.Emit;
using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Emit;

/// <content>What a kernel says to the outside: prints and failed assertions.</content>
internal sealed partial class SimdEmitter
{
    private void EmitPrint(Print print)
    {
        // One line of text per lane: the lanes take turns.
        if (configuration.IsScalar)
        {
            EmitPrintCall(print, i => EmitScalar(print.Operands[i]));
            return;
        }
        LocalBuilder lane = il.Local(typeof(int));
        for (int i = 0; i < print.Operands.Count; i++)
            EmitSpill(OperandBuffer(i), print.Operands[i]);
        EmitMaskSpill();
        Label top = il.NewLabel();
        Label next = il.NewLabel();
        il.Int(0);
        il.Set(lane);
        il.Mark(top);
        if (!mask.IsFull)
        {
            EmitLaneAddress(MaskBuffer, 4);
            il.LoadObject(typeof(int));
            il.JumpIfNot(next);
        }
        EmitPrintCall(print, i =>
        {
            EmitLaneAddress(OperandBuffer(i), SimdConfiguration.LaneBytes(print.Operands[i].Type));
            il.LoadObject(ScalarClr(print.Operands[i].Type));
        });
        il.Mark(next);
        il.Increment(lane);
        il.JumpIfBelow(lane, configuration.Lanes, top);

        static int OperandBuffer(int operand) => operand < MaskBuffer ? operand : operand - MaskBuffer + ResultBuffer + 1;

        void EmitLaneAddress(int buffer, int bytes)
        {
            EmitLaneBuffer(buffer);
            il.Get(lane);
            il.AddScaled(bytes);
        }
    }

    private void EmitPrintCall(Print print, Action<int> emitArgument)
    {
        il.Text(print.Format);
        il.Int(print.Operands.Count);
        il.NewArray(typeof(object));
        for (int i = 0; i < print.Operands.Count; i++)
        {
            il.Op(OpCodes.Dup);
            il.Int(i);
            emitArgument(i);
            il.Box(ScalarClr(print.Operands[i].Type));
            il.Op(OpCodes.Stelem_Ref);
        }
        il.Call(typeof(Console), nameof(Console.Write), typeof(string), typeof(object[]));
    }

    private void EmitAssert(Assert assert)
    {
        Label fine = il.NewLabel();
        if (shapes[assert.Condition].IsUniform)
        {
            EmitScalar(assert.Condition);
            il.JumpIf(fine);
        }
        else
        {
            LocalBuilder[] failed = NewMaskVariable();
            for (int i = 0; i < failed.Length; i++)
            {
                EmitMask(IrType.I32, i);
                EmitVector(assert.Condition, i);
                il.Vector2(MaskType, "AndNot");
                il.Set(failed[i]);
            }
            EmitAny(failed);
            il.JumpIfNot(fine);
        }
        il.Text($"{assert.Location?.ToString() ?? "assertion"}: {assert.Message}");
        il.Call(LaneOperations.FailAssertion);
        il.Mark(fine);
    }
}
