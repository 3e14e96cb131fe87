using GpuVae.Simd.Analyses;
using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Emit;

/// <summary>
/// Runs several warps of a group as one, where a kernel cannot tell: each value is then a row of vectors. Short loops gain by it: what is
/// uniform is done once for all of them, their chains of dependent operations overlap, and neighbouring lines of memory are read together
/// instead of a whole loop later.
/// </summary>
internal static class WideWarps
{
    /// <summary>Of the 32 vector registers some are for constants and masks.</summary>
    private const int Registers = 28;

    /// <summary>What is live beside the variables of the loop: the operands and results of an operation.</summary>
    private const int Temporaries = 3;

    private const int MaximumLanes = 64;

    /// <summary>Loops with more instructions have enough to overlap, and become too much code.</summary>
    private const int MaximumSize = 64;

    /// <summary>The configuration to compile the optimised kernel with.</summary>
    public static SimdConfiguration Choose(IrKernel kernel, SimdConfiguration configuration, GroupShape group)
    {
        if (configuration.IsScalar || kernel.Instructions.Any(KnowsWarps))
            return configuration;
        int lanes = Math.Min(MaximumLanes, 4 * configuration.Lanes);
        while (group.X % lanes != 0)
            lanes /= 2;
        if (lanes <= configuration.Lanes)
            return configuration;

        var index = new ControlIndex(Structurizer.Build(kernel));
        var shapes = new ShapeAnalysis(kernel, index, configuration, group, new LocalMemoryLayout(kernel, configuration.Lanes));
        bool any = false;
        foreach (var blocks in kernel.Blocks.Where(b => index.LoopOf(b) is not null).GroupBy(b => index.LoopOf(b)!))
        {
            any = true;
            lanes = Math.Min(lanes, configuration.Lanes * Factor(blocks.Key, [.. blocks], configuration, shapes));
        }
        return any && lanes > configuration.Lanes ? configuration with { Lanes = lanes } : configuration;
    }

    private static bool KnowsWarps(Instruction instruction) => instruction is
        Shuffle or Ir.Barrier { Kind: BarrierKind.Warp } or
        Geometry { Kind: GeometryKind.LaneIndex or GeometryKind.WarpIndex or GeometryKind.WarpSize };

    /// <summary>How many vectors per value the loop has registers for: 1, 2 or 4.</summary>
    private static int Factor(LoopNode loop, HashSet<BasicBlock> blocks, SimdConfiguration configuration, ShapeAnalysis shapes)
    {
        if (blocks.Sum(b => b.Body.Count) > MaximumSize || blocks.Any(b => b.Body.Exists(i => IsScattered(i, shapes))))
            return 1;
        var live = new HashSet<Value>(loop.Header.Phis, ReferenceEqualityComparer.Instance);
        bool divides = false;
        foreach (var block in blocks)
        {
            foreach (var operand in block.Body.SelectMany(instruction => instruction.Operands))
            {
                if (operand is Instruction { Block: { } home } && !blocks.Contains(home))
                    live.Add(operand);
            }
            divides |= block.Terminator is ConditionalBranch branch && shapes[branch.Condition].IsVarying && !IsBound(branch.Condition, shapes);
        }
        int vectors = live.Where(value => shapes[value].IsVarying).Sum(value => configuration.PartsOf(value.Type));
        int most = Registers / (vectors + Temporaries);
        // Lanes that need different numbers of turns wait for the slowest.
        return most >= 4 && !divides ? 4 : most >= 2 ? 2 : 1;
    }

    /// <summary>Lanes that each walk through memory by themselves need a cache line each, and the more lanes the fewer stay cached.</summary>
    private static bool IsScattered(Instruction instruction, ShapeAnalysis shapes)
    {
        var (pointer, type) = instruction switch
        {
            Load load => (load.Pointer, load.Type),
            Store store => (store.Pointer, store.StoredValue.Type),
            _ => default,
        };
        return pointer is { Space: AddressSpace.Global } && !shapes[pointer].IsUniform && shapes[pointer].Stride != type.SizeOf();
    }

    /// <summary>An index against a length: all lanes stay until the last turn.</summary>
    private static bool IsBound(Value condition, ShapeAnalysis shapes) =>
        condition is Compare compare && !shapes[compare.Left].IsVarying && !shapes[compare.Right].IsVarying;
}
