using System.Numerics;
using GpuVae.Simd.Ir;
using Convert = GpuVae.Simd.Ir.Convert;

namespace GpuVae.Simd.Frontend;

/// <summary>
/// Appends instructions, folding what is constant already: branches on constants must be decided while the kernel is built, so that
/// code behind <c>if (CudaAsm.IsSupported)</c> or a specialised value is never visited on the other side.
/// </summary>
internal sealed class Emitter(SsaBuilder ssa)
{
    public Value Unary(UnaryOp op, Value operand)
    {
        operand = ssa.Resolve(operand);
        // Other functions stay, so that a constant argument gives what any other gives.
        if (operand is Constant constant && operand.Type != IrType.F16 && op.IsExact())
            return Constant.FromBits(Ir.Unary.ResultType(op, operand.Type), ScalarEvaluator.Evaluate(op, operand.Type, constant.Bits));
        if (op == UnaryOp.Not && operand.Type == IrType.Bool)
        {
            if (operand is Unary { Op: UnaryOp.Not } inner)
                return ssa.Resolve(inner.Operand);
            if (operand is Compare compare)
                return Compare(compare.Inverse, compare.Left, compare.Right);
        }
        return ssa.Emit(new Unary(op, operand));
    }

    public Value Binary(BinaryOp op, Value left, Value right)
    {
        left = ssa.Resolve(left);
        right = ssa.Resolve(right);
        if (left is Constant a && right is Constant b && left.Type != IrType.Pointer && op is not (BinaryOp.Pow or BinaryOp.Atan2)
            && !ScalarEvaluator.IsUndefined(op, left.Type, b.Bits))
        {
            return Constant.FromBits(left.Type, ScalarEvaluator.Evaluate(op, left.Type, a.Bits, b.Bits));
        }
        if (left.Type.IsInteger() && right is Constant { Bits: 0 }
            && op is BinaryOp.Add or BinaryOp.Sub or BinaryOp.Or or BinaryOp.Xor or BinaryOp.Shl or BinaryOp.Shr or BinaryOp.ShrUnsigned)
        {
            return left;
        }
        if (left.Type.IsInteger() && left is Constant { Bits: 0 } && op is BinaryOp.Add or BinaryOp.Or or BinaryOp.Xor)
            return right;
        if (left.Type.IsInteger() && op == BinaryOp.Mul)
        {
            if (right is Constant { Bits: 1 } || left is Constant { Bits: 0 })
                return left;
            if (left is Constant { Bits: 1 } || right is Constant { Bits: 0 })
                return right;
        }
        if (left.Type == IrType.I32 && op is BinaryOp.And or BinaryOp.Or or BinaryOp.Xor
            && AsBool(left) is { } x && AsBool(right) is { } y && !(left is Constant && right is Constant))
        {
            return Extend(LogicalBinary(op, x, y));
        }
        return ssa.Emit(new Binary(op, left, right));
    }

    public Value Compare(CompareOp op, Value left, Value right)
    {
        left = ssa.Resolve(left);
        right = ssa.Resolve(right);
        if (left is Constant a && right is Constant b)
            return Constant.Bool(ScalarEvaluator.Evaluate(op, left.Type, a.Bits, b.Bits));
        if (op is CompareOp.Eq or CompareOp.Ne && AsBool(left) is { } x && AsBool(right) is { } y)
        {
            if (x is Constant)
                (x, y) = (y, x);
            if (y is not Constant known)
                return LogicalBinaryNot(ssa.Emit(new Binary(BinaryOp.Xor, x, y)), op == CompareOp.Eq);
            return LogicalBinaryNot(x, (known.Bits == 0) == (op == CompareOp.Eq));
        }
        // cgt.un against zero is how compilers write "not zero".
        if (op == CompareOp.GtUnsigned && right is Constant { Bits: 0 })
            return Compare(CompareOp.Ne, left, right);
        return ssa.Emit(new Compare(op, left, right));

        Value LogicalBinaryNot(Value value, bool negate) => negate ? Unary(UnaryOp.Not, value) : value;
    }

    public Value Convert(ConvertOp op, Value operand, IrType type)
    {
        operand = ssa.Resolve(operand);
        if (op == ConvertOp.Bitcast && operand.Type == type)
            return operand;
        if (operand is Constant constant && operand.Type != IrType.Pointer && type != IrType.Pointer)
            return Constant.FromBits(type, ScalarEvaluator.Evaluate(op, operand.Type, type, constant.Bits));
        if (operand is Convert inner)
        {
            Value source = ssa.Resolve(inner.Operand);
            bool widened = inner.Op is ConvertOp.SignExtend or ConvertOp.ZeroExtend;
            if (op == ConvertOp.Truncate && widened && source.Type != IrType.Bool)
            {
                if (source.Type == type)
                    return source;
                return source.Type.SizeOf() > type.SizeOf() ? Convert(op, source, type) : Convert(inner.Op, source, type);
            }
            if (widened && (op == inner.Op || (op == ConvertOp.SignExtend && inner.Op == ConvertOp.ZeroExtend)))
                return Convert(inner.Op, source, type);
            if (op == ConvertOp.Bitcast && inner.Op == ConvertOp.Bitcast)
                return Convert(op, source, type);
            if (op == ConvertOp.Truncate && inner.Op == ConvertOp.Truncate)
                return Convert(op, source, type);
        }
        return ssa.Emit(new Convert(op, operand, type));
    }

