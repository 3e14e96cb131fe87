using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.Intrinsics.X86;
using GpuVae.Simd.Ir;
using Barrier = GpuVae.Simd.Ir.Barrier;
using Convert = GpuVae.Simd.Ir.Convert;
using Fma = GpuVae.Simd.Ir.Fma;

namespace GpuVae.Simd.Emit;

/// <summary>Operations on vectors, one part at a time.</summary>
internal sealed partial class SimdEmitter
{
    /// <summary>Runs an instruction for its effect, or sets its variable.</summary>
    private void EmitStatement(Instruction instruction)
    {
        switch (instruction)
        {
            case Geometry:
                return;
            case Store store:
                EmitStore(store);
                return;
            case Atomic or AtomicCompareExchange:
                EmitAtomic(instruction);
                return;
            case Barrier barrier:
                EmitBarrier(barrier);
                return;
            case GroupBroadcast broadcast:
                EmitGroupBroadcast(broadcast);
                return;
            case Prefetch prefetch:
                EmitPrefetch(prefetch);
                return;
            case Fence:
                il.Call(Thread.MemoryBarrier);
                return;
            case Print print:
                EmitPrint(print);
                return;
            case Assert assert:
                EmitAssert(assert);
                return;
        }
        if (instruction.Users.Count == 0)
            return;
        if (shapes[instruction].IsScalar)
        {
            EmitScalarOperation(instruction);
            SetVariable(instruction);
            return;
        }
        if (IsStatement(instruction))
        {
            EmitLaneOperation(instruction);
            return;
        }
        LocalBuilder[] variable = VariableOf(instruction);
        for (int part = 0; part < variable.Length; part++)
        {
            EmitVectorOperation(instruction, part);
            il.Set(variable[part]);
        }
    }

    private void EmitVectorOperation(Instruction instruction, int part)
    {
        switch (instruction)
        {
            case Unary unary:
                EmitVectorUnary(unary, part);
                break;
            case Binary binary:
                EmitVectorBinary(binary, part);
                break;
            case Fma fma:
                EmitVectorFma(fma, part);
                break;
            case Compare compare:
                EmitVectorCompare(compare, part);
                break;
            case Select select when LargerOrSmaller(select) is { } native:
                EmitVector(native.First, part);
                EmitVector(native.Second, part);
                il.Call(native.Method);
                break;
            case Select select:
                EmitCondition(select.Condition, select.Type, part);
                EmitVector(select.WhenTrue, part);
                EmitVector(select.WhenFalse, part);
                EmitSelect(VectorOf(select.Type));
                break;
            case Convert convert:
                EmitVectorConvert(convert, part);
                break;
            case Load load:
                EmitVectorLoad(load, part);
                break;
            case ElementAddress address:
                EmitVectorAddress(address, part);
                break;
            case Shuffle shuffle:
                EmitVectorShuffle(shuffle, part);
                break;
            default:
                throw new InvalidOperationException($"{kernel.Name}: no vector form of {instruction.GetType().Name}");
        }
    }

    /// <summary>
    /// p &gt; q ? p : q, or with &lt;, for which x86 has one instruction that gives q, too, where an operand is NaN or both are zero.
    /// </summary>
    private (Value First, Value Second, MethodInfo Method)? LargerOrSmaller(Select select)
    {
        VectorType type = VectorOf(select.Type);
        Type? instructions = type.Bits switch
        {
            512 when Avx512F.IsSupported => typeof(Avx512F),
            256 when Avx.IsSupported => typeof(Avx),
            128 when Sse.IsSupported => typeof(Sse),
            _ => null,
        };
        if (instructions is null || select.Type != IrType.F32 ||
            select.Condition is not Compare { Op: CompareOp.Lt or CompareOp.Gt } compare)
            return null;
        bool isInOrder = Constant.AreSame(compare.Left, select.WhenTrue) && Constant.AreSame(compare.Right, select.WhenFalse);
        if (!isInOrder && !(Constant.AreSame(compare.Right, select.WhenTrue) && Constant.AreSame(compare.Left, select.WhenFalse)))
            return null;
        string name = (compare.Op == CompareOp.Gt) == isInOrder ? nameof(Sse.Max) : nameof(Sse.Min);
        return (select.WhenTrue, select.WhenFalse, instructions.GetMethod(name, [type.Clr, type.Clr])!);
    }

