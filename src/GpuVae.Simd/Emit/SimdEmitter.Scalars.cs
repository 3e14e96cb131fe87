using System.Reflection;
using System.Reflection.Emit;
using GpuVae.Simd.Ir;
using Convert = GpuVae.Simd.Ir.Convert;

namespace GpuVae.Simd.Emit;

/// <summary>Operations on values that are the same in all lanes, or on lane 0 of strided ones.</summary>
internal sealed partial class SimdEmitter
{
    private void EmitScalarOperation(Instruction instruction)
    {
        switch (instruction)
        {
            case Unary unary:
                EmitScalarUnary(unary);
                break;
            case Binary binary:
                EmitScalarBinary(binary);
                break;
            case Fma fma:
                foreach (Value factor in fma.Operands)
                    EmitScalar(factor);
                Type type = ScalarClr(fma.Type);
                il.Call(MathOf(type), "FusedMultiplyAdd", type, type, type);
                break;
            case Compare compare:
                EmitScalarCompare(compare);
                break;
            case Select select:
                EmitScalar(select.Condition);
                EmitScalar(select.WhenTrue);
                EmitScalar(select.WhenFalse);
                Type operand = ScalarClr(select.Type);
                il.Call(VectorApi.Find(typeof(ScalarMath), nameof(ScalarMath.Select), operand, typeof(int), operand, operand));
                break;
            case Convert convert:
                EmitScalarConvert(convert);
                break;
            case Load load:
                if (load.Pointer.Space == AddressSpace.Global)
                    EmitPrefetch(load, 0, ElementPrefetchTurns);
                EmitScalar(load.Pointer);
                EmitScalarLoad(load.Type);
                break;
            case ElementAddress address:
                EmitScalarAddress(address);
                break;
            case Shuffle shuffle when shapes[shuffle.ShuffledValue].IsUniform:
                EmitScalar(shuffle.ShuffledValue);
                break;
            case Shuffle shuffle:
                EmitLaneOf(shuffle);
                break;
            default:
                throw new InvalidOperationException($"{kernel.Name}: no scalar form of {instruction.GetType().Name}");
        }
    }

    private static Type MathOf(Type type) => type == typeof(float) ? typeof(MathF) : typeof(Math);

    private void EmitScalarNormalize(IrType type)
    {
        if (type == IrType.I8)
            il.Op(OpCodes.Conv_U1);
        else if (type == IrType.I16)
            il.Op(OpCodes.Conv_U2);
    }

    private void EmitScalarUnary(Unary unary)
    {
        bool simple = unary.Op is UnaryOp.Neg or UnaryOp.Not;
        EmitScalar(unary.Operand, signed: !simple);
        if (unary is { Op: UnaryOp.Not, Type: IrType.Bool })
            Invert();
        else if (simple)
            il.Op(unary.Op == UnaryOp.Neg ? OpCodes.Neg : OpCodes.Not);
        else
            il.Call(ScalarMethod(unary));
        EmitScalarNormalize(unary.Type);
    }

    /// <summary>The scalar function behind an operation that IL has no instruction for.</summary>
    private static MethodInfo ScalarMethod(Unary unary)
    {
        Type type = ScalarClr(unary.Operand.Type);
        if (unary.Op == UnaryOp.RoundToEven)
            return VectorApi.Find(MathOf(type), "Round", null, type);
        bool ours = unary.Op is UnaryOp.Rsqrt or UnaryOp.Rcp or UnaryOp.Exp2 or UnaryOp.IsNaN or UnaryOp.IsInfinity or UnaryOp.IsFinite ||
            unary.Operand.Type.IsInteger();
        string width = unary.Operand.Type switch { IrType.I8 => "8", IrType.I16 => "16", _ => "" };
        bool counts = unary.Op is UnaryOp.LeadingZeroCount or UnaryOp.TrailingZeroCount or UnaryOp.PopCount;
        return VectorApi.Find(ours ? typeof(ScalarMath) : MathOf(type), unary.Op + (counts ? width : ""), null, type);
    }

