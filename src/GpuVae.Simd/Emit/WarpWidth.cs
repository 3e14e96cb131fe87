using GpuVae.Simd.Analyses;
using GpuVae.Simd.Ir;
using GpuVae.Simd.Passes;

namespace GpuVae.Simd.Emit;

/// <summary>
/// How many threads a warp has where a kernel cannot tell. Short loops gain by several warps run as one, each value a row of vectors: what
/// is uniform is done once for all of them, their chains of dependent operations overlap, and neighbouring lines of memory are read
/// together instead of a whole loop later. Loops whose threads each walk through memory by themselves are better off with one
/// thread after the other, as plain scalar code: vectors would be taken apart at every access.
/// </summary>
internal static class WarpWidth
{
    /// <summary>Of the 32 vector registers some are for constants and masks.</summary>
    private const int Registers = 28;

    /// <summary>What is live beside the variables of the loop: the operands and results of an operation.</summary>
    private const int Temporaries = 3;

    private const int MaximumLanes = 64;

    /// <summary>Loops of a known, smaller number of turns prepare or finish.</summary>
    private const int MaximumTurns = 1024;

    /// <summary>Operations per access that are fewer than vectors would pay for.</summary>
    private const int MaximumOthers = 3;

    /// <summary>Loops with more instructions have enough to overlap, and become too much code.</summary>
    private const int MaximumSize = 64;

    /// <summary>The configuration to compile the optimised kernel with.</summary>
    public static SimdConfiguration Choose(IrKernel kernel, SimdConfiguration configuration, GroupShape group)
    {
        // A group of one warp was shaped for the vector by whoever launches it.
        if (configuration.IsScalar || group.Size <= configuration.Lanes || kernel.Instructions.Any(KnowsWarps))
            return configuration;
        var index = new ControlIndex(Structurizer.Build(kernel));
        var shapes = new ShapeAnalysis(kernel, index, configuration, group, new LocalMemoryLayout(kernel, configuration.Lanes));
        var loops = kernel.Blocks.Where(b => index.LoopOf(b) is not null).GroupBy(b => index.LoopOf(b)!).ToList();
        if (loops.Count == 0)
            return configuration;
        if (IsWalk(kernel, loops, shapes))
            return configuration with { Lanes = 1 };
        int lanes = Math.Min(MaximumLanes, 4 * configuration.Lanes);
        while (group.X % lanes != 0)
            lanes /= 2;
        if (lanes <= configuration.Lanes)
            return configuration;
        foreach (IGrouping<LoopNode, BasicBlock> blocks in loops)
            lanes = Math.Min(lanes, configuration.Lanes * Factor(blocks.Key, [.. blocks], configuration, shapes));
        return configuration with { Lanes = lanes };
    }

    /// <summary>The loops that may turn often walk; those before and after them, of a known number of turns, do not count.</summary>
    private static bool IsWalk(IrKernel kernel, List<IGrouping<LoopNode, BasicBlock>> loops, ShapeAnalysis shapes)
    {
        var dominators = new Dominators(kernel);
        var forest = new Loops(kernel, dominators);
        var open = loops.Where(blocks => !IsShort(forest.InnermostOf(blocks.Key.Header)!)).ToList();
        return open.Count > 0 && open.TrueForAll(blocks => IsWalk(blocks, shapes));

        bool IsShort(Loop loop) => loop.Parent is null && TripCount.Of(loop, forest, dominators, MaximumTurns) is not null;
    }

    /// <summary>
    /// Scattered accesses and writes, and little beside them. What a scatter does, and a gather on most processors, is an access per lane.
    /// </summary>
    private static bool IsWalk(IEnumerable<BasicBlock> blocks, ShapeAnalysis shapes)
    {
        int scattered = 0, others = 0;
        bool writes = false;
        foreach (Instruction instruction in blocks.SelectMany(b => b.Body))
        {
            if (instruction is not MemoryAccess { Pointer: var pointer } access)
            {
                others += instruction is not ElementAddress && shapes[instruction].IsVarying ? 1 : 0;
                continue;
            }
            if (shapes[pointer].IsUniform)
                continue;
            // Local memory is next to each other for the lanes of a vector, and for a single thread it is its own.
            if (pointer.Space != AddressSpace.Local && shapes[pointer].Stride == access.AccessType.SizeOf())
                return false;
            scattered++;
            writes |= instruction is not Load;
        }
        return writes && scattered >= 2 && others <= MaximumOthers * scattered;
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
        foreach (BasicBlock block in blocks)
        {
            foreach (Value operand in block.Body.SelectMany(instruction => instruction.Operands))
            {
                if (operand is Instruction { Block: { } home } && !blocks.Contains(home))
                    live.Add(operand);
            }
            divides |= block.Terminator is ConditionalBranch { Condition: var condition } &&
                shapes[condition].IsVarying && !IsBound(condition, shapes);
        }
        int vectors = live.Where(value => shapes[value].IsVarying).Sum(value => configuration.PartsOf(value.Type));
        int most = Registers / (vectors + Temporaries);
        // Lanes that need different numbers of turns wait for the slowest.
        return most >= 4 && !divides ? 4 : most >= 2 ? 2 : 1;
    }

    /// <summary>Lanes that walk through memory by themselves need a cache line each, and the more lanes the fewer stay cached.</summary>
    private static bool IsScattered(Instruction instruction, ShapeAnalysis shapes) =>
        instruction is MemoryAccess { Pointer: { Space: AddressSpace.Global } pointer } access && !shapes[pointer].IsUniform
            && shapes[pointer].Stride != access.AccessType.SizeOf();

    /// <summary>An index against a length: all lanes stay until the last turn.</summary>
    private static bool IsBound(Value condition, ShapeAnalysis shapes) =>
        condition is Compare compare && !shapes[compare.Left].IsVarying && !shapes[compare.Right].IsVarying;
}
