using System.Numerics;

namespace GpuVae.Simd.Ir;

/// <summary>
/// What each scalar operation of the IR computes, on the bits that <see cref="Constant"/> stores (zero-extended to the type's width). Folds
/// constants while compiling and is the arithmetic of the checked mode, so both agree with C# by construction.
/// </summary>
internal static class ScalarEvaluator
{
    public static ulong Evaluate(UnaryOp op, IrType type, ulong bits) => type switch
    {
        IrType.Bool => op == UnaryOp.Not ? bits ^ 1 : throw Unsupported(op, type),
        IrType.F32 => EvaluateFloat(op, ToFloat(bits)),
        IrType.F64 => EvaluateDouble(op, ToDouble(bits)),
        _ => EvaluateInteger(op, type, bits),
    };

    /// <summary>True where the operation has no value: division of integers by zero.</summary>
    public static bool IsUndefined(BinaryOp op, IrType type, ulong right) =>
        op is BinaryOp.Div or BinaryOp.DivUnsigned or BinaryOp.Rem or BinaryOp.RemUnsigned && type.IsInteger() && right == 0;

    public static ulong Evaluate(BinaryOp op, IrType type, ulong left, ulong right) => type switch
    {
        IrType.F32 => FromFloat(EvaluateFloat(op, ToFloat(left), ToFloat(right))),
        IrType.F64 => FromDouble(EvaluateDouble(op, ToDouble(left), ToDouble(right))),
        _ => Cut(type, EvaluateInteger(op, type, left, right)),
    };

    public static bool Evaluate(CompareOp op, IrType type, ulong left, ulong right)
    {
        if (type is IrType.F32 or IrType.F64)
        {
            double a = type == IrType.F32 ? ToFloat(left) : ToDouble(left);
            double b = type == IrType.F32 ? ToFloat(right) : ToDouble(right);
            return op switch
            {
                CompareOp.Eq => a == b,
                CompareOp.Ne => a != b,
                CompareOp.Lt => a < b,
                CompareOp.Le => a <= b,
                CompareOp.Gt => a > b,
                CompareOp.Ge => a >= b,
                CompareOp.LtOrUnordered => !(a >= b),
                CompareOp.LeOrUnordered => !(a > b),
                CompareOp.GtOrUnordered => !(a <= b),
                CompareOp.GeOrUnordered => !(a < b),
                _ => throw new NotSupportedException($"{op} does not compare floats"),
            };
        }
        long x = SignExtend(type, left);
        long y = SignExtend(type, right);
        return op switch
        {
            CompareOp.Eq => left == right,
            CompareOp.Ne => left != right,
            CompareOp.Lt => x < y,
            CompareOp.Le => x <= y,
            CompareOp.Gt => x > y,
            CompareOp.Ge => x >= y,
            CompareOp.LtUnsigned => left < right,
            CompareOp.LeUnsigned => left <= right,
            CompareOp.GtUnsigned => left > right,
            CompareOp.GeUnsigned => left >= right,
            _ => throw new NotSupportedException($"{op} does not compare integers"),
        };
    }

    public static ulong Evaluate(ConvertOp op, IrType from, IrType to, ulong bits) => op switch
    {
        ConvertOp.SignExtend => Cut(to, (ulong)SignExtend(from, bits)),
        ConvertOp.ZeroExtend or ConvertOp.Truncate or ConvertOp.Bitcast => Cut(to, bits),
        ConvertOp.SignedToFloat => to == IrType.F32 ? FromFloat(SignExtend(from, bits)) : FromDouble(SignExtend(from, bits)),
        ConvertOp.UnsignedToFloat => to == IrType.F32 ? FromFloat(bits) : FromDouble(bits),
        ConvertOp.FloatToSigned => Cut(to, FloatToSigned(to, from == IrType.F32 ? ToFloat(bits) : ToDouble(bits))),
        ConvertOp.FloatToUnsigned => Cut(to, FloatToUnsigned(to, from == IrType.F32 ? ToFloat(bits) : ToDouble(bits))),
        ConvertOp.FloatToFloat => FloatToFloat(from, to, bits),
        _ => throw new NotSupportedException($"unknown conversion {op}"),
    };

    public static ulong FusedMultiplyAdd(IrType type, ulong a, ulong b, ulong c) => type == IrType.F32
        ? FromFloat(MathF.FusedMultiplyAdd(ToFloat(a), ToFloat(b), ToFloat(c)))
        : FromDouble(Math.FusedMultiplyAdd(ToDouble(a), ToDouble(b), ToDouble(c)));

    public static long SignExtend(IrType type, ulong bits) => type switch
    {
        IrType.I8 => (sbyte)bits,
        IrType.I16 => (short)bits,
        IrType.I32 => (int)bits,
        _ => (long)bits,
    };

