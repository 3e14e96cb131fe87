using System.Numerics;
using GpuVae.Ilgpu.Compiler.Ir;

namespace GpuVae.Ilgpu.Compiler.Passes;

/// <summary>
/// What an operation gives for constant operands, with the exact semantics of C#. Gives null where no value may be put in its place:
/// integer division by zero, and functions whose last bits differ between devices.
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
        if (a.Type == IrType.Bool)
            return op == UnaryOp.Not ? Constant.Bool(a.Bits == 0) : null;
        if (a.Type == IrType.F32)
            return UnarySingle(op, a.FloatValue);
        if (a.Type == IrType.F64)
            return UnaryDouble(op, a.DoubleValue);
        if (!a.Type.IsInteger())
            return null;

        int unusedBits = 64 - Width(a.Type);
        return op switch
        {
            UnaryOp.Neg => Constant.FromBits(a.Type, (ulong)-a.SignedValue),
            UnaryOp.Not => Constant.FromBits(a.Type, ~a.Bits),
            UnaryOp.Abs => a.SignedValue >= 0 ? a : Constant.FromBits(a.Type, (ulong)-a.SignedValue),
            UnaryOp.PopCount => Constant.Int(BitOperations.PopCount(a.Bits)),
            UnaryOp.LeadingZeroCount => Constant.Int(BitOperations.LeadingZeroCount(a.Bits) - unusedBits),
            UnaryOp.TrailingZeroCount => Constant.Int(Math.Min(BitOperations.TrailingZeroCount(a.Bits), Width(a.Type))),
            _ => null,
        };
    }

    public static Constant? Binary(BinaryOp op, Constant a, Constant b) => a.Type switch
    {
        IrType.F32 => BinarySingle(op, a.FloatValue, b.FloatValue),
        IrType.F64 => BinaryDouble(op, a.DoubleValue, b.DoubleValue),
        IrType.F16 or IrType.Pointer => null,
        _ => BinaryInteger(op, a, b),
    };

    public static Constant? Compare(CompareOp op, Constant a, Constant b)
    {
        if (a.Type is IrType.F32 or IrType.F64)
        {
            // The widening is exact, so one comparison serves both widths.
            double x = a.Type == IrType.F32 ? a.FloatValue : a.DoubleValue, y = b.Type == IrType.F32 ? b.FloatValue : b.DoubleValue;
            bool? result = op switch
            {
                CompareOp.Eq => x == y,
                CompareOp.Ne => x != y,
                CompareOp.Lt => x < y,
                CompareOp.Le => x <= y,
                CompareOp.Gt => x > y,
                CompareOp.Ge => x >= y,
                CompareOp.LtOrUnordered => !(x >= y),
                CompareOp.LeOrUnordered => !(x > y),
                CompareOp.GtOrUnordered => !(x <= y),
                CompareOp.GeOrUnordered => !(x < y),
                _ => null,
            };
            return result is { } value ? Constant.Bool(value) : null;
        }
        if (a.Type is IrType.F16 or IrType.Pointer)
            return null;

        long l = a.SignedValue, r = b.SignedValue;
        return op switch
        {
            CompareOp.Eq => Constant.Bool(a.Bits == b.Bits),
            CompareOp.Ne => Constant.Bool(a.Bits != b.Bits),
            CompareOp.Lt => Constant.Bool(l < r),
            CompareOp.Le => Constant.Bool(l <= r),
            CompareOp.Gt => Constant.Bool(l > r),
            CompareOp.Ge => Constant.Bool(l >= r),
            CompareOp.LtUnsigned => Constant.Bool(a.Bits < b.Bits),
            CompareOp.LeUnsigned => Constant.Bool(a.Bits <= b.Bits),
            CompareOp.GtUnsigned => Constant.Bool(a.Bits > b.Bits),
            CompareOp.GeUnsigned => Constant.Bool(a.Bits >= b.Bits),
            _ => null,
        };
    }

    public static Constant? Convert(ConvertOp op, Constant a, IrType type) => op switch
    {
        ConvertOp.SignExtend => Constant.FromBits(type, (ulong)a.SignedValue),
        ConvertOp.ZeroExtend or ConvertOp.Truncate => Constant.FromBits(type, a.Bits),
        ConvertOp.Bitcast => type == IrType.Pointer || a.Type == IrType.Pointer ? null : Constant.FromBits(type, a.Bits),
        ConvertOp.SignedToFloat => type switch
        {
            IrType.F32 => Constant.Float(a.SignedValue),
            IrType.F64 => Constant.Double(a.SignedValue),
            _ => null,
        },
        ConvertOp.UnsignedToFloat => type switch
        {
            IrType.F32 => Constant.Float(a.Bits),
            IrType.F64 => Constant.Double(a.Bits),
            _ => null,
        },
        ConvertOp.FloatToSigned or ConvertOp.FloatToUnsigned => FloatToInteger(op, a, type),
        ConvertOp.FloatToFloat => FloatToFloat(a, type),
        _ => null,
    };

    private static int Width(IrType type) => type == IrType.Bool ? 1 : type.SizeOf() * 8;

    private static Constant? BinaryInteger(BinaryOp op, Constant a, Constant b)
    {
        ulong x = a.Bits, y = b.Bits;
        long l = a.SignedValue, r = b.SignedValue;
        int count = (int)y & (Width(a.Type) - 1);
        // Division overflow (the most negative number by -1) throws in C# as division by zero does.
        bool divides = y != 0 && !(r == -1 && l == long.MinValue >> (64 - Width(a.Type)));
        ulong? result = op switch
        {
            BinaryOp.Add => x + y,
            BinaryOp.Sub => x - y,
            BinaryOp.Mul => x * y,
            BinaryOp.Div => divides ? (ulong)(l / r) : null,
            BinaryOp.Rem => divides ? (ulong)(l % r) : null,
            BinaryOp.DivUnsigned => y != 0 ? x / y : null,
            BinaryOp.RemUnsigned => y != 0 ? x % y : null,
            BinaryOp.And => x & y,
            BinaryOp.Or => x | y,
            BinaryOp.Xor => x ^ y,
            BinaryOp.Shl => x << count,
            BinaryOp.Shr => (ulong)(l >> count),
            BinaryOp.ShrUnsigned => x >> count,
            BinaryOp.Min => l <= r ? x : y,
            BinaryOp.Max => l >= r ? x : y,
            BinaryOp.MinUnsigned => Math.Min(x, y),
            BinaryOp.MaxUnsigned => Math.Max(x, y),
            BinaryOp.MulHighUnsigned when a.Type == IrType.I32 => (x * y) >> 32,
            BinaryOp.MulHighUnsigned when a.Type == IrType.I64 => Math.BigMul(x, y, out _),
            _ => null,
        };
        return result is { } bits ? Constant.FromBits(a.Type, bits) : null;
    }

    private static Constant? UnarySingle(UnaryOp op, float x)
    {
        float? result = op switch
        {
            UnaryOp.Neg => -x,
            UnaryOp.Abs => MathF.Abs(x),
            UnaryOp.Sqrt => MathF.Sqrt(x),
            UnaryOp.Floor => MathF.Floor(x),
            UnaryOp.Ceiling => MathF.Ceiling(x),
            UnaryOp.RoundToEven => MathF.Round(x, MidpointRounding.ToEven),
            UnaryOp.Truncate => MathF.Truncate(x),
            _ => null,
        };
        return result is { } value ? Constant.Float(value) : Classify(op, x);
    }

    private static Constant? UnaryDouble(UnaryOp op, double x)
    {
        double? result = op switch
        {
            UnaryOp.Neg => -x,
            UnaryOp.Abs => Math.Abs(x),
            UnaryOp.Sqrt => Math.Sqrt(x),
            UnaryOp.Floor => Math.Floor(x),
            UnaryOp.Ceiling => Math.Ceiling(x),
            UnaryOp.RoundToEven => Math.Round(x, MidpointRounding.ToEven),
            UnaryOp.Truncate => Math.Truncate(x),
            _ => null,
        };
        return result is { } value ? Constant.Double(value) : Classify(op, x);
    }

    private static Constant? Classify(UnaryOp op, double x) => op switch
    {
        UnaryOp.IsNaN => Constant.Bool(double.IsNaN(x)),
        UnaryOp.IsInfinity => Constant.Bool(double.IsInfinity(x)),
        UnaryOp.IsFinite => Constant.Bool(double.IsFinite(x)),
        _ => null,
    };

    private static Constant? BinarySingle(BinaryOp op, float x, float y)
    {
        float? result = op switch
        {
            BinaryOp.Add => x + y,
            BinaryOp.Sub => x - y,
            BinaryOp.Mul => x * y,
            BinaryOp.Div => x / y,
            BinaryOp.Min => MathF.Min(x, y),
            BinaryOp.Max => MathF.Max(x, y),
            BinaryOp.CopySign => MathF.CopySign(x, y),
            _ => null,
        };
        return result is { } value ? Constant.Float(value) : null;
    }

    private static Constant? BinaryDouble(BinaryOp op, double x, double y)
    {
        double? result = op switch
        {
            BinaryOp.Add => x + y,
            BinaryOp.Sub => x - y,
            BinaryOp.Mul => x * y,
            BinaryOp.Div => x / y,
            BinaryOp.Min => Math.Min(x, y),
            BinaryOp.Max => Math.Max(x, y),
            BinaryOp.CopySign => Math.CopySign(x, y),
            _ => null,
        };
        return result is { } value ? Constant.Double(value) : null;
    }

    private static Constant? FloatToInteger(ConvertOp op, Constant a, IrType type)
    {
        if (a.Type == IrType.F16)
            return null;
        double x = a.Type == IrType.F32 ? a.FloatValue : a.DoubleValue;
        bool signed = op == ConvertOp.FloatToSigned;
        return type switch
        {
            IrType.I32 => Constant.FromBits(type, signed ? (ulong)(int)x : (uint)x),
            IrType.I64 => Constant.FromBits(type, signed ? (ulong)(long)x : (ulong)x),
            _ => null,
        };
    }

    private static Constant? FloatToFloat(Constant a, IrType type) => (a.Type, type) switch
    {
        (IrType.F32, IrType.F64) => Constant.Double(a.FloatValue),
        (IrType.F64, IrType.F32) => Constant.Float((float)a.DoubleValue),
        (IrType.F16, IrType.F32) => Constant.Float((float)BitConverter.UInt16BitsToHalf((ushort)a.Bits)),
        (IrType.F32, IrType.F16) => Constant.FromBits(IrType.F16, BitConverter.HalfToUInt16Bits((Half)a.FloatValue)),
        _ => null,
    };
}
