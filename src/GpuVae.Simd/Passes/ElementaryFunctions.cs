using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Passes;

/// <summary>
/// float32 exponentials, logarithms and tanh become the polynomials that compute them, for CPUs. As calls they would cost more than their
/// arithmetic: vectors travel through memory, and the JIT inlines nothing any more into a kernel with hundreds of variables. Bounds, over
/// all finite arguments: 2 units in the last place, tanh 3. Special values follow MathF.
/// </summary>
internal static class ElementaryFunctions
{
    // ln 2 in two pieces; the high one has so few bits that its products with exponents are exact.
    private const float Ln2High = 0.693359375f, Ln2Low = -2.12194440e-4f;

    private const float Log2E = 1.44269504088896341f;

    /// <summary>
    /// 1.5·2^23, a sum with which has no bits for a fraction, so that it is rounded to an integer, which its last bits then show; with
    /// twice the bias of an exponent, so that half of these bits are the exponent of half the power.
    /// </summary>
    private const float Rounder = 12582912f + 2 * 127;

    public static bool Run(IrKernel kernel)
    {
        var rewriter = new BodyRewriter();
        var code = new Code(rewriter);
        return rewriter.Run(kernel, instruction => Expansion(instruction)?.Invoke(code, instruction.Operands[0]));
    }

    private static Func<Code, Value, Value>? Expansion(Instruction instruction) =>
        instruction is not Unary { Type: IrType.F32 } unary ? null : unary.Op switch
        {
            UnaryOp.Exp => Exp,
            UnaryOp.Exp2 => Exp2,
            UnaryOp.Log => Log,
            UnaryOp.Log2 => Log2,
            UnaryOp.Log10 => Log10,
            UnaryOp.Tanh => Tanh,
            _ => null,
        };

    /// <summary>e^x = 2^n · e^r with n = round(x / ln 2), |r| ≤ ½ ln 2.</summary>
    private static Value Exp(Code c, Value x)
    {
        Value clamped = c.AtMost(c.AtLeast(x, -104f), 89f);
        Value rounded = c.Fma(clamped, c.Of(Log2E), c.Of(Rounder));
        Value n = c.Sub(rounded, c.Of(Rounder));
        return Scale(c, c.Add(ExpMinusOne(c, Remainder(c, clamped, n)), c.Of(1f)), rounded);
    }

    private static Value Exp2(Code c, Value x)
    {
        Value clamped = c.AtMost(c.AtLeast(x, -151f), 129f);
        Value rounded = c.Add(clamped, c.Of(Rounder));
        Value n = c.Sub(rounded, c.Of(Rounder));
        return Scale(c, c.Add(ExpMinusOne(c, c.Mul(c.Sub(clamped, n), c.Of(0.693147180559945f))), c.Of(1f)), rounded);
    }

    /// <summary>x - n·ln 2.</summary>
    private static Value Remainder(Code c, Value x, Value n) => c.Fma(n, c.Of(-Ln2Low), c.Fma(n, c.Of(-Ln2High), x));

    /// <summary>e^r - 1 for |r| ≤ ½ ln 2: the Taylor polynomial of degree 7, whose remainder is below 2^-27 of the value.</summary>
    private static Value ExpMinusOne(Code c, Value r)
    {
        Value p = c.Polynomial(r, 1f / 5040, 1f / 720, 1f / 120, 1f / 24, 1f / 6, 0.5f);
        return c.Fma(p, c.Mul(r, r), r);
    }

    /// <summary>
    /// a · 2^n in two steps, so that results beyond the normal range round once and 2^128 is reached. <paramref name="rounded"/> shows n.
    /// </summary>
    private static Value Scale(Code c, Value a, Value rounded)
    {
        Value exponent = c.Bits(rounded), half = c.Shift(BinaryOp.Shr, exponent, 1);
        return c.Mul(c.Mul(a, PowerOfTwo(c, half)), PowerOfTwo(c, c.Binary(BinaryOp.Sub, exponent, half)));
    }

    /// <summary>2^n for n in [-126, 127], of which the last nine bits show n + 127; the others are shifted out.</summary>
    private static Value PowerOfTwo(Code c, Value biased) => c.Float(c.Shift(BinaryOp.Shl, biased, 23));

    private static Value Log(Code c, Value x)
    {
        (Value f, Value correction, Value exponent) = LogParts(c, x);
        Value low = c.Add(f, c.Fma(exponent, c.Of(Ln2Low), correction));
        return SpecialLog(c, x, c.Fma(exponent, c.Of(Ln2High), low));
    }

    private static Value Log2(Code c, Value x)
    {
        (Value f, Value correction, Value exponent) = LogParts(c, x);
        // log2 e = 1.5 - 0.0573…: the product with f keeps its low part.
        Value product = c.Mul(f, c.Of(Log2E));
        Value low = c.Add(
            c.Fma(f, c.Of(Log2E), c.Negate(product)), c.Fma(f, c.Of(1.925963033500e-8f), c.Mul(correction, c.Of(Log2E))));
        return SpecialLog(c, x, c.Add(c.Add(exponent, product), low));
    }

    private static Value Log10(Code c, Value x)
    {
        (Value f, Value correction, Value exponent) = LogParts(c, x);
        Value fraction = c.Fma(f, c.Of(0.434294481903252f), c.Mul(correction, c.Of(0.434294481903252f)));
        Value low = c.Fma(exponent, c.Of(4.605038981195e-6f), fraction);
        return SpecialLog(c, x, c.Fma(exponent, c.Of(0.301025390625f), low));
    }

