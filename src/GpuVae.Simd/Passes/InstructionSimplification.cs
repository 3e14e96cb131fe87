using System.Numerics;
using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Passes;

/// <summary>
/// Constant folding, copy propagation and algebraic identities in one walk. Integers wrap, so they form a ring and may be regrouped;
/// floats are only rewritten where every input, NaN, infinity and signed zero included, gives the same bits.
/// </summary>
internal sealed class InstructionSimplification
{
    private readonly BodyRewriter rewriter = new();

    public static bool Run(IrKernel kernel) => new InstructionSimplification().RunOn(kernel);

    private bool RunOn(IrKernel kernel)
    {
        bool changed = false;
        foreach (BasicBlock block in kernel.Blocks)
        {
            changed |= SimplifyPhis(block);
            changed |= rewriter.Run(block, instruction => instruction.Type == IrType.Void ? null : Simplify(instruction));
        }
        return changed;
    }

    private static bool SimplifyPhis(BasicBlock block)
    {
        bool changed = false;
        for (int i = block.Phis.Count - 1; i >= 0; i--)
        {
            Phi phi = block.Phis[i];
            Value? only = null;
            bool same = true;
            for (int k = 0; k < phi.Operands.Count && same; k++)
            {
                Value operand = phi.Operands[k];
                if (ReferenceEquals(operand, phi))
                    continue;
                same = only is null || Constant.AreSame(only, operand);
                only ??= operand;
            }
            if (!same || only is null)
                continue;
            phi.ReplaceAllUsesWith(only);
            block.Remove(phi);
            changed = true;
        }
        return changed;
    }

    private T Add<T>(T instruction) where T : Instruction => rewriter.Add(instruction);

    private Value? Simplify(Instruction instruction)
    {
        if (ConstantEvaluator.Evaluate(instruction) is { } constant)
            return constant;
        return instruction switch
        {
            Unary unary => SimplifyUnary(unary),
            Binary binary => binary.Type.IsFloat() ? SimplifyFloat(binary) : SimplifyInteger(binary),
            Compare compare => SimplifyCompare(compare),
            Ir.Convert convert => SimplifyConvert(convert),
            Select select => SimplifySelect(select),
            _ => null,
        };
    }

    private Value? SimplifyUnary(Unary unary)
    {
        if (unary.Operand is Unary inner)
        {
            if (unary.Op == inner.Op && unary.Op is UnaryOp.Neg or UnaryOp.Not)
                return inner.Operand;
            if (unary.Op == UnaryOp.Abs && (inner.Op == UnaryOp.Abs || (inner.Op == UnaryOp.Neg && unary.Type.IsFloat())))
                return inner.Op == UnaryOp.Abs ? inner : Add(new Unary(UnaryOp.Abs, inner.Operand));
        }
        if (unary is { Op: UnaryOp.Not, Operand: Compare compare })
            return Add(new Compare(compare.Inverse, compare.Left, compare.Right));
        return null;
    }

    private static bool IsCommutative(BinaryOp op) => op is BinaryOp.Add or BinaryOp.Mul or BinaryOp.And or BinaryOp.Or or BinaryOp.Xor
        or BinaryOp.Min or BinaryOp.Max or BinaryOp.MinUnsigned or BinaryOp.MaxUnsigned or BinaryOp.MulHighUnsigned;

