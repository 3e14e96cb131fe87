using GpuVae.Simd.Ir;
using Convert = GpuVae.Simd.Ir.Convert;

namespace GpuVae.Simd.Frontend;

/// <summary>
/// C# evaluates <c>a &amp;&amp; b</c> to an int on the IL stack. A phi that only merges widened Bools and the constants 0 and 1
/// becomes a Bool phi, widened behind it, so that conditions stay conditions.
/// </summary>
internal static class BoolPhis
{
    public static void Run(IrKernel kernel)
    {
        var candidates = kernel.Blocks.SelectMany(b => b.Phis).Where(p => p.Type == IrType.I32).ToHashSet();
        for (bool changed = true; changed;)
        {
            changed = candidates.RemoveWhere(p => p.Operands.Any(o => !IsBool(o) && !(o is Phi other && candidates.Contains(other)))) > 0;
        }
        var narrowed = candidates.ToDictionary(p => p, p => p.Block!.AppendPhi(new Phi(IrType.Bool) { Location = p.Location }));
        foreach ((Phi phi, Phi narrow) in narrowed)
        {
            for (int i = 0; i < phi.Operands.Count; i++)
            {
                narrow.AddIncoming(phi.IncomingBlocks[i], phi.Operands[i] switch
                {
                    Constant constant => Constant.Bool(constant.Bits != 0),
                    Phi other => narrowed[other],
                    var widened => ((Convert)widened).Operand,
                });
            }
        }
        foreach ((Phi phi, Phi narrow) in narrowed)
        {
            BasicBlock block = phi.Block!;
            Instruction widened = new Convert(ConvertOp.ZeroExtend, narrow, IrType.I32) { Block = block, Location = phi.Location };
            block.Body.Insert(0, widened);
            phi.ReplaceAllUsesWith(widened);
            block.Remove(phi);
        }
        foreach (BasicBlock block in kernel.Blocks)
        {
            foreach (Compare compare in block.Body.OfType<Compare>().ToArray())
                Simplify(compare);
        }
    }

    /// <summary><c>widened != 0</c> is the Bool itself.</summary>
    private static void Simplify(Compare compare)
    {
        if (compare is { Op: CompareOp.Ne, Right: Constant { Bits: 0 } }
            && compare.Left is Convert { Op: ConvertOp.ZeroExtend, Operand: { Type: IrType.Bool } condition })
        {
            compare.ReplaceAllUsesWith(condition);
            compare.Block!.Remove(compare);
        }
    }

    private static bool IsBool(Value value) =>
        value is Constant { Bits: 0 or 1 } or Convert { Op: ConvertOp.ZeroExtend, Operand.Type: IrType.Bool };
}
