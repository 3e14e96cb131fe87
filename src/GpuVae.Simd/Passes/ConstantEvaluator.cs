using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Passes;

/// <summary>
/// What an operation gives for constant operands where that value may be put in its place: not for a division that throws in C#, and
/// not for functions whose last bits differ between devices.
/// </summary>
internal static class ConstantEvaluator
{
    public static Constant? Evaluate(Instruction instruction) => instruction switch
    {
        Unary { Operand: Constant a } unary => Unary(unary.Op, a),
        Binary { Left: Constant a, Right: Constant b } binary => Binary(binary.Op, a, b),
        Compare { Left: Constant a, Right: Constant b } compare => Compare(compare.Op, a, b),
        Ir.Convert { Operand: Constant a } convert => Convert(convert.Op, a, convert.Type),
        Select { Condition: Constant c, WhenTrue: Constant a, WhenFalse: Constant b } => c.Bits != 0 ? a : b,
        _ => null,
    };

    public static Constant? Unary(UnaryOp op, Constant a)
    {
        if (a.Type is IrType.F16 or IrType.Pointer || !IsExact(op))
            return null;
        IrType type = op switch
        {
            UnaryOp.IsNaN or UnaryOp.IsInfinity or UnaryOp.IsFinite => IrType.Bool,
            UnaryOp.PopCount or UnaryOp.LeadingZeroCount or UnaryOp.TrailingZeroCount => IrType.I32,
            _ => a.Type,
        };
        return Constant.FromBits(type, ScalarEvaluator.Evaluate(op, a.Type, a.Bits));
    }

    public static Constant? Binary(BinaryOp op, Constant a, Constant b)
    {
        if (a.Type is IrType.F16 or IrType.Pointer || op is BinaryOp.Pow or BinaryOp.Atan2)
            return null;
        if (a.Type.IsInteger() && op is BinaryOp.Div or BinaryOp.DivUnsigned or BinaryOp.Rem or BinaryOp.RemUnsigned &&
            (b.Bits == 0 || (b.SignedValue == -1 && op is BinaryOp.Div or BinaryOp.Rem)))
        {
            return null;
        }
        return Constant.FromBits(a.Type, ScalarEvaluator.Evaluate(op, a.Type, a.Bits, b.Bits));
    }

    public static Constant? Compare(CompareOp op, Constant a, Constant b) =>
        a.Type is IrType.F16 or IrType.Pointer ? null : Constant.Bool(ScalarEvaluator.Evaluate(op, a.Type, a.Bits, b.Bits));

    public static Constant? Convert(ConvertOp op, Constant a, IrType type) =>
        type == IrType.Pointer || a.Type == IrType.Pointer
            ? null
            : Constant.FromBits(type, ScalarEvaluator.Evaluate(op, a.Type, type, a.Bits));

    /// <summary>IEEE defines the result to the bit, or it is no float function.</summary>
    private static bool IsExact(UnaryOp op) => op is UnaryOp.Neg or UnaryOp.Not or UnaryOp.Abs or UnaryOp.PopCount
        or UnaryOp.LeadingZeroCount or UnaryOp.TrailingZeroCount or UnaryOp.Sqrt or UnaryOp.Floor or UnaryOp.Ceiling
        or UnaryOp.RoundToEven or UnaryOp.Truncate or UnaryOp.IsNaN or UnaryOp.IsInfinity or UnaryOp.IsFinite;
}