    private static ulong EvaluateInteger(UnaryOp op, IrType type, ulong bits)
    {
        int width = type.SizeOf() * 8;
        return op switch
        {
            UnaryOp.Neg => Cut(type, 0UL - bits),
            UnaryOp.Not => Cut(type, ~bits),
            UnaryOp.Abs => SignExtend(type, bits) < 0 ? Cut(type, 0UL - bits) : bits,
            UnaryOp.PopCount => (ulong)BitOperations.PopCount(bits),
            UnaryOp.LeadingZeroCount => (ulong)(BitOperations.LeadingZeroCount(bits) - (64 - width)),
            UnaryOp.TrailingZeroCount => (ulong)Math.Min(width, BitOperations.TrailingZeroCount(bits)),
            _ => throw Unsupported(op, type),
        };
    }

    private static ulong EvaluateFloat(UnaryOp op, float x) => op switch
    {
        UnaryOp.IsNaN => float.IsNaN(x) ? 1UL : 0,
        UnaryOp.IsInfinity => float.IsInfinity(x) ? 1UL : 0,
        UnaryOp.IsFinite => float.IsFinite(x) ? 1UL : 0,
        _ => FromFloat(op switch
        {
            UnaryOp.Neg => -x,
            UnaryOp.Abs => MathF.Abs(x),
            UnaryOp.Sqrt => MathF.Sqrt(x),
            UnaryOp.Rsqrt => 1f / MathF.Sqrt(x),
            UnaryOp.Rcp => 1f / x,
            UnaryOp.Exp => MathF.Exp(x),
            UnaryOp.Exp2 => MathF.Pow(2f, x),
            UnaryOp.Log => MathF.Log(x),
            UnaryOp.Log2 => MathF.Log2(x),
            UnaryOp.Log10 => MathF.Log10(x),
            UnaryOp.Sin => MathF.Sin(x),
            UnaryOp.Cos => MathF.Cos(x),
            UnaryOp.Tan => MathF.Tan(x),
            UnaryOp.Asin => MathF.Asin(x),
            UnaryOp.Acos => MathF.Acos(x),
            UnaryOp.Atan => MathF.Atan(x),
            UnaryOp.Sinh => MathF.Sinh(x),
            UnaryOp.Cosh => MathF.Cosh(x),
            UnaryOp.Tanh => MathF.Tanh(x),
            UnaryOp.Floor => MathF.Floor(x),
            UnaryOp.Ceiling => MathF.Ceiling(x),
            UnaryOp.RoundToEven => MathF.Round(x),
            UnaryOp.Truncate => MathF.Truncate(x),
            _ => throw Unsupported(op, IrType.F32),
        }),
    };

    private static ulong EvaluateDouble(UnaryOp op, double x) => op switch
    {
        UnaryOp.IsNaN => double.IsNaN(x) ? 1UL : 0,
        UnaryOp.IsInfinity => double.IsInfinity(x) ? 1UL : 0,
        UnaryOp.IsFinite => double.IsFinite(x) ? 1UL : 0,
        _ => FromDouble(op switch
        {
            UnaryOp.Neg => -x,
            UnaryOp.Abs => Math.Abs(x),
            UnaryOp.Sqrt => Math.Sqrt(x),
            UnaryOp.Rsqrt => 1 / Math.Sqrt(x),
            UnaryOp.Rcp => 1 / x,
            UnaryOp.Exp => Math.Exp(x),
            UnaryOp.Exp2 => Math.Pow(2, x),
            UnaryOp.Log => Math.Log(x),
            UnaryOp.Log2 => Math.Log2(x),
            UnaryOp.Log10 => Math.Log10(x),
            UnaryOp.Sin => Math.Sin(x),
            UnaryOp.Cos => Math.Cos(x),
            UnaryOp.Tan => Math.Tan(x),
            UnaryOp.Asin => Math.Asin(x),
            UnaryOp.Acos => Math.Acos(x),
            UnaryOp.Atan => Math.Atan(x),
            UnaryOp.Sinh => Math.Sinh(x),
            UnaryOp.Cosh => Math.Cosh(x),
            UnaryOp.Tanh => Math.Tanh(x),
            UnaryOp.Floor => Math.Floor(x),
            UnaryOp.Ceiling => Math.Ceiling(x),
            UnaryOp.RoundToEven => Math.Round(x),
            UnaryOp.Truncate => Math.Truncate(x),
            _ => throw Unsupported(op, IrType.F64),
        }),
    };

