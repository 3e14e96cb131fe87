using System.Numerics;
using System.Runtime.CompilerServices;

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
        IrType.F32 => EvaluateFloat(op, FromBits<float>(bits)),
        IrType.F64 => EvaluateFloat(op, FromBits<double>(bits)),
        _ => EvaluateInteger(op, type, bits),
    };

    /// <summary>True where the operation has no value: division of integers by zero.</summary>
    public static bool IsUndefined(BinaryOp op, IrType type, ulong right) => op.Divides() && type.IsInteger() && right == 0;

    public static ulong Evaluate(BinaryOp op, IrType type, ulong left, ulong right) => type switch
    {
        IrType.F32 => ToBits(EvaluateFloat(op, FromBits<float>(left), FromBits<float>(right))),
        IrType.F64 => ToBits(EvaluateFloat(op, FromBits<double>(left), FromBits<double>(right))),
        _ => type.Cut(EvaluateInteger(op, type, left, right)),
    };

    public static bool Evaluate(CompareOp op, IrType type, ulong left, ulong right)
    {
        if (type is IrType.F32 or IrType.F64)
            return EvaluateFloat(op, ToDouble(type, left), ToDouble(type, right));
        long x = type.SignExtend(left);
        long y = type.SignExtend(right);
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
            _ => throw Unsupported(op, type),
        };
    }

    public static ulong Evaluate(ConvertOp op, IrType from, IrType to, ulong bits) => op switch
    {
        ConvertOp.SignExtend => to.Cut((ulong)from.SignExtend(bits)),
        ConvertOp.ZeroExtend or ConvertOp.Truncate or ConvertOp.Bitcast => to.Cut(bits),
        ConvertOp.SignedToFloat => to == IrType.F32 ? ToBits((float)from.SignExtend(bits)) : ToBits((double)from.SignExtend(bits)),
        ConvertOp.UnsignedToFloat => to == IrType.F32 ? ToBits((float)bits) : ToBits((double)bits),
        ConvertOp.FloatToSigned => to.Cut(FloatToSigned(to, ToDouble(from, bits))),
        ConvertOp.FloatToUnsigned => to.Cut(FloatToUnsigned(to, ToDouble(from, bits))),
        ConvertOp.FloatToFloat => FloatToFloat(from, to, bits),
        _ => throw Unsupported(op, from),
    };

    public static ulong FusedMultiplyAdd(IrType type, ulong a, ulong b, ulong c) => type == IrType.F32
        ? ToBits(MathF.FusedMultiplyAdd(FromBits<float>(a), FromBits<float>(b), FromBits<float>(c)))
        : ToBits(Math.FusedMultiplyAdd(FromBits<double>(a), FromBits<double>(b), FromBits<double>(c)));

    private static ulong EvaluateInteger(UnaryOp op, IrType type, ulong bits)
    {
        int width = type.SizeOf() * 8;
        return op switch
        {
            UnaryOp.Neg => type.Cut(0UL - bits),
            UnaryOp.Not => type.Cut(~bits),
            UnaryOp.Abs => type.SignExtend(bits) < 0 ? type.Cut(0UL - bits) : bits,
            UnaryOp.PopCount => (ulong)BitOperations.PopCount(bits),
            UnaryOp.LeadingZeroCount => (ulong)(BitOperations.LeadingZeroCount(bits) - (64 - width)),
            UnaryOp.TrailingZeroCount => (ulong)Math.Min(width, BitOperations.TrailingZeroCount(bits)),
            _ => throw Unsupported(op, type),
        };
    }

    private static ulong EvaluateFloat<T>(UnaryOp op, T x) where T : unmanaged, IFloatingPointIeee754<T> => op switch
    {
        UnaryOp.IsNaN => T.IsNaN(x) ? 1UL : 0,
        UnaryOp.IsInfinity => T.IsInfinity(x) ? 1UL : 0,
        UnaryOp.IsFinite => T.IsFinite(x) ? 1UL : 0,
        _ => ToBits(op switch
        {
            UnaryOp.Neg => -x,
            UnaryOp.Abs => T.Abs(x),
            UnaryOp.Sqrt => T.Sqrt(x),
            UnaryOp.Rsqrt => T.One / T.Sqrt(x),
            UnaryOp.Rcp => T.One / x,
            UnaryOp.Exp => T.Exp(x),
            UnaryOp.Exp2 => T.Exp2(x),
            UnaryOp.Log => T.Log(x),
            UnaryOp.Log2 => T.Log2(x),
            UnaryOp.Log10 => T.Log10(x),
            UnaryOp.Sin => T.Sin(x),
            UnaryOp.Cos => T.Cos(x),
            UnaryOp.Tan => T.Tan(x),
            UnaryOp.Asin => T.Asin(x),
            UnaryOp.Acos => T.Acos(x),
            UnaryOp.Atan => T.Atan(x),
            UnaryOp.Sinh => T.Sinh(x),
            UnaryOp.Cosh => T.Cosh(x),
            UnaryOp.Tanh => T.Tanh(x),
            UnaryOp.Floor => T.Floor(x),
            UnaryOp.Ceiling => T.Ceiling(x),
            UnaryOp.RoundToEven => T.Round(x),
            UnaryOp.Truncate => T.Truncate(x),
            _ => throw Unsupported(op, typeof(T)),
        }),
    };

    private static ulong EvaluateInteger(BinaryOp op, IrType type, ulong left, ulong right)
    {
        long x = type.SignExtend(left);
        long y = type.SignExtend(right);
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
            _ => throw Unsupported(op, type),
        };
    }

    private static T EvaluateFloat<T>(BinaryOp op, T a, T b) where T : IFloatingPointIeee754<T> => op switch
    {
        BinaryOp.Add => a + b,
        BinaryOp.Sub => a - b,
        BinaryOp.Mul => a * b,
        BinaryOp.Div => a / b,
        BinaryOp.Rem => a % b,
        BinaryOp.Min => T.Min(a, b),
        BinaryOp.Max => T.Max(a, b),
        BinaryOp.Pow => T.Pow(a, b),
        BinaryOp.Atan2 => T.Atan2(a, b),
        BinaryOp.CopySign => T.CopySign(a, b),
        _ => throw Unsupported(op, typeof(T)),
    };

    private static bool EvaluateFloat(CompareOp op, double a, double b) => op switch
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
        _ => throw Unsupported(op, typeof(float)),
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
        double value = ToDouble(from, bits);
        return to switch
        {
            // One rounding from either source: a double must not pass through float first, and a float is a double exactly.
            IrType.F16 => BitConverter.HalfToUInt16Bits((Half)value),
            IrType.F32 => ToBits((float)value),
            _ => ToBits(value),
        };
    }

    private static double ToDouble(IrType type, ulong bits) => type switch
    {
        IrType.F16 => (double)BitConverter.UInt16BitsToHalf((ushort)bits),
        IrType.F32 => FromBits<float>(bits),
        _ => FromBits<double>(bits),
    };

    private static T FromBits<T>(ulong bits) where T : unmanaged =>
        typeof(T) == typeof(float) ? Unsafe.BitCast<uint, T>((uint)bits) : Unsafe.BitCast<ulong, T>(bits);

    private static ulong ToBits<T>(T value) where T : unmanaged =>
        typeof(T) == typeof(float) ? Unsafe.BitCast<T, uint>(value) : Unsafe.BitCast<T, ulong>(value);

    private static NotSupportedException Unsupported(Enum op, object type) => new($"{op} does not take {type}");
}
