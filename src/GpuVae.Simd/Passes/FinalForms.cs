using System.Numerics;
using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Passes;

/// <summary>
/// Last of all: multiplications by powers of two, the canonical form until here, become the shifts that machines do faster.
/// </summary>
internal static class FinalForms
{
    public static bool Run(IrKernel kernel)
    {
        var rewriter = new BodyRewriter();
        return rewriter.Run(kernel, instruction =>
            instruction is Binary { Op: BinaryOp.Mul, Right: Constant factor } product
                && product.Type.IsInteger() && BitOperations.IsPow2(factor.Bits)
                ? rewriter.Add(new Binary(BinaryOp.Shl, product.Left, Constant.Int(BitOperations.Log2(factor.Bits))))
                : null);
    }
}