    /// <summary>The Bool that an I32 was widened from, or null where it may be anything but 0 and 1.</summary>
    public Value? AsBool(Value value)
    {
        value = ssa.Resolve(value);
        return value switch
        {
            { Type: IrType.Bool } => value,
            Convert { Op: ConvertOp.ZeroExtend, Operand: { Type: IrType.Bool } inner } => ssa.Resolve(inner),
            Constant { Type: IrType.I32, Bits: 0 or 1 } constant => Constant.Bool(constant.Bits != 0),
            _ => null,
        };
    }

    public Value ToBool(Value value) =>
        AsBool(value) ?? Compare(
            CompareOp.Ne, value, value.Type == IrType.Pointer ? Constant.Null(value.Space) : Constant.FromBits(value.Type, 0));

    /// <summary>Bool as the I32 that the IL stack holds.</summary>
    public Value Extend(Value condition) => Convert(ConvertOp.ZeroExtend, condition, IrType.I32);

    /// <summary>A pointer moved by a constant number of bytes.</summary>
    public Value Offset(Value pointer, int bytes)
    {
        pointer = ssa.Resolve(pointer);
        if (bytes == 0)
            return pointer;
        return pointer is ElementAddress address
            ? ssa.Emit(
                new ElementAddress(ssa.Resolve(address.Pointer), ssa.Resolve(address.Index), address.ElementSize, address.Offset + bytes))
            : ssa.Emit(new ElementAddress(pointer, Constant.Int(0), 1, bytes));
    }

    /// <summary>A pointer moved by a number of elements.</summary>
    public Value Element(Value pointer, Value index, int elementSize)
    {
        index = ssa.Resolve(index);
        if (index is Convert { Op: ConvertOp.SignExtend, Operand: { Type: IrType.I32 } narrow })
            index = ssa.Resolve(narrow);
        if (index is Constant { Bits: 0 })
            return ssa.Resolve(pointer);
        if (ssa.Resolve(pointer) is ElementAddress
            && index is Constant constant && constant.SignedValue * elementSize is >= int.MinValue and <= int.MaxValue and var bytes)
        {
            return Offset(pointer, (int)bytes);
        }
        return ssa.Emit(new ElementAddress(ssa.Resolve(pointer), index, elementSize));
    }

    /// <summary>A pointer moved by a number of bytes; a multiplication by the element size becomes the scale of the address.</summary>
    public Value AddBytes(Value pointer, Value bytes, bool subtract)
    {
        bytes = ssa.Resolve(bytes);
        if (subtract)
            bytes = Negate(bytes);
        if (bytes is Convert { Op: ConvertOp.SignExtend, Operand: Binary { Op: BinaryOp.Mul } product })
            bytes = product;
        if (bytes is Binary { Op: BinaryOp.Mul } scaled)
        {
            if (ssa.Resolve(scaled.Right) is Constant { SignedValue: > 0 and < int.MaxValue } right)
                return Element(pointer, scaled.Left, (int)right.SignedValue);
            if (ssa.Resolve(scaled.Left) is Constant { SignedValue: > 0 and < int.MaxValue } left)
                return Element(pointer, scaled.Right, (int)left.SignedValue);
        }
        return Element(pointer, bytes, 1);

        Value Negate(Value value) =>
            value is Binary { Op: BinaryOp.Mul } p && ssa.Resolve(p.Right) is Constant { SignedValue: > 0 }
                ? Binary(BinaryOp.Mul, Unary(UnaryOp.Neg, p.Left), p.Right)
                : Unary(UnaryOp.Neg, value);
    }

    /// <summary>
    /// The largest power of two that divides an address known to be a multiple of <paramref name="alignment"/>, moved by an offset.
    /// </summary>
    public static int AlignmentAt(int alignment, int offset) =>
        offset == 0 ? alignment : Math.Min(alignment, 1 << BitOperations.TrailingZeroCount(offset));

    private Value LogicalBinary(BinaryOp op, Value x, Value y)
    {
        if (x is Constant)
            (x, y) = (y, x);
        if (y is Constant known)
        {
            return (op, known.Bits != 0) switch
            {
                (BinaryOp.And, false) or (BinaryOp.Or, true) => known,
                (BinaryOp.Xor, true) => Unary(UnaryOp.Not, x),
                _ => x,
            };
        }
        return ssa.Emit(new Binary(op, x, y));
    }
}