    private Value? SimplifyInteger(Binary binary)
    {
        (Value left, Value right) = (binary.Left, binary.Right);
        if (left is Constant && right is not Constant && IsCommutative(binary.Op))
            return Add(new Binary(binary.Op, right, left));
        if (ReferenceEquals(left, right))
        {
            switch (binary.Op)
            {
                case BinaryOp.Sub or BinaryOp.Xor:
                    return Constant.FromBits(binary.Type, 0);
                case BinaryOp.And or BinaryOp.Or or BinaryOp.Min or BinaryOp.Max or BinaryOp.MinUnsigned or BinaryOp.MaxUnsigned:
                    return left;
            }
        }
        if (right is Constant c)
            return SimplifyWithConstant(binary, left, c);
        if (binary.Op == BinaryOp.Sub && left is Constant { Bits: 0 })
            return Add(new Unary(UnaryOp.Neg, right));
        if (right is Unary { Op: UnaryOp.Neg } negated && binary.Op is BinaryOp.Add or BinaryOp.Sub)
            return Add(new Binary(binary.Op == BinaryOp.Add ? BinaryOp.Sub : BinaryOp.Add, left, negated.Operand));
        // (x + c) + y and (x + c) - y: constants move outwards, where address arithmetic folds them.
        if (binary.Op is BinaryOp.Add or BinaryOp.Sub && left is Binary { Op: BinaryOp.Add, Right: Constant lc, Users.Count: 1 } l)
            return Add(new Binary(BinaryOp.Add, Add(new Binary(binary.Op, l.Left, right)), lc));
        if (binary.Op == BinaryOp.Add && right is Binary { Op: BinaryOp.Add, Right: Constant rc, Users.Count: 1 } r)
            return Add(new Binary(BinaryOp.Add, Add(new Binary(BinaryOp.Add, left, r.Left)), rc));
        // Both sides are 0 or 1: do the logic on Bool.
        if (binary.Op is BinaryOp.And or BinaryOp.Or or BinaryOp.Xor && IsBoolean(left) is { } p && IsBoolean(right) is { } q)
            return Add(new Ir.Convert(ConvertOp.ZeroExtend, Add(new Binary(binary.Op, p, q)), binary.Type));
        return null;
    }

    /// <summary>The Bool that was widened to make this integer, or null.</summary>
    private static Value? IsBoolean(Value value) =>
        value is Ir.Convert { Op: ConvertOp.ZeroExtend, Operand: { Type: IrType.Bool } operand } ? operand : null;

    private Value? SimplifyWithConstant(Binary binary, Value left, Constant c)
    {
        IrType type = binary.Type;
        bool isZero = c.Bits == 0, isOne = c.Bits == 1;
        bool isAllOnes = c.SignedValue == -1 || (type == IrType.Bool && isOne);
        switch (binary.Op)
        {
            case BinaryOp.Sub:
                return isZero ? left : Add(new Binary(BinaryOp.Add, left, Constant.FromBits(type, 0 - c.Bits)));
            case BinaryOp.Add when isZero:
            case BinaryOp.Or or BinaryOp.Xor when isZero:
            case BinaryOp.Mul or BinaryOp.Div or BinaryOp.DivUnsigned when isOne:
            case BinaryOp.And when isAllOnes:
                return left;
            case BinaryOp.Shl or BinaryOp.Shr or BinaryOp.ShrUnsigned when (c.Bits & (uint)(type.SizeOf() * 8 - 1)) == 0:
                return left;
            case BinaryOp.Mul or BinaryOp.And when isZero:
                return c;
            case BinaryOp.Rem or BinaryOp.RemUnsigned when isOne:
                return Constant.FromBits(type, 0);
            case BinaryOp.Or when isAllOnes:
                return c;
            case BinaryOp.Xor when isAllOnes:
                return Add(new Unary(UnaryOp.Not, left));
            case BinaryOp.Mul when c.SignedValue == -1:
                return Add(new Unary(UnaryOp.Neg, left));
            case BinaryOp.Shl:
                // One canonical form for scaling; FinalForms turns powers of two back into shifts.
                return Add(new Binary(BinaryOp.Mul, left, Constant.FromBits(type, 1UL << (int)(c.Bits & (uint)(type.SizeOf() * 8 - 1)))));
            case BinaryOp.DivUnsigned when BitOperations.IsPow2(c.Bits):
                return Add(new Binary(BinaryOp.ShrUnsigned, left, Constant.Int(BitOperations.Log2(c.Bits))));
            case BinaryOp.RemUnsigned when BitOperations.IsPow2(c.Bits):
                return Add(new Binary(BinaryOp.And, left, Constant.FromBits(type, c.Bits - 1)));
            case BinaryOp.Div when c.SignedValue > 1 && BitOperations.IsPow2(c.Bits):
                return DividePowerOfTwo(left, BitOperations.Log2(c.Bits));
            case BinaryOp.Rem when c.SignedValue > 1 && BitOperations.IsPow2(c.Bits):
                if (IsNonNegative(left))
                    return Add(new Binary(BinaryOp.And, left, Constant.FromBits(type, c.Bits - 1)));
                Value quotient = DividePowerOfTwo(left, BitOperations.Log2(c.Bits));
                return Add(new Binary(BinaryOp.Sub, left, Add(new Binary(BinaryOp.Mul, quotient, c))));
        }

        if (binary.Op == BinaryOp.Xor && isOne && IsBoolean(left) is { } boolean)
            return Add(new Ir.Convert(ConvertOp.ZeroExtend, Add(new Unary(UnaryOp.Not, boolean)), type));
        if (binary.Op == BinaryOp.And && isOne && IsBoolean(left) is not null)
            return left;
        if (left is Binary { Right: Constant innerConstant } inner)
        {
            bool regroups = inner.Op is BinaryOp.Add or BinaryOp.Mul or BinaryOp.And or BinaryOp.Or or BinaryOp.Xor;
            if (regroups && inner.Op == binary.Op && ConstantEvaluator.Binary(binary.Op, innerConstant, c) is { } folded)
                return Add(new Binary(binary.Op, inner.Left, folded));
            // (x + a) * b = x * b + a * b
            if (binary.Op == BinaryOp.Mul && inner is { Op: BinaryOp.Add, Users.Count: 1 } &&
                ConstantEvaluator.Binary(BinaryOp.Mul, innerConstant, c) is { } product)
            {
                return Add(new Binary(BinaryOp.Add, Add(new Binary(BinaryOp.Mul, inner.Left, c)), product));
            }
        }
        if (binary.Op == BinaryOp.And && left is Ir.Convert { Op: ConvertOp.ZeroExtend } widened &&
            (c.Bits & Mask(widened.Operand.Type)) == Mask(widened.Operand.Type))
        {
            return left;
        }
        return null;
    }