    private void EmitVectorFma(Fma fma, int part)
    {
        VectorType type = VectorOf(fma.Type);
        foreach (Value operand in fma.Operands)
            EmitVector(operand, part);
        il.Vector(type, "FusedMultiplyAdd", type.Clr, type.Clr, type.Clr);
    }

    /// <summary>Cuts I8 and I16 lanes back to their width after arithmetic.</summary>
    private void EmitNormalize(IrType type)
    {
        if (type is not (IrType.I8 or IrType.I16))
            return;
        il.IntVector(VectorOf(type), type == IrType.I8 ? 0xFF : 0xFFFF);
        il.Vector2(VectorOf(type), "BitwiseAnd");
    }

    private void EmitVectorUnary(Unary unary, int part)
    {
        Value value = unary.Operand;
        VectorType type = VectorOf(value.Type);
        switch (unary.Op)
        {
            case UnaryOp.Neg or UnaryOp.Not or UnaryOp.Abs or UnaryOp.Sqrt or (>= UnaryOp.Floor and <= UnaryOp.Truncate):
                EmitVector(value, part, signed: unary.Op == UnaryOp.Abs);
                il.Vector1(type, unary.Op switch
                {
                    UnaryOp.Neg => "Negate",
                    UnaryOp.Not => "OnesComplement",
                    UnaryOp.RoundToEven => "Round",
                    _ => unary.Op.ToString(),
                });
                EmitNormalize(unary.Type);
                break;
            case UnaryOp.Rcp or UnaryOp.Rsqrt:
                EmitFloatVector(type, 1);
                EmitVector(value, part);
                if (unary.Op == UnaryOp.Rsqrt)
                    il.Vector1(type, "Sqrt");
                il.Vector2(type, "Divide");
                break;
            case UnaryOp.IsNaN or UnaryOp.IsInfinity or UnaryOp.IsFinite:
                EmitMaskResult(unary.Operand.Type, part, i =>
                {
                    EmitVector(value, i);
                    il.Vector1(type, unary.Op.ToString());
                });
                break;
            default:
                EmitVector(value, part);
                il.Call(typeof(VectorMath), unary.Op.ToString(), type.Clr);
                break;
        }
    }

    private void EmitFloatVector(VectorType type, double value)
    {
        if (type.Element == typeof(float))
            il.Float((float)value);
        else
            il.Double(value);
        il.Broadcast(type);
    }

    private void EmitVectorBinary(Binary binary, int part)
    {
        VectorType type = VectorOf(binary.Type);
        switch (binary.Op)
        {
            case BinaryOp.Shl or BinaryOp.Shr or BinaryOp.ShrUnsigned:
                EmitVectorShift(binary, part);
                return;
            case BinaryOp.MinUnsigned or BinaryOp.MaxUnsigned:
                VectorType unsigned = type.With(Unsigned(type.Element));
                EmitVector(binary.Left, part);
                il.As(type, unsigned.Element);
                EmitVector(binary.Right, part);
                il.As(type, unsigned.Element);
                il.Vector2(unsigned, binary.Op == BinaryOp.MinUnsigned ? "Min" : "Max");
                il.As(unsigned, type.Element);
                break;
            case BinaryOp.MulHighUnsigned:
                EmitOperands(signed: false);
                il.Call(typeof(VectorInteger), nameof(VectorInteger.MultiplyHighUnsigned), type.Clr, type.Clr);
                break;
            case BinaryOp.Div or BinaryOp.DivUnsigned or BinaryOp.Rem or BinaryOp.RemUnsigned when binary.Type.IsInteger():
                EmitOperands(signed: binary.Op is BinaryOp.Div or BinaryOp.Rem);
                EmitMask(IrType.I32, part);
                il.Call(typeof(VectorDivision), binary.Op.ToString(), type.Clr, type.Clr, type.Clr);
                break;
            default:
                EmitOperands(signed: binary.Op is BinaryOp.Min or BinaryOp.Max);
                il.Vector2(type, binary.Op switch
                {
                    BinaryOp.Add => "Add",
                    BinaryOp.Sub => "Subtract",
                    BinaryOp.Mul => "Multiply",
                    BinaryOp.Div => "Divide",
                    BinaryOp.And => "BitwiseAnd",
                    BinaryOp.Or => "BitwiseOr",
                    BinaryOp.Xor => "Xor",
                    BinaryOp.Min or BinaryOp.Max or BinaryOp.CopySign => binary.Op.ToString(),
                    _ => throw new InvalidOperationException($"no vector form of {binary.Op}"),
                });
                break;
        }
        EmitNormalize(binary.Type);

        void EmitOperands(bool signed)
        {
            EmitVector(binary.Left, part, signed);
            EmitVector(binary.Right, part, signed);
        }
    }

