using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Passes;

/// <summary>
/// Removes what no side effect depends on, also where dead values keep each other alive through phis, and unused allocations.
/// </summary>
internal static class DeadCode
{
    public static bool Run(IrKernel kernel)
    {
        var live = new HashSet<Value>(ReferenceEqualityComparer.Instance);
        var work = new Stack<Instruction>();
        foreach (BasicBlock block in kernel.Blocks)
        {
            foreach (Instruction instruction in block.Body)
            {
                if (instruction.HasSideEffects)
                    Mark(instruction);
            }
            Mark(block.Terminator!);
        }
        while (work.TryPop(out Instruction? instruction))
        {
            for (int i = 0; i < instruction.Operands.Count; i++)
                Mark(instruction.Operands[i]);
        }

        bool changed = false;
        foreach (BasicBlock block in kernel.Blocks)
        {
            changed |= block.Phis.Sweep(phi => !live.Contains(phi));
            changed |= block.Body.Sweep(instruction => !live.Contains(instruction));
        }
        changed |= kernel.Allocations.RemoveAll(a => a.Users.Count == 0 && !a.IsDynamic) > 0;
        return changed;

        void Mark(Value value)
        {
            if (live.Add(value) && value is Instruction instruction)
                work.Push(instruction);
        }
    }
}
