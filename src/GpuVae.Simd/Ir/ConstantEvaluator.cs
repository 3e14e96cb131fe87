namespace GpuVae.Simd.Ir;

/// <summary>
/// What an operation gives for constant operands where that value may be put in its place: not for a division that throws in C#, and
/// not for functions whose last bits differ between devices.
/// </summary>
internal static class ConstantEvaluator
{
    public static Constant? Evaluate(Instruction instruction) => Evaluate(instruction, value => value as Constant);

    /// <param name="instruction">The operation.</param>
    /// <param name="constantOf">The constant that an operand is known to be, or null, and then no other is asked for.</param>
    public static Constant? Evaluate(Instruction instruction, Func<Value, Constant?> constantOf)
    {
        if (instruction is not (Ir.Unary or Ir.Binary or Ir.Compare or Ir.Convert or Select))
            return null;
        var operands = new Constant[3];
        for (int i = 0; i < instruction.Operands.Count; i++)
        {
            if (constantOf(instruction.Operands[i]) is not { } operand)
                return null;
            operands[i] = operand;
        }
        return instruction switch
        {
            Unary unary => Unary(unary.Op, operands[0]),
            Binary binary => Binary(binary.Op, operands[0], operands[1]),
            Compare compare => Compare(compare.Op, operands[0], operands[1]),
            Ir.Convert convert => Convert(convert.Op, operands[0], convert.Type),
            _ => operands[0].Bits != 0 ? operands[1] : operands[2],
        };
    }

    public static Constant? Unary(UnaryOp op, Constant a) => a.Type is IrType.F16 or IrType.Pointer || !op.IsExact()
        ? null
        : Constant.FromBits(Ir.Unary.ResultType(op, a.Type), ScalarEvaluator.Evaluate(op, a.Type, a.Bits));

    public static Constant? Binary(BinaryOp op, Constant a, Constant b)
    {
        if (a.Type is IrType.F16 or IrType.Pointer || op is BinaryOp.Pow or BinaryOp.Atan2)
            return null;
        bool throws = a.Type.IsInteger() && op.Divides() && (b.Bits == 0 || (b.SignedValue == -1 && op is BinaryOp.Div or BinaryOp.Rem));
        return throws ? null : Constant.FromBits(a.Type, ScalarEvaluator.Evaluate(op, a.Type, a.Bits, b.Bits));
    }

    private static Constant? Compare(CompareOp op, Constant a, Constant b) =>
        a.Type is IrType.F16 or IrType.Pointer ? null : Constant.Bool(ScalarEvaluator.Evaluate(op, a.Type, a.Bits, b.Bits));

    public static Constant? Convert(ConvertOp op, Constant a, IrType type) => type == IrType.Pointer || a.Type == IrType.Pointer
        ? null
        : Constant.FromBits(type, ScalarEvaluator.Evaluate(op, a.Type, type, a.Bits));
}
