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
        bool changed = false;
        foreach (BasicBlock block in kernel.Blocks)
        {
            for (int i = 0; i < block.Body.Count; i++)
            {
                if (block.Body[i] is not Binary { Op: BinaryOp.Mul, Right: Constant factor } product ||
                    !product.Type.IsInteger() || !BitOperations.IsPow2(factor.Bits))
                {
                    continue;
                }
                var shift = new Binary(BinaryOp.Shl, product.Left, Constant.Int(BitOperations.Log2(factor.Bits)))
                {
                    Block = block,
                    Location = product.Location,
                };
                block.Body[i] = shift;
                product.ReplaceAllUsesWith(shift);
                product.DropOperands();
                product.Block = null;
                changed = true;
            }
        }
        return changed;
    }
}
