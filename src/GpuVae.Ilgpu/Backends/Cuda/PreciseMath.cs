using GpuVae.Ilgpu.Compiler.Ir;

namespace GpuVae.Ilgpu.Backends.Cuda;

/// <summary>
/// The elementary functions that PTX lacks or only approximates, as plain C# that the front end inlines into CUDA kernels: arithmetic
/// with fused multiply-add and bit casts only, so that a test can compare them with a reference on any machine. Polynomials were fitted
/// at Chebyshev nodes in 70-digit arithmetic; arguments are reduced after Cody and Waite, "Software Manual for the Elementary
/// Functions" (1980), and, for large angles, Payne and Hanek, "Radian Reduction for Trigonometric Functions" (1983).
/// </summary>
/// <remarks>
/// Errors: float functions within 2 ULP (Tan, Log2 and Log10 within 3); double functions within 4 ULP, Pow within 16. Double Sin, Cos
/// and Tan lose accuracy beyond |x| = 2^50.
/// </remarks>
internal static partial class PreciseMath
{
    /// <summary>The name of the method of this class that stands for an operation on CUDA, or null where PTX has an instruction.</summary>
    /// <param name="op">The operation.</param>
    /// <param name="type">F32 or F64.</param>
    /// <param name="fastMath">Approximate instructions are welcome; F32 only.</param>
    public static string? ExpansionOf(UnaryOp op, IrType type, bool fastMath)
    {
        bool fast = fastMath && type == IrType.F32;
        return op switch
        {
            UnaryOp.Exp or UnaryOp.Exp2 or UnaryOp.Log or UnaryOp.Log2 or UnaryOp.Log10 or UnaryOp.Sin or UnaryOp.Cos or UnaryOp.Tan
                => fast ? null : op.ToString(),
            UnaryOp.Asin or UnaryOp.Acos or UnaryOp.Atan or UnaryOp.Sinh or UnaryOp.Cosh or UnaryOp.Tanh => op.ToString(),
            _ => null,
        };
    }

    /// <summary>The same for operations of two operands.</summary>
    public static string? ExpansionOf(BinaryOp op, IrType type, bool fastMath) => op switch
    {
        BinaryOp.Pow => fastMath && type == IrType.F32 ? null : "Pow",
        BinaryOp.Atan2 => "Atan2",
        BinaryOp.Rem when type.IsFloat() => "Remainder",
        _ => null,
    };
}