    /// <summary>Rounds towards zero: negative dividends are first raised by the divisor less one.</summary>
    private Value DividePowerOfTwo(Value dividend, int shift)
    {
        if (!IsNonNegative(dividend))
        {
            int width = dividend.Type.SizeOf() * 8;
            Binary sign = Add(new Binary(BinaryOp.Shr, dividend, Constant.Int(width - 1)));
            dividend = Add(new Binary(BinaryOp.Add, dividend, Add(new Binary(BinaryOp.ShrUnsigned, sign, Constant.Int(width - shift)))));
        }
        return Add(new Binary(BinaryOp.Shr, dividend, Constant.Int(shift)));
    }

    private static ulong Mask(IrType type) => type.Cut(ulong.MaxValue);

    /// <summary>What the sign bit can be told from without looking far.</summary>
    private static bool IsNonNegative(Value value, int depth = 0) => value switch
    {
        Constant c => c.SignedValue >= 0,
        Geometry => true,
        Ir.Convert { Op: ConvertOp.ZeroExtend } => true,
        Binary { Op: BinaryOp.And, Right: Constant { SignedValue: >= 0 } } => true,
        Binary { Op: BinaryOp.ShrUnsigned, Right: Constant c } => (c.Bits & (uint)(value.Type.SizeOf() * 8 - 1)) != 0,
        Binary { Op: BinaryOp.Shr or BinaryOp.Rem } b when depth < 4 => IsNonNegative(b.Left, depth + 1),
        Binary { Op: BinaryOp.Div, Right: Constant { SignedValue: > 0 } } b when depth < 4 => IsNonNegative(b.Left, depth + 1),
        _ => false,
    };

