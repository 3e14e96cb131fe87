using System.Reflection;
using System.Reflection.Emit;
using GpuVae.Simd.Ir;
using Barrier = GpuVae.Simd.Ir.Barrier;
using Convert = GpuVae.Simd.Ir.Convert;

namespace GpuVae.Simd.Emit;

/// <summary>What has no vector form: operands pass through the worker's lane buffers to a scalar loop, lane by lane.</summary>
internal sealed partial class SimdEmitter
{
    private const int MaskBuffer = 3;
    private const int ResultBuffer = 4;

    /// <summary>The varying result cannot be made as an expression, one part at a time.</summary>
    private bool IsStatement(Instruction instruction)
    {
        if (configuration.IsScalar || !shapes[instruction].IsVarying)
            return instruction is Atomic or AtomicCompareExchange or Barrier or GroupBroadcast;
        bool small = MaskType.Bits < 128;
        switch (instruction)
        {
            case Binary binary:
                if (binary.Type.IsInteger())
                {
                    return binary.Op switch
                    {
                        BinaryOp.Div or BinaryOp.DivUnsigned or BinaryOp.Rem or BinaryOp.RemUnsigned => small || binary.Type == IrType.I64,
                        BinaryOp.MulHighUnsigned => small || binary.Type == IrType.I64,
                        BinaryOp.Shl or BinaryOp.Shr or BinaryOp.ShrUnsigned => small && !shapes[binary.Right].IsUniform,
                        _ => false,
                    };
                }
                return binary.Op is BinaryOp.Rem or BinaryOp.Atan2 or BinaryOp.Pow;
            case Unary unary:
                if (!unary.Operand.Type.IsFloat())
                    return unary.Op is UnaryOp.PopCount or UnaryOp.LeadingZeroCount or UnaryOp.TrailingZeroCount;
                return unary.Op switch
                {
                    UnaryOp.Exp or UnaryOp.Log or UnaryOp.Log2 or UnaryOp.Sin or UnaryOp.Cos => small,
                    UnaryOp.Exp2 or UnaryOp.Tanh or UnaryOp.Log10 => small || unary.Type == IrType.F64,
                    UnaryOp.Tan or UnaryOp.Asin or UnaryOp.Acos or UnaryOp.Atan or UnaryOp.Sinh or UnaryOp.Cosh => true,
                    _ => false,
                };
            case Convert convert:
                return IsLaneConversion(convert, small);
            case Load load:
                return !IsContiguous(load.Pointer, load.Type) && !IsFastGather(load);
            case Shuffle shuffle:
                return !IsConstantPermutation(shuffle);
            case Atomic or AtomicCompareExchange:
                return true;
            default:
                return false;
        }
    }

    private static bool IsLaneConversion(Convert convert, bool small) => convert.Op switch
    {
        ConvertOp.SignedToFloat or ConvertOp.UnsignedToFloat => convert.Operand.Type == IrType.I64 && convert.Type == IrType.F32,
        ConvertOp.FloatToSigned or ConvertOp.FloatToUnsigned =>
            convert.Type is IrType.I8 or IrType.I16 || (convert.Operand.Type == IrType.F64 && convert.Type == IrType.I32),
        ConvertOp.FloatToFloat => (convert.Operand.Type, convert.Type) is (IrType.F16, IrType.F64) or (IrType.F64, IrType.F16) ||
            (small && (convert.Operand.Type == IrType.F16 || convert.Type == IrType.F16)),
        _ => false,
    };

    private void EmitLaneOperation(Instruction instruction)
    {
        switch (instruction)
        {
            case Load load:
                EmitGatherLanes(load);
                break;
            case Shuffle shuffle:
                EmitShuffleLanes(shuffle);
                break;
            case Unary unary:
                EmitMap(instruction, ScalarMethod(unary), signed: unary.Op == UnaryOp.Abs);
                break;
            case Binary binary:
                EmitMap(instruction, ScalarMethod(binary), signed: binary.Op is BinaryOp.Div or BinaryOp.Rem or BinaryOp.Shr);
                break;
            case Convert convert:
                EmitMap(instruction, LaneMethod(convert), signed: false);
                break;
            default:
                throw new InvalidOperationException($"{kernel.Name}: no lane form of {instruction.GetType().Name}");
        }
    }

    private static MethodInfo LaneMethod(Convert convert)
    {
        string? name = convert.Op switch
        {
            ConvertOp.SignedToFloat => nameof(ScalarMath.SignedToSingle),
            ConvertOp.UnsignedToFloat => nameof(ScalarMath.UnsignedToSingle),
            ConvertOp.FloatToSigned => nameof(ScalarMath.SignedToInt32),
            ConvertOp.FloatToUnsigned => nameof(ScalarMath.UnsignedToInt32),
            _ => null,
        };
        return name is null ? ScalarMethod(convert)! : VectorApi.Find(typeof(ScalarMath), name, null, ScalarClr(convert.Operand.Type));
    }