    private void EmitScalarBinary(Binary binary)
    {
        bool signed = binary.Op is BinaryOp.Div or BinaryOp.Rem or BinaryOp.Min or BinaryOp.Max or BinaryOp.Shr;
        EmitScalar(binary.Left, signed);
        EmitScalar(binary.Right, signed && !binary.IsShift);
        if (binary.IsShift)
        {
            il.Int(SimdConfiguration.LaneBytes(binary.Type) * 8 - 1);
            il.Op(OpCodes.And);
        }
        if (SimpleCode(binary) is { } code)
            il.Op(code);
        else
            il.Call(ScalarMethod(binary));
        EmitScalarNormalize(binary.Type);
    }

    /// <summary>The IL instruction that does an operation, or null where there is none.</summary>
    private static OpCode? SimpleCode(Binary binary) => binary.Op switch
    {
        BinaryOp.Add => OpCodes.Add,
        BinaryOp.Sub => OpCodes.Sub,
        BinaryOp.Mul => OpCodes.Mul,
        BinaryOp.Div when binary.Type.IsFloat() => OpCodes.Div,
        BinaryOp.Rem when binary.Type.IsFloat() => OpCodes.Rem,
        BinaryOp.And => OpCodes.And,
        BinaryOp.Or => OpCodes.Or,
        BinaryOp.Xor => OpCodes.Xor,
        BinaryOp.Shl => OpCodes.Shl,
        BinaryOp.Shr => OpCodes.Shr,
        BinaryOp.ShrUnsigned => OpCodes.Shr_Un,
        _ => null,
    };

    private static MethodInfo ScalarMethod(Binary binary)
    {
        Type type = ScalarClr(binary.Type);
        bool math = binary.Type.IsFloat() ? binary.Op != BinaryOp.Rem : binary.Op is BinaryOp.Min or BinaryOp.Max;
        return VectorApi.Find(math ? MathOf(type) : typeof(ScalarMath), binary.Op.ToString(), null, type, ScalarClr(binary.Right.Type));
    }

    private void EmitScalarCompare(Compare compare)
    {
        CompareOp op = compare.Op;
        bool isFloat = compare.Left.Type.IsFloat();
        foreach (Value operand in compare.Operands)
        {
            EmitScalar(operand, signed: op is CompareOp.Lt or CompareOp.Le or CompareOp.Gt or CompareOp.Ge);
        }
        // For floats clt.un and cgt.un are true when an operand is NaN; for integers they compare without sign.
        (OpCode code, bool negated) = op switch
        {
            CompareOp.Eq => (OpCodes.Ceq, false),
            CompareOp.Ne => (OpCodes.Ceq, true),
            CompareOp.Lt => (OpCodes.Clt, false),
            CompareOp.Le => (isFloat ? OpCodes.Cgt_Un : OpCodes.Cgt, true),
            CompareOp.Gt => (OpCodes.Cgt, false),
            CompareOp.Ge => (isFloat ? OpCodes.Clt_Un : OpCodes.Clt, true),
            CompareOp.LtUnsigned or CompareOp.LtOrUnordered => (OpCodes.Clt_Un, false),
            CompareOp.LeUnsigned or CompareOp.LeOrUnordered => (isFloat ? OpCodes.Cgt : OpCodes.Cgt_Un, true),
            CompareOp.GtUnsigned or CompareOp.GtOrUnordered => (OpCodes.Cgt_Un, false),
            _ => (isFloat ? OpCodes.Clt : OpCodes.Clt_Un, true),
        };
        il.Op(code);
        if (negated)
            Invert();
    }

    private void EmitScalarConvert(Convert convert)
    {
        (ConvertOp op, IrType type) = (convert.Op, convert.Type);
        EmitScalar(convert.Operand, signed: op is ConvertOp.SignExtend or ConvertOp.SignedToFloat);
        if (op == ConvertOp.UnsignedToFloat)
            il.Op(OpCodes.Conv_R_Un);
        OpCode? code = op switch
        {
            ConvertOp.SignExtend when type == IrType.I64 => OpCodes.Conv_I8,
            ConvertOp.ZeroExtend when type == IrType.I64 => OpCodes.Conv_U8,
            ConvertOp.Truncate when convert.Operand.Type == IrType.I64 => OpCodes.Conv_I4,
            ConvertOp.SignedToFloat or ConvertOp.UnsignedToFloat => type == IrType.F64 ? OpCodes.Conv_R8 : OpCodes.Conv_R4,
            ConvertOp.FloatToSigned => type == IrType.I64 ? OpCodes.Conv_I8 : OpCodes.Conv_I4,
            ConvertOp.FloatToUnsigned => type == IrType.I64 ? OpCodes.Conv_U8 : OpCodes.Conv_U4,
            _ => null,
        };
        if (code is { } simple)
            il.Op(simple);
        else if (ScalarMethod(convert) is { } method)
            il.Call(method);
        if (op == ConvertOp.Truncate && type == IrType.Bool)
        {
            il.Int(1);
            il.Op(OpCodes.And);
        }
        if (op is ConvertOp.SignExtend or ConvertOp.Truncate or ConvertOp.FloatToSigned or ConvertOp.FloatToUnsigned)
            EmitScalarNormalize(type);
    }