    private Value? SimplifyFloat(Binary binary)
    {
        (Value left, Value right) = (binary.Left, binary.Right);
        if (left is Constant && right is not Constant && binary.Op is BinaryOp.Add or BinaryOp.Mul)
            return Add(new Binary(binary.Op, right, left));
        Value? negatedLeft = left is Unary { Op: UnaryOp.Neg } nl ? nl.Operand : null;
        Value? negatedRight = right is Unary { Op: UnaryOp.Neg } nr ? nr.Operand : null;
        switch (binary.Op)
        {
            case BinaryOp.Add when negatedRight is not null:
                return Add(new Binary(BinaryOp.Sub, left, negatedRight));
            case BinaryOp.Add when negatedLeft is not null:
                return Add(new Binary(BinaryOp.Sub, right, negatedLeft));
            case BinaryOp.Sub when negatedRight is not null:
                return Add(new Binary(BinaryOp.Add, left, negatedRight));
            case BinaryOp.Mul or BinaryOp.Div when negatedLeft is not null && negatedRight is not null:
                return Add(new Binary(binary.Op, negatedLeft, negatedRight));
            // x + -0 and x - 0 are x for every x; x + 0 is not, for x = -0.
            case BinaryOp.Add when right is Constant c && IsValue(c, -0.0):
            case BinaryOp.Sub when right is Constant d && IsValue(d, 0.0):
            case BinaryOp.Mul or BinaryOp.Div when right is Constant e && IsValue(e, 1.0):
                return left;
            case BinaryOp.Mul or BinaryOp.Div when right is Constant f && IsValue(f, -1.0):
                return Add(new Unary(UnaryOp.Neg, left));
            case BinaryOp.Mul or BinaryOp.Div when right is Constant g && negatedLeft is not null:
                return Add(new Binary(binary.Op, negatedLeft, ConstantEvaluator.Unary(UnaryOp.Neg, g)!));
            case BinaryOp.Div when right is Constant h && ExactReciprocal(h) is { } reciprocal:
                return Add(new Binary(BinaryOp.Mul, left, reciprocal));
            case BinaryOp.Min or BinaryOp.Max when ReferenceEquals(left, right):
                return left;
            default:
                return null;
        }
    }

    private static bool IsValue(Constant constant, double value) =>
        constant.Type == IrType.F32
            ? constant.Bits == BitConverter.SingleToUInt32Bits((float)value)
            : constant.Bits == BitConverter.DoubleToUInt64Bits(value);

    /// <summary>1/c where it loses nothing: c is a power of two and 1/c is a normal number.</summary>
    private static Constant? ExactReciprocal(Constant c)
    {
        if (c.Type == IrType.F32)
        {
            float x = c.FloatValue;
            return (c.Bits & 0x7FFFFF) == 0 && float.IsNormal(x) && float.IsNormal(1 / x) ? Constant.Float(1 / x) : null;
        }
        if (c.Type != IrType.F64)
            return null;
        double y = c.DoubleValue;
        return (c.Bits & 0xFFFFFFFFFFFFF) == 0 && double.IsNormal(y) && double.IsNormal(1 / y) ? Constant.Double(1 / y) : null;
    }

    private Value? SimplifyCompare(Compare compare)
    {
        (Value left, Value right) = (compare.Left, compare.Right);
        bool isFloat = left.Type.IsFloat();
        if (left is Constant && right is not Constant)
            return Add(new Compare(compare.Op.Mirrored(), right, left));
        if (isFloat || left.Type == IrType.Pointer)
            return null;
        if (ReferenceEquals(left, right))
        {
            return Constant.Bool(
                compare.Op is CompareOp.Eq or CompareOp.Le or CompareOp.Ge or CompareOp.LeUnsigned or CompareOp.GeUnsigned);
        }
        if (right is not Constant c)
            return null;

        switch (compare.Op)
        {
            case CompareOp.GtUnsigned when c.Bits == 0:
                return Add(new Compare(CompareOp.Ne, left, right));
            case CompareOp.LeUnsigned when c.Bits == 0:
            case CompareOp.LtUnsigned when c.Bits == 1:
                return Add(new Compare(CompareOp.Eq, left, Constant.FromBits(left.Type, 0)));
            case CompareOp.GeUnsigned when c.Bits == 0:
                return Constant.Bool(true);
            case CompareOp.LtUnsigned when c.Bits == 0:
                return Constant.Bool(false);
            case CompareOp.GeUnsigned when c.Bits == 1:
                return Add(new Compare(CompareOp.Ne, left, Constant.FromBits(left.Type, 0)));
            case CompareOp.Lt when c.Bits == 0 && IsNonNegative(left):
                return Constant.Bool(false);
            case CompareOp.Ge when c.Bits == 0 && IsNonNegative(left):
                return Constant.Bool(true);
            case CompareOp.Eq or CompareOp.Ne:
                return SimplifyEquality(compare.Op == CompareOp.Eq, left, c);
        }
        return null;
    }

