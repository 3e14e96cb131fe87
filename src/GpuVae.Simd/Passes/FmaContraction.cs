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
        var output = new List<Instruction>();
        foreach (BasicBlock block in kernel.Blocks)
        {
            output.Clear();
            bool blockChanged = false;
            foreach (Instruction instruction in block.Body)
            {
                Fma? fused = instruction is Binary { Type: IrType.F32 or IrType.F64 } binary ? Contract(binary, block, output) : null;
                if (fused is null)
                {
                    output.Add(instruction);
                    continue;
                }
                fused.Block = block;
                fused.Location = instruction.Location;
                output.Add(fused);
                instruction.ReplaceAllUsesWith(fused);
                instruction.DropOperands();
                instruction.Block = null;
                blockChanged = true;
            }
            if (!blockChanged)
                continue;
            block.Body.Clear();
            foreach (Instruction instruction in output)
            {
                // The products that went into a fused operation have no user left.
                if (instruction is Binary { Op: BinaryOp.Mul, Users.Count: 0 })
                {
                    instruction.DropOperands();
                    instruction.Block = null;
                }
                else
                {
                    block.Body.Add(instruction);
                }
            }
            changed = true;
        }
        return changed;
    }

    private static Fma? Contract(Binary binary, BasicBlock block, List<Instruction> output)
    {
        switch (binary.Op)
        {
            case BinaryOp.Add when Product(binary.Right) is { } product:
                return new Fma(product.Left, product.Right, binary.Left);
            case BinaryOp.Add when Product(binary.Left) is { } product:
                return new Fma(product.Left, product.Right, binary.Right);
            case BinaryOp.Sub when Product(binary.Right) is { } product:
                return new Fma(Negate(product.Left), product.Right, binary.Left);
            case BinaryOp.Sub when Product(binary.Left) is { } product:
                return new Fma(product.Left, product.Right, Negate(binary.Right));
            default:
                return null;
        }

        Binary? Product(Value value) =>
            value is Binary { Op: BinaryOp.Mul, Users.Count: 1 } product && product.Block == block ? product : null;

        Value Negate(Value value)
        {
            if (value is Constant constant)
                return ConstantEvaluator.Unary(UnaryOp.Neg, constant)!;
            var negated = new Unary(UnaryOp.Neg, value) { Block = block, Location = binary.Location };
            output.Add(negated);
            return negated;
        }
    }
}
