using GpuVae.Simd.Analyses;
using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Passes;

/// <summary>
/// Writes what is known of addresses to the loads and stores, from which the backends for GPUs form vector accesses, and drops the
/// promises that it came from. It runs once loops are unrolled and before addresses take their last form.
/// </summary>
internal static class AlignmentPropagation
{
    public static bool Run(IrKernel kernel)
    {
        bool changed = false;
        foreach (Instruction instruction in kernel.Instructions)
        {
            switch (instruction)
            {
                case Load load when KnownAlignment.Of(load.Pointer) is var known && known > load.Alignment:
                    load.Alignment = known;
                    changed = true;
                    break;
                case Store store when KnownAlignment.Of(store.Pointer) is var known && known > store.Alignment:
                    store.Alignment = known;
                    changed = true;
                    break;
            }
        }
        foreach (BasicBlock block in kernel.Blocks)
        {
            foreach (AlignedPointer aligned in block.Body.OfType<AlignedPointer>())
                aligned.ReplaceAllUsesWith(aligned.Pointer);
            changed |= block.Body.Sweep(instruction => instruction is AlignedPointer);
        }
        return changed;
    }
}
