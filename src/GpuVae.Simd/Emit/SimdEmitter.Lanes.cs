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
}