    private static Type Unsigned(Type element) => element == typeof(long) ? typeof(ulong) : typeof(uint);

    /// <summary>Shifts take the count modulo the operand's width, as C# does.</summary>
    private void EmitVectorShift(Binary shift, int part)
    {
        VectorType type = VectorOf(shift.Type);
        int bits = SimdConfiguration.LaneBytes(shift.Type) * 8;
        string name = shift.Op switch
        {
            BinaryOp.Shl => "ShiftLeft",
            BinaryOp.Shr => "ShiftRightArithmetic",
            _ => "ShiftRightLogical",
        };
        EmitVector(shift.Left, part, signed: shift.Op == BinaryOp.Shr);
        if (shapes[shift.Right].IsUniform)
        {
            if (shift.Right is Constant constant)
            {
                il.Int((int)constant.Bits & (bits - 1));
            }
            else
            {
                EmitScalar(shift.Right);
                il.Int(bits - 1);
                il.Op(OpCodes.And);
            }
            il.Vector(type, name, type.Clr, typeof(int));
        }
        else
        {
            if (bits == 32)
                EmitVector(shift.Right, part);
            else
                EmitWidened(MaskType, type, part, i => EmitVector(shift.Right, i));
            il.Call(typeof(VectorInteger), name, type.Clr, type.Clr);
        }
        EmitNormalize(shift.Type);
    }

    private void EmitVectorCompare(Compare compare, int part)
    {
        IrType operand = compare.Left.Type;
        EmitMaskResult(operand, part, i => EmitComparison(compare, operand, i));
    }

    /// <summary>
    /// Brings masks in the operands' lanes to 4-byte lanes; operands of 8 bytes come in twice the parts or twice the width.
    /// </summary>
    private void EmitMaskResult(IrType operand, int part, Action<int> emit)
    {
        VectorType type = VectorOf(operand);
        if (SimdConfiguration.LaneBytes(operand) == 4)
        {
            emit(part);
            il.As(type, typeof(int));
            return;
        }
        EmitNarrowed(type.With(typeof(long)), MaskType, part, i =>
        {
            emit(i);
            il.As(type, typeof(long));
        });
    }

    private void EmitComparison(Compare compare, IrType operand, int part)
    {
        VectorType type = VectorOf(operand);
        bool isFloat = operand.IsFloat();
        // What is true for NaN is the complement of what is not.
        bool complement = compare.Op == CompareOp.Ne || (isFloat && compare.Op >= CompareOp.LtOrUnordered);
        CompareOp op = complement ? compare.Inverse : compare.Op;
        bool unsigned = op is >= CompareOp.LtUnsigned;
        VectorType compared = unsigned ? type.With(Unsigned(type.Element)) : type;
        foreach (Value value in compare.Operands)
        {
            EmitVector(value, part, signed: !unsigned && op != CompareOp.Eq);
            il.As(type, compared.Element);
        }
        il.Vector2(compared, op switch
        {
            CompareOp.Eq => "Equals",
            CompareOp.Lt or CompareOp.LtUnsigned => "LessThan",
            CompareOp.Le or CompareOp.LeUnsigned => "LessThanOrEqual",
            CompareOp.Gt or CompareOp.GtUnsigned => "GreaterThan",
            _ => "GreaterThanOrEqual",
        });
        il.As(compared, type.Element);
        if (complement)
            il.Vector1(type, "OnesComplement");
    }