    private static ulong EvaluateInteger(BinaryOp op, IrType type, ulong left, ulong right)
    {
        long x = SignExtend(type, left);
        long y = SignExtend(type, right);
        int shift = (int)right & (type == IrType.I64 ? 63 : 31);
        return op switch
        {
            BinaryOp.Add => left + right,
            BinaryOp.Sub => left - right,
            BinaryOp.Mul => left * right,
            // The one quotient that does not fit wraps, as it does on GPUs; the CPU's own instruction would trap.
            BinaryOp.Div => y == -1 ? 0UL - left : (ulong)(x / y),
            BinaryOp.Rem => y == -1 ? 0 : (ulong)(x % y),
            BinaryOp.DivUnsigned => left / right,
            BinaryOp.RemUnsigned => left % right,
            BinaryOp.And => left & right,
            BinaryOp.Or => left | right,
            BinaryOp.Xor => left ^ right,
            BinaryOp.Shl => left << shift,
            BinaryOp.Shr => (ulong)(x >> shift),
            BinaryOp.ShrUnsigned => left >> shift,
            BinaryOp.Min => x < y ? left : right,
            BinaryOp.Max => x > y ? left : right,
            BinaryOp.MinUnsigned => Math.Min(left, right),
            BinaryOp.MaxUnsigned => Math.Max(left, right),
            BinaryOp.MulHighUnsigned => type == IrType.I64 ? Math.BigMul(left, right, out _) : (left * right) >> 32,
            _ => throw new NotSupportedException($"{op} does not take {type}"),
        };
    }

    private static float EvaluateFloat(BinaryOp op, float a, float b) => op switch
    {
        BinaryOp.Add => a + b,
        BinaryOp.Sub => a - b,
        BinaryOp.Mul => a * b,
        BinaryOp.Div => a / b,
        BinaryOp.Rem => a % b,
        BinaryOp.Min => MathF.Min(a, b),
        BinaryOp.Max => MathF.Max(a, b),
        BinaryOp.Pow => MathF.Pow(a, b),
        BinaryOp.Atan2 => MathF.Atan2(a, b),
        BinaryOp.CopySign => MathF.CopySign(a, b),
        _ => throw new NotSupportedException($"{op} does not take F32"),
    };

    private static double EvaluateDouble(BinaryOp op, double a, double b) => op switch
    {
        BinaryOp.Add => a + b,
        BinaryOp.Sub => a - b,
        BinaryOp.Mul => a * b,
        BinaryOp.Div => a / b,
        BinaryOp.Rem => a % b,
        BinaryOp.Min => Math.Min(a, b),
        BinaryOp.Max => Math.Max(a, b),
        BinaryOp.Pow => Math.Pow(a, b),
        BinaryOp.Atan2 => Math.Atan2(a, b),
        BinaryOp.CopySign => Math.CopySign(a, b),
        _ => throw new NotSupportedException($"{op} does not take F64"),
    };

    private static ulong FloatToSigned(IrType to, double value) => to switch
    {
        IrType.I8 => (ulong)(long)Math.Clamp(ZeroIfNaN(value), sbyte.MinValue, sbyte.MaxValue),
        IrType.I16 => (ulong)(long)Math.Clamp(ZeroIfNaN(value), short.MinValue, short.MaxValue),
        IrType.I32 => (ulong)(int)value,
        _ => (ulong)(long)value,
    };

    private static ulong FloatToUnsigned(IrType to, double value) => to switch
    {
        IrType.I8 => (ulong)Math.Clamp(ZeroIfNaN(value), 0, byte.MaxValue),
        IrType.I16 => (ulong)Math.Clamp(ZeroIfNaN(value), 0, ushort.MaxValue),
        IrType.I32 => (uint)value,
        _ => (ulong)value,
    };

    private static double ZeroIfNaN(double value) => double.IsNaN(value) ? 0 : value;

    private static ulong FloatToFloat(IrType from, IrType to, ulong bits)
    {
        if (to == IrType.F16)
        {
            // One rounding from either source: a double must not pass through float first.
            Half half = from == IrType.F64 ? (System.Half)ToDouble(bits) : (System.Half)ToFloat(bits);
            return BitConverter.HalfToUInt16Bits(half);
        }
        double value = from switch
        {
            IrType.F16 => (double)BitConverter.UInt16BitsToHalf((ushort)bits),
            IrType.F32 => ToFloat(bits),
            _ => ToDouble(bits),
        };
        return to == IrType.F32 ? FromFloat((float)value) : FromDouble(value);
    }

    private static ulong Cut(IrType type, ulong bits) => type switch
    {
        IrType.Bool => bits & 1,
        IrType.I8 => (byte)bits,
        IrType.I16 or IrType.F16 => (ushort)bits,
        IrType.I32 or IrType.F32 => (uint)bits,
        _ => bits,
    };

    private static float ToFloat(ulong bits) => BitConverter.UInt32BitsToSingle((uint)bits);

    private static double ToDouble(ulong bits) => BitConverter.UInt64BitsToDouble(bits);

    private static ulong FromFloat(float value) => BitConverter.SingleToUInt32Bits(value);

    private static ulong FromDouble(double value) => BitConverter.DoubleToUInt64Bits(value);

    private static NotSupportedException Unsupported(UnaryOp op, IrType type) => new($"{op} does not take {type}");
}
