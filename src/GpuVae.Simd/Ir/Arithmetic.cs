namespace GpuVae.Simd.Ir;

internal enum UnaryOp : byte
{
    /// <summary>Negation of an integer or float.</summary>
    Neg,

    /// <summary>Bitwise complement; logical complement of Bool.</summary>
    Not,
    Abs,
    PopCount, LeadingZeroCount, TrailingZeroCount,
    Sqrt, Rsqrt, Rcp,
    Exp, Exp2, Log, Log2, Log10,
    Sin, Cos, Tan, Asin, Acos, Atan, Sinh, Cosh, Tanh,
    Floor, Ceiling, RoundToEven, Truncate,
    IsNaN, IsInfinity, IsFinite,
}

internal sealed class Unary(UnaryOp op, Value operand) : Instruction(ResultType(op, operand.Type), AddressSpace.None, operand)
{
    public UnaryOp Op { get; } = op;
    public Value Operand => Operands[0];

    public static IrType ResultType(UnaryOp op, IrType operand) => op switch
    {
        UnaryOp.IsNaN or UnaryOp.IsInfinity or UnaryOp.IsFinite => IrType.Bool,
        UnaryOp.PopCount or UnaryOp.LeadingZeroCount or UnaryOp.TrailingZeroCount => IrType.I32,
        _ => operand,
    };
}

/// <summary>Two operands of one type, the result of the same. The <c>…Unsigned</c> forms differ only for integers.</summary>
internal enum BinaryOp : byte
{
    Add, Sub, Mul,
    Div, DivUnsigned, Rem, RemUnsigned,
    And, Or, Xor,

    /// <summary>Shifts take an I32 count, which is masked to the operand's width as C# does.</summary>
    Shl, Shr, ShrUnsigned,

    /// <summary>For floats Min and Max follow IEEE 754-2019 minimum/maximum as Math.Min/Max do: a NaN operand gives NaN.</summary>
    Min, Max, MinUnsigned, MaxUnsigned,

    /// <summary>High half of the unsigned product of two I32 or I64.</summary>
    MulHighUnsigned,
    Pow, Atan2, CopySign,
}

internal sealed class Binary(BinaryOp op, Value left, Value right) : Instruction(left.Type, left.Space, left, right)
{
    public BinaryOp Op { get; } = op;
    public Value Left => Operands[0];
    public Value Right => Operands[1];
    public bool IsShift => Op is BinaryOp.Shl or BinaryOp.Shr or BinaryOp.ShrUnsigned;

    /// <summary>A division or remainder of integers, which has no value where the divisor is zero.</summary>
    public bool IsIntegerDivision => Op.Divides() && Type.IsInteger();
}

/// <summary>a·b + c with one rounding (or two, where the device has no fused form).</summary>
internal sealed class Fma(Value a, Value b, Value c) : Instruction(a.Type, AddressSpace.None, a, b, c)
{
    public Value A => Operands[0];
    public Value B => Operands[1];
    public Value C => Operands[2];
}

/// <summary>
/// Comparison to Bool. For floats the plain forms are ordered (false when an operand is NaN) except <see cref="Ne"/>, which is
/// true then; the <c>…OrUnordered</c> forms are true when an operand is NaN. For integers these are the unsigned forms instead.
/// </summary>
internal enum CompareOp : byte
{
    Eq, Ne,
    Lt, Le, Gt, Ge,
    LtUnsigned, LeUnsigned, GtUnsigned, GeUnsigned,
    LtOrUnordered, LeOrUnordered, GtOrUnordered, GeOrUnordered,
}

internal sealed class Compare(CompareOp op, Value left, Value right) : Instruction(IrType.Bool, AddressSpace.None, left, right)
{
    public CompareOp Op { get; } = op;
    public Value Left => Operands[0];
    public Value Right => Operands[1];

    /// <summary>The operation that holds exactly where this one does not, NaNs included.</summary>
    public CompareOp Inverse => Op.Inverse(Left.Type.IsFloat());
}