    private void EmitVectorConvert(Convert convert, int part)
    {
        Value value = convert.Operand;
        VectorType from = VectorOf(value.Type);
        VectorType to = VectorOf(convert.Type);
        int fromBytes = SimdConfiguration.LaneBytes(value.Type), toBytes = SimdConfiguration.LaneBytes(convert.Type);
        switch (convert.Op)
        {
            case ConvertOp.Bitcast:
                EmitVector(value, part);
                il.As(from, to.Element);
                break;
            case ConvertOp.SignExtend when toBytes == 4:
                EmitVector(value, part, signed: true);
                EmitNormalize(convert.Type);
                break;
            case ConvertOp.SignExtend:
                EmitWidened(from, to, part, i => EmitVector(value, i, signed: true));
                break;
            case ConvertOp.ZeroExtend:
                EmitZeroExtended(value, to, part);
                break;
            case ConvertOp.Truncate when fromBytes == toBytes:
                EmitVector(value, part);
                EmitTruncated(convert.Type);
                break;
            case ConvertOp.Truncate:
                EmitNarrowed(from, MaskType, part, i => EmitVector(value, i));
                EmitTruncated(convert.Type);
                break;
            case ConvertOp.SignedToFloat or ConvertOp.UnsignedToFloat:
                EmitIntegerToFloat(convert, part);
                break;
            case ConvertOp.FloatToSigned or ConvertOp.FloatToUnsigned:
                EmitFloatToInteger(convert, part);
                break;
            case ConvertOp.FloatToFloat:
                EmitFloatToFloat(convert, part);
                break;
        }
    }

    private void EmitTruncated(IrType type)
    {
        if (type == IrType.Bool)
        {
            // Bit 0 becomes the mask.
            il.Shift(MaskType, "ShiftLeft", 31);
            il.Shift(MaskType, "ShiftRightArithmetic", 31);
            return;
        }
        EmitNormalize(type);
    }

    private void EmitZeroExtended(Value value, VectorType to, int part)
    {
        VectorType from = MaskType;
        if (to.Element != typeof(long))
        {
            Narrow(part);
            return;
        }
        EmitWidened(from.With(typeof(uint)), to.With(typeof(ulong)), part, i =>
        {
            Narrow(i);
            il.As(from, typeof(uint));
        });
        il.As(to.With(typeof(ulong)), typeof(long));

        void Narrow(int i)
        {
            EmitVector(value, i);
            if (value.Type != IrType.Bool)
                return;
            il.IntVector(from, 1);
            il.Vector2(from, "BitwiseAnd");
        }
    }

    private void EmitIntegerToFloat(Convert convert, int part)
    {
        Value value = convert.Operand;
        bool signed = convert.Op == ConvertOp.SignedToFloat;
        VectorType from = VectorOf(value.Type);
        if (value.Type != IrType.I64 && convert.Type == IrType.F64)
        {
            VectorType wide = VectorOf(IrType.I64);
            if (signed)
                EmitWidened(from, wide, part, i => EmitVector(value, i, signed));
            else
                EmitZeroExtended(value, wide, part);
            il.Vector1(wide, "ConvertToDouble");
            return;
        }
        VectorType integers = signed ? from : from.With(Unsigned(from.Element));
        EmitVector(value, part, signed);
        il.As(from, integers.Element);
        il.Vector1(integers, value.Type == IrType.I64 ? "ConvertToDouble" : "ConvertToSingle");
    }

    private void EmitFloatToInteger(Convert convert, int part)
    {
        Value value = convert.Operand;
        VectorType from = VectorOf(value.Type);
        bool narrow = value.Type == IrType.F32 && convert.Type == IrType.I32;
        VectorType floats = narrow ? from : VectorOf(IrType.F64);
        if (floats == from)
            EmitVector(value, part);
        else
            EmitWidened(from, floats, part, i => EmitVector(value, i));
        VectorType integers = floats.With(narrow ? typeof(int) : typeof(long));
        if (convert.Op == ConvertOp.FloatToSigned)
        {
            il.Vector1(floats, narrow ? "ConvertToInt32" : "ConvertToInt64");
            return;
        }
        il.Vector1(floats, narrow ? "ConvertToUInt32" : "ConvertToUInt64");
        il.As(integers.With(Unsigned(integers.Element)), integers.Element);
    }

    private void EmitFloatToFloat(Convert convert, int part)
    {
        Value value = convert.Operand;
        VectorType from = VectorOf(value.Type);
        VectorType to = VectorOf(convert.Type);
        if (value.Type == IrType.F16 || convert.Type == IrType.F16)
        {
            EmitVector(value, part);
            string name = value.Type == IrType.F16 ? nameof(VectorInteger.HalfToSingle) : nameof(VectorInteger.SingleToHalf);
            il.Call(typeof(VectorInteger), name, from.Clr);
        }
        else if (to.Element == typeof(double))
        {
            EmitWidened(from, to, part, i => EmitVector(value, i));
        }
        else
        {
            EmitNarrowed(from, to, part, i => EmitVector(value, i));
        }
    }
}
