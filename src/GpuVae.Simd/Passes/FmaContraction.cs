using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Passes;

/// <summary>
/// <c>a·b + c</c>, <c>a·b − c</c> and <c>c − a·b</c> become one operation where nothing else uses the product. The result differs from two
/// roundings in the last bit at most of the larger term, and is what GPU compilers do by default.
/// </summary>
internal static class FmaContraction
{
    public static bool Run(IrKernel kernel)
    {
        bool changed = false;
        var rewriter = new BodyRewriter();
        foreach (BasicBlock block in kernel.Blocks)
        {
            if (!rewriter.Run(block, i => i is Binary { Type: IrType.F32 or IrType.F64 } binary ? Contract(binary, rewriter) : null))
                continue;
            changed = true;
            // The products that went into a fused operation have no user left.
            block.Body.Sweep(instruction => instruction is Binary { Op: BinaryOp.Mul, Users.Count: 0 });
        }
        return changed;
    }

    private static Fma? Contract(Binary binary, BodyRewriter rewriter)
    {
        switch (binary.Op)
        {
            case BinaryOp.Add when Product(binary.Right) is { } product:
                return rewriter.Add(new Fma(product.Left, product.Right, binary.Left));
            case BinaryOp.Add when Product(binary.Left) is { } product:
                return rewriter.Add(new Fma(product.Left, product.Right, binary.Right));
            case BinaryOp.Sub when Product(binary.Right) is { } product:
                return rewriter.Add(new Fma(Negate(product.Left), product.Right, binary.Left));
            case BinaryOp.Sub when Product(binary.Left) is { } product:
                return rewriter.Add(new Fma(product.Left, product.Right, Negate(binary.Right)));
            default:
                return null;
        }

        Binary? Product(Value value) =>
            value is Binary { Op: BinaryOp.Mul, Users.Count: 1 } product && product.Block == rewriter.Block ? product : null;

        Value Negate(Value value) => value is Constant constant
            ? ConstantEvaluator.Unary(UnaryOp.Neg, constant)!
            : rewriter.Add(new Unary(UnaryOp.Neg, value));
    }
}