    private Value? SimplifyEquality(bool equal, Value left, Constant c)
    {
        if (left.Type == IrType.Bool)
            return equal == (c.Bits != 0) ? left : Add(new Unary(UnaryOp.Not, left));
        switch (left)
        {
            case Ir.Convert { Op: ConvertOp.ZeroExtend or ConvertOp.SignExtend } widened:
                // Compare before widening; a constant that no narrow value widens to is never equal.
                var narrow = Constant.FromBits(widened.Operand.Type, c.Bits);
                if (ConstantEvaluator.Convert(widened.Op, narrow, left.Type)!.Bits != c.Bits)
                    return Constant.Bool(!equal);
                return Add(new Compare(equal ? CompareOp.Eq : CompareOp.Ne, widened.Operand, narrow));
            case Select { WhenTrue: Constant a, WhenFalse: Constant b } select:
                bool first = a.Bits == c.Bits == equal, second = b.Bits == c.Bits == equal;
                if (first == second)
                    return Constant.Bool(first);
                return first ? select.Condition : Add(new Unary(UnaryOp.Not, select.Condition));
            case Binary { Op: BinaryOp.Add, Right: Constant offset } sum:
                return Add(new Compare(equal ? CompareOp.Eq : CompareOp.Ne, sum.Left, Constant.FromBits(c.Type, c.Bits - offset.Bits)));
            default:
                return null;
        }
    }

    /// <summary>
    /// The low half of a wide sum or product needs only the low halves of its operands, and the high half of a product of widened
    /// I32 is one operation: 64-bit arithmetic on 32-bit lanes costs a vector machine several times as much.
    /// </summary>
    private Value? Narrow(Ir.Convert convert)
    {
        if (convert is not { Op: ConvertOp.Truncate, Type: IrType.I32, Operand: Binary { Type: IrType.I64 } wide })
            return null;
        if (wide.Op is BinaryOp.Add or BinaryOp.Sub or BinaryOp.Mul or BinaryOp.And or BinaryOp.Or or BinaryOp.Xor &&
            LowHalf(wide.Left) is { } left && LowHalf(wide.Right) is { } right)
        {
            return Add(new Binary(wide.Op, left, right));
        }
        if (wide is { Op: BinaryOp.ShrUnsigned or BinaryOp.Shr, Right: Constant { Bits: 32 }, Left: Binary { Op: BinaryOp.Mul } product } &&
            Unsigned32(product.Left) is { } a && Unsigned32(product.Right) is { } b)
        {
            return Add(new Binary(BinaryOp.MulHighUnsigned, a, b));
        }
        return null;

        static Value? LowHalf(Value value) => value switch
        {
            Constant constant => Constant.FromBits(IrType.I32, constant.Bits),
            Ir.Convert { Op: ConvertOp.ZeroExtend or ConvertOp.SignExtend, Operand: { Type: IrType.I32 } narrow } => narrow,
            _ => null,
        };

        static Value? Unsigned32(Value value) => value switch
        {
            Constant { Bits: <= uint.MaxValue } constant => Constant.FromBits(IrType.I32, constant.Bits),
            Ir.Convert { Op: ConvertOp.ZeroExtend, Operand: { Type: IrType.I32 } narrow } => narrow,
            _ => null,
        };
    }