internal enum ConvertOp : byte
{
    SignExtend,

    /// <summary>Integer widening with zeros; also Bool → integer.</summary>
    ZeroExtend,
    Truncate,
    SignedToFloat, UnsignedToFloat,

    /// <summary>Towards zero; saturating, NaN gives 0 (what .NET 9 and later define for C# casts).</summary>
    FloatToSigned, FloatToUnsigned,

    /// <summary>Between F16, F32 and F64, rounding to nearest even.</summary>
    FloatToFloat,

    /// <summary>Same bits, other type of the same size.</summary>
    Bitcast,
}

internal sealed class Convert(ConvertOp op, Value operand, IrType type) : Instruction(type, operand.Space, operand)
{
    public ConvertOp Op { get; } = op;
    public Value Operand => Operands[0];
}

internal sealed class Select(Value condition, Value whenTrue, Value whenFalse)
    : Instruction(whenTrue.Type, whenTrue.Space, condition, whenTrue, whenFalse)
{
    public Value Condition => Operands[0];
    public Value WhenTrue => Operands[1];
    public Value WhenFalse => Operands[2];
}

internal static class Operators
{
    /// <summary>IEEE defines the result to the bit, or it is no float function. The last bits of others differ between devices.</summary>
    public static bool IsExact(this UnaryOp op) => op is <= UnaryOp.Sqrt or >= UnaryOp.Floor;

    public static bool Divides(this BinaryOp op) => op is BinaryOp.Div or BinaryOp.DivUnsigned or BinaryOp.Rem or BinaryOp.RemUnsigned;

    /// <summary>The comparison that holds exactly where this one does not; for floats one of the other kind, because of NaNs.</summary>
    public static CompareOp Inverse(this CompareOp op, bool isFloat) => op switch
    {
        CompareOp.Eq => CompareOp.Ne,
        CompareOp.Ne => CompareOp.Eq,
        CompareOp.Lt => isFloat ? CompareOp.GeOrUnordered : CompareOp.Ge,
        CompareOp.Le => isFloat ? CompareOp.GtOrUnordered : CompareOp.Gt,
        CompareOp.Gt => isFloat ? CompareOp.LeOrUnordered : CompareOp.Le,
        CompareOp.Ge => isFloat ? CompareOp.LtOrUnordered : CompareOp.Lt,
        CompareOp.LtUnsigned => CompareOp.GeUnsigned,
        CompareOp.LeUnsigned => CompareOp.GtUnsigned,
        CompareOp.GtUnsigned => CompareOp.LeUnsigned,
        CompareOp.GeUnsigned => CompareOp.LtUnsigned,
        CompareOp.LtOrUnordered => CompareOp.Ge,
        CompareOp.LeOrUnordered => CompareOp.Gt,
        CompareOp.GtOrUnordered => CompareOp.Le,
        _ => CompareOp.Lt,
    };

    /// <summary>The comparison of the operands in the other order.</summary>
    public static CompareOp Mirrored(this CompareOp op) => op switch
    {
        CompareOp.Lt => CompareOp.Gt,
        CompareOp.Le => CompareOp.Ge,
        CompareOp.Gt => CompareOp.Lt,
        CompareOp.Ge => CompareOp.Le,
        CompareOp.LtUnsigned => CompareOp.GtUnsigned,
        CompareOp.LeUnsigned => CompareOp.GeUnsigned,
        CompareOp.GtUnsigned => CompareOp.LtUnsigned,
        CompareOp.GeUnsigned => CompareOp.LeUnsigned,
        CompareOp.LtOrUnordered => CompareOp.GtOrUnordered,
        CompareOp.LeOrUnordered => CompareOp.GeOrUnordered,
        CompareOp.GtOrUnordered => CompareOp.LtOrUnordered,
        CompareOp.GeOrUnordered => CompareOp.LeOrUnordered,
        _ => op,
    };
}