    private void EmitMap(Instruction instruction, MethodInfo function, bool signed)
    {
        var types = new List<Type>();
        for (int i = 0; i < instruction.Operands.Count; i++)
        {
            EmitSpill(i, instruction.Operands[i], signed);
            types.Add(ScalarClr(instruction.Operands[i].Type));
        }
        Action maskPointer = EmitMaskSpill();
        il.FunctionPointer(function);
        for (int i = 0; i < types.Count; i++)
            EmitLaneBuffer(i);
        EmitLaneBuffer(ResultBuffer);
        maskPointer();
        il.Int(configuration.Lanes);
        types.Add(ScalarClr(instruction.Type));
        MethodInfo map = typeof(LaneOperations).GetMethod(types.Count == 2 ? nameof(LaneOperations.Map) : nameof(LaneOperations.Map2))!;
        il.Call(map.MakeGenericMethod([.. types]));
        EmitUnspill(instruction);
    }

    private void EmitLaneBuffer(int buffer)
    {
        EmitScratch(buffer * ScratchLayout.LaneBufferBytes);
    }

    /// <summary>Writes a value of any shape to a lane buffer, 4 or 8 bytes per lane.</summary>
    private void EmitSpill(int buffer, Value value, bool signed = false)
    {
        for (int part = 0; part < Parts(value.Type); part++)
        {
            VectorType type = VectorOf(value.Type);
            EmitLaneBuffer(buffer);
            il.AddOffset(part * type.Bits / 8);
            EmitVector(value, part, signed);
            EmitHalfStores(type);
        }
    }

    /// <summary>
    /// address, vector → What single lanes are read from soon is written in halves of 32 bytes: from the upper half of a wider store the
    /// processor does not forward, and a load waits until the store, and all before it, are in the cache.
    /// </summary>
    private void EmitHalfStores(VectorType type)
    {
        if (type.Bits < 512)
            il.StoreObject(type.Clr);
        else
            EmitMemoryCall(type, nameof(VectorMemory.StoreHalves), type.Clr);
    }

    /// <summary>Writes the mask to its buffer; the result pushes a pointer to it, or null where all lanes run.</summary>
    private Action EmitMaskSpill()
    {
        if (mask.IsFull)
        {
            return () =>
            {
                il.Int(0);
                il.Op(OpCodes.Conv_U8);
            };
        }
        for (int part = 0; part < MaskParts; part++)
        {
            EmitLaneBuffer(MaskBuffer);
            il.AddOffset(part * MaskType.Bits / 8);
            il.Get(mask.Parts[part]);
            il.StoreObject(MaskType.Clr);
        }
        return () => EmitLaneBuffer(MaskBuffer);
    }

    /// <summary>Sets the variable from the result buffer.</summary>
    private void EmitUnspill(Instruction instruction)
    {
        LocalBuilder[] variable = VariableOf(instruction);
        for (int part = 0; part < variable.Length; part++)
        {
            VectorType type = VectorOf(instruction.Type);
            EmitLaneBuffer(ResultBuffer);
            il.AddOffset(part * type.Bits / 8);
            il.LoadObject(type.Clr);
            EmitNormalize(instruction.Type);
            il.Set(variable[part]);
        }
    }

    private void EmitAtomic(Instruction instruction)
    {
        bool exchange = instruction is AtomicCompareExchange;
        int op = instruction is Atomic atomic ? (int)atomic.Op : 0;
        if (configuration.IsScalar)
        {
            if (instruction is Atomic { Pointer.Space: AddressSpace.Shared or AddressSpace.Local } alone)
            {
                EmitOwnScalarAtomic(alone);
                return;
            }
            EmitScalar(instruction.Operands[0]);
            if (!exchange)
                il.Int(op);
            for (int i = 1; i < instruction.Operands.Count; i++)
                EmitScalar(instruction.Operands[i]);
            il.Call(AtomicMethod(exchange ? nameof(AtomicOperations.CompareExchange) : nameof(AtomicOperations.Apply)));
            if (instruction.Users.Count == 0)
                il.Op(OpCodes.Pop);
            else
                SetVariable(instruction);
            return;
        }
        if (instruction is Atomic own && own.Pointer.Space is AddressSpace.Shared or AddressSpace.Local && mask.IsFull)
        {
            EmitOwnAtomic((Atomic)instruction);
            return;
        }
        bool same = !exchange && shapes[instruction.Operands[0]].IsUniform;
        for (int i = same ? 1 : 0; i < instruction.Operands.Count; i++)
            EmitSpill(i, instruction.Operands[i]);
        Action maskPointer = EmitMaskSpill();
        if (same)
            EmitScalar(instruction.Operands[0]);
        else
            EmitLaneBuffer(0);
        for (int i = 1; i < instruction.Operands.Count; i++)
            EmitLaneBuffer(i);
        EmitLaneBuffer(ResultBuffer);
        maskPointer();
        il.Int(configuration.Lanes);
        if (!exchange)
            il.Int(op);
        il.Call(AtomicMethod(
            exchange ? nameof(AtomicOperations.CompareExchangeLanes)
            : same ? nameof(AtomicOperations.ApplyTogether)
            : nameof(AtomicOperations.ApplyLanes)));
        if (instruction.Users.Count > 0)
            EmitUnspill(instruction);

        MethodInfo AtomicMethod(string name) =>
            typeof(AtomicOperations).GetMethod(name)!.MakeGenericMethod(ScalarClr(instruction.Type));
    }