    private Value? SimplifyConvert(Ir.Convert convert)
    {
        if (Narrow(convert) is { } narrowed)
            return narrowed;
        if (convert.Operand is not Ir.Convert inner)
            return convert.Op == ConvertOp.Bitcast && convert.Type == convert.Operand.Type ? convert.Operand : null;
        Value source = inner.Operand;
        switch (convert.Op, inner.Op)
        {
            case (ConvertOp.Bitcast, ConvertOp.Bitcast):
                return Reduce(ConvertOp.Bitcast, source, convert.Type);
            case (ConvertOp.SignExtend, ConvertOp.SignExtend):
                return Reduce(ConvertOp.SignExtend, source, convert.Type);
            case (ConvertOp.ZeroExtend or ConvertOp.SignExtend, ConvertOp.ZeroExtend):
                return Reduce(ConvertOp.ZeroExtend, source, convert.Type);
            case (ConvertOp.Truncate, ConvertOp.Truncate):
                return Reduce(ConvertOp.Truncate, source, convert.Type);
            case (ConvertOp.Truncate, ConvertOp.SignExtend or ConvertOp.ZeroExtend) when source.Type != IrType.Bool:
                if (source.Type == convert.Type)
                    return source;
                return source.Type.SizeOf() < convert.Type.SizeOf()
                    ? Reduce(inner.Op, source, convert.Type)
                    : Reduce(ConvertOp.Truncate, source, convert.Type);
            case (ConvertOp.Truncate, ConvertOp.ZeroExtend) when convert.Type != IrType.Bool:
                return Reduce(ConvertOp.ZeroExtend, source, convert.Type);
            // (byte)x and (sbyte)x kept in the wide type: no narrow vectors in between.
            case (ConvertOp.ZeroExtend, ConvertOp.Truncate) when source.Type == convert.Type && inner.Type != IrType.Bool:
                return Add(new Binary(BinaryOp.And, source, Constant.FromBits(source.Type, Mask(inner.Type))));
            case (ConvertOp.SignExtend, ConvertOp.Truncate) when source.Type == convert.Type && inner.Type != IrType.Bool:
                var unused = Constant.Int((source.Type.SizeOf() - inner.Type.SizeOf()) * 8);
                return Add(new Binary(BinaryOp.Shr, Add(new Binary(BinaryOp.Shl, source, unused)), unused));
            case (ConvertOp.FloatToFloat, ConvertOp.FloatToFloat)
                when source.Type == convert.Type && source.Type.SizeOf() < inner.Type.SizeOf():
                return source;
            default:
                return null;
        }

        Value Reduce(ConvertOp op, Value operand, IrType type) =>
            operand.Type == type && op == ConvertOp.Bitcast ? operand : Add(new Ir.Convert(op, operand, type));
    }

    private Value? SimplifySelect(Select select)
    {
        if (select.Condition is Constant condition)
            return condition.Bits != 0 ? select.WhenTrue : select.WhenFalse;
        if (Constant.AreSame(select.WhenTrue, select.WhenFalse))
            return select.WhenTrue;
        if (select.Condition is Unary { Op: UnaryOp.Not } not)
            return Add(new Select(not.Operand, select.WhenFalse, select.WhenTrue));
        if (select.Type == IrType.Bool)
        {
            if (select.WhenTrue is Constant t)
            {
                return t.Bits != 0
                    ? Add(new Binary(BinaryOp.Or, select.Condition, select.WhenFalse))
                    : Add(new Binary(BinaryOp.And, Add(new Unary(UnaryOp.Not, select.Condition)), select.WhenFalse));
            }
            if (select.WhenFalse is Constant f)
            {
                return f.Bits == 0
                    ? Add(new Binary(BinaryOp.And, select.Condition, select.WhenTrue))
                    : Add(new Binary(BinaryOp.Or, Add(new Unary(UnaryOp.Not, select.Condition)), select.WhenTrue));
            }
        }
        if (select is { WhenTrue: Constant one, WhenFalse: Constant { Bits: 0 } } && one.Bits == 1 && select.Type.IsInteger())
            return Add(new Ir.Convert(ConvertOp.ZeroExtend, select.Condition, select.Type));
        return null;
    }
}