    /// <summary>The scalar function of a conversion, or null where the two types look the same on the evaluation stack.</summary>
    private static MethodInfo? ScalarMethod(Convert convert)
    {
        string? name = (convert.Op, convert.Operand.Type, convert.Type) switch
        {
            (ConvertOp.FloatToFloat, IrType.F16, IrType.F32) => nameof(ScalarMath.HalfToSingle),
            (ConvertOp.FloatToFloat, IrType.F16, _) => nameof(ScalarMath.HalfToDouble),
            (ConvertOp.FloatToFloat, _, IrType.F16) => nameof(ScalarMath.ToHalf),
            (ConvertOp.FloatToFloat, _, IrType.F32) => nameof(ScalarMath.ToSingle),
            (ConvertOp.FloatToFloat, _, _) => nameof(ScalarMath.ToDouble),
            (ConvertOp.Bitcast, IrType.F32, IrType.I32) => nameof(BitConverter.SingleToInt32Bits),
            (ConvertOp.Bitcast, IrType.I32, IrType.F32) => nameof(BitConverter.Int32BitsToSingle),
            (ConvertOp.Bitcast, IrType.F64, IrType.I64) => nameof(BitConverter.DoubleToInt64Bits),
            (ConvertOp.Bitcast, IrType.I64, IrType.F64) => nameof(BitConverter.Int64BitsToDouble),
            _ => null,
        };
        Type holder = convert.Op == ConvertOp.Bitcast ? typeof(BitConverter) : typeof(ScalarMath);
        return name is null ? null : VectorApi.Find(holder, name, null, ScalarClr(convert.Operand.Type));
    }

    /// <summary>address → value</summary>
    private void EmitScalarLoad(IrType type)
    {
        if (type.SizeOf() == 1)
            il.Op(OpCodes.Ldind_U1);
        else
            il.LoadObject(type.SizeOf() == 2 ? typeof(ushort) : ScalarClr(type));
        if (type != IrType.Bool)
            return;
        il.Int(0);
        il.Op(OpCodes.Cgt_Un);
    }

    /// <summary>address, value →</summary>
    private void EmitScalarStore(IrType type)
    {
        if (type.SizeOf() == 1)
            il.Op(OpCodes.Stind_I1);
        else
            il.StoreObject(type.SizeOf() == 2 ? typeof(ushort) : ScalarClr(type));
    }

    private void EmitScalarAddress(ElementAddress address)
    {
        EmitScalar(address.Pointer);
        if (address.Index is Constant constant)
        {
            il.AddOffset(constant.SignedValue * localMemory.ScaleOf(address) + localMemory.OffsetOf(address));
            return;
        }
        EmitScalar(address.Index);
        if (address.Index.Type == IrType.I32)
            il.Op(OpCodes.Conv_I8);
        int scale = localMemory.ScaleOf(address);
        if (scale != 1)
        {
            il.Long(scale);
            il.Op(OpCodes.Mul);
        }
        il.Op(OpCodes.Add);
        il.AddOffset(localMemory.OffsetOf(address));
    }

    /// <summary>A shuffle whose source lane is the same for all: that lane's value.</summary>
    private void EmitLaneOf(Shuffle shuffle)
    {
        EmitSpill(0, shuffle.ShuffledValue);
        EmitLaneBuffer(0);
        EmitScalar(shuffle.Lane);
        il.Int(configuration.Lanes - 1);
        il.Op(OpCodes.And);
        il.AddScaled(SimdConfiguration.LaneBytes(shuffle.Type));
        il.LoadObject(ScalarClr(shuffle.Type));
        if (shuffle.Type == IrType.Bool)
            il.Op(OpCodes.Neg);
    }
}