    /// <summary>
    /// log x = exponent · ln 2 + f + correction, f = mantissa - 1 with the mantissa in [√½, √2). With s = f / (2 + f),
    /// log (1 + f) = 2 artanh s, whose series converges fast for |s| ≤ 0.172; written as f - (f²/2 - s (f²/2 + R(s²))) its rounding errors
    /// stay in the small terms.
    /// </summary>
    private static (Value F, Value Correction, Value Exponent) LogParts(Code c, Value x)
    {
        const int sqrtHalf = 0x3F3504F3, least = 0x00800000;
        // Subnormal numbers are scaled into the normal range first.
        Value isSubnormal = c.IsLess(x, c.Of(BitConverter.Int32BitsToSingle(least)));
        Value scaled = c.Select(isSubnormal, c.Mul(x, c.Of(8388608f)), x);
        Value bits = c.Binary(BinaryOp.Sub, c.Bits(scaled), Constant.Int(sqrtHalf));
        Value mantissa = c.Binary(BinaryOp.Add, c.Binary(BinaryOp.And, bits, Constant.Int(least - 1)), Constant.Int(sqrtHalf));
        Value exponent = c.Add(c.Number(c.Shift(BinaryOp.Shr, bits, 23)), c.Select(isSubnormal, c.Of(-23f), c.Of(0f)));
        Value f = c.Sub(c.Float(mantissa), c.Of(1f));
        Value s = c.Div(f, c.Add(f, c.Of(2f)));
        Value z = c.Mul(s, s);
        Value r = c.Mul(c.Polynomial(z, 2f / 11, 2f / 9, 2f / 7, 2f / 5, 2f / 3), z);
        Value half = c.Mul(c.Mul(f, f), c.Of(0.5f));
        return (f, c.Fma(s, c.Add(half, r), c.Negate(half)), exponent);
    }

    /// <summary>log 0 = -∞, log of a negative number or NaN is NaN, log ∞ = ∞.</summary>
    private static Value SpecialLog(Code c, Value x, Value result)
    {
        Value isFinite = c.IsLess(x, c.Of(float.PositiveInfinity));
        Value invalid = c.Select(c.IsLess(x, c.Of(0f)), c.Of(float.NaN), c.Of(float.NegativeInfinity));
        return c.Select(c.IsLess(x, c.Of(float.Epsilon)), invalid, c.Select(isFinite, result, x));
    }

    /// <summary>tanh |x| = u / (u + 2) with u = e^(2|x|) - 1; the sign is put back. Beyond 10 the result is 1.</summary>
    private static Value Tanh(Code c, Value x)
    {
        Value magnitude = c.AtMost(c.Absolute(x), 10f);
        Value y = c.Add(magnitude, magnitude);
        Value rounded = c.Fma(y, c.Of(Log2E), c.Of(Rounder));
        Value n = c.Sub(rounded, c.Of(Rounder));
        Value power = PowerOfTwo(c, c.Binary(BinaryOp.Sub, c.Bits(rounded), Constant.Int(127)));
        Value u = c.Fma(ExpMinusOne(c, Remainder(c, y, n)), power, c.Sub(power, c.Of(1f)));
        return c.CopySign(c.Div(u, c.Add(u, c.Of(2f))), x);
    }

    /// <summary>Names for the instructions that expansions are made of.</summary>
    private readonly struct Code(BodyRewriter rewriter)
    {
        public Value Of(float value) => Constant.Float(value);

        public Value Add(Value a, Value b) => Binary(BinaryOp.Add, a, b);
        public Value Sub(Value a, Value b) => Binary(BinaryOp.Sub, a, b);
        public Value Mul(Value a, Value b) => Binary(BinaryOp.Mul, a, b);
        public Value Div(Value a, Value b) => Binary(BinaryOp.Div, a, b);
        public Value Fma(Value a, Value b, Value c) => rewriter.Add(new Fma(a, b, c));
        public Value Negate(Value a) => rewriter.Add(new Unary(UnaryOp.Neg, a));
        public Value Absolute(Value a) => rewriter.Add(new Unary(UnaryOp.Abs, a));
        public Value CopySign(Value a, Value sign) => Binary(BinaryOp.CopySign, a, sign);

        public Value Binary(BinaryOp op, Value a, Value b) => rewriter.Add(new Binary(op, a, b));
        public Value Shift(BinaryOp op, Value a, int count) => Binary(op, a, Constant.Int(count));
        public Value Bits(Value a) => rewriter.Add(new Ir.Convert(ConvertOp.Bitcast, a, IrType.I32));
        public Value Float(Value bits) => rewriter.Add(new Ir.Convert(ConvertOp.Bitcast, bits, IrType.F32));
        public Value Number(Value integer) => rewriter.Add(new Ir.Convert(ConvertOp.SignedToFloat, integer, IrType.F32));

        public Value IsLess(Value a, Value b) => rewriter.Add(new Compare(CompareOp.Lt, a, b));
        public Value Select(Value condition, Value whenTrue, Value whenFalse) => rewriter.Add(new Select(condition, whenTrue, whenFalse));

        /// <summary>NaN stays NaN.</summary>
        public Value AtLeast(Value a, float bound) => Select(IsLess(a, Of(bound)), Of(bound), a);

        /// <summary>NaN stays NaN.</summary>
        public Value AtMost(Value a, float bound) => Select(IsLess(Of(bound), a), Of(bound), a);

        /// <summary>The polynomial with these coefficients, highest first, by Horner's rule.</summary>
        public Value Polynomial(Value x, float first, params ReadOnlySpan<float> others)
        {
            Value sum = Of(first);
            foreach (float coefficient in others)
                sum = Fma(sum, x, Of(coefficient));
            return sum;
        }
    }
}