    /// <summary>On memory of the group, which one worker runs: nobody else is there.</summary>
    private void EmitOwnAtomic(Atomic atomic) => EmitReadModifyWrite(
        atomic, atomic.Pointer, atomic.Operand, atomic, isRead: atomic.Users.Count > 0, reads: atomic.Op != AtomicOp.Exchange,
        () => EmitCombined(atomic.Op, ScalarClr(atomic.Type)));

    private void EmitOwnScalarAtomic(Atomic atomic)
    {
        Type clr = ScalarClr(atomic.Type);
        (LocalBuilder place, LocalBuilder old) = (il.Local(typeof(long)), il.Local(clr));
        EmitScalar(atomic.Pointer);
        il.Set(place);
        il.Get(place);
        il.LoadObject(clr);
        il.Set(old);
        il.Get(place);
        if (atomic.Op != AtomicOp.Exchange)
            il.Get(old);
        EmitScalar(atomic.Operand);
        EmitCombined(atomic.Op, clr);
        il.StoreObject(clr);
        if (atomic.Users.Count == 0)
            return;
        il.Get(old);
        SetVariable(atomic);
    }

    /// <summary>old, operand → new</summary>
    private void EmitCombined(AtomicOp op, Type clr)
    {
        if (op == AtomicOp.Exchange)
            return;
        OpCode? code = op switch
        {
            AtomicOp.Add => OpCodes.Add,
            AtomicOp.And => OpCodes.And,
            AtomicOp.Or => OpCodes.Or,
            AtomicOp.Xor => OpCodes.Xor,
            _ => null,
        };
        if (code is { } simple)
        {
            il.Op(simple);
            return;
        }
        if (op is AtomicOp.MinUnsigned or AtomicOp.MaxUnsigned)
            clr = Unsigned(clr);
        il.Call(typeof(Math), op is AtomicOp.Min or AtomicOp.MinUnsigned ? nameof(Math.Min) : nameof(Math.Max), clr, clr);
    }

    private bool IsConstantPermutation(Shuffle shuffle) =>
        shuffle.Lane is Constant && Parts(shuffle.Type) == 1 && VectorOf(shuffle.Type).Bits >= 128;

    /// <summary>Lane i takes lane <c>source(i)</c>; the JIT turns a constant permutation into one instruction.</summary>
    private void EmitVectorShuffle(Shuffle shuffle, int part)
    {
        VectorType type = VectorOf(shuffle.Type);
        EmitVector(shuffle.ShuffledValue, part);
        VectorType indexType = type.With(SimdConfiguration.LaneBytes(shuffle.Type) == 8 ? typeof(long) : typeof(int));
        int operand = (int)((Constant)shuffle.Lane).Bits;
        il.Constants(indexType, i => LaneOperations.SourceLane(shuffle.Kind, i, operand, shuffle.Width, configuration.Lanes));
        il.Vector(type, "Shuffle", type.Clr, indexType.Clr);
    }

    private void EmitShuffleLanes(Shuffle shuffle)
    {
        EmitSpill(0, shuffle.ShuffledValue);
        EmitSpill(1, shuffle.Lane);
        il.Int((int)shuffle.Kind);
        EmitLaneBuffer(0);
        EmitLaneBuffer(1);
        EmitLaneBuffer(ResultBuffer);
        il.Int(shuffle.Width);
        il.Int(configuration.Lanes);
        Type element = SimdConfiguration.LaneBytes(shuffle.Type) == 8 ? typeof(long) : typeof(int);
        il.Call(typeof(LaneOperations).GetMethod(nameof(LaneOperations.Shuffle))!.MakeGenericMethod(element));
        EmitUnspill(shuffle);
    }

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
