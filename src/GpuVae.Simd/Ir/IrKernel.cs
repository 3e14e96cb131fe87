namespace GpuVae.Simd.Ir;

/// <summary>Straight-line code: phis, instructions, one terminator.</summary>
internal sealed class BasicBlock
{
    private readonly List<BasicBlock> predecessors = [];
    private Terminator? terminator;

    public List<Phi> Phis { get; } = [];
    public List<Instruction> Body { get; } = [];

    /// <summary>
    /// Setting it moves this block from the predecessor lists of the old successors to those of the new ones; phis stay as they are.
    /// </summary>
    public Terminator? Terminator
    {
        get => terminator;
        set
        {
            if (terminator is not null)
            {
                foreach (BasicBlock successor in terminator.Successors)
                    successor.predecessors.Remove(this);
                if (!ReferenceEquals(terminator, value))
                    terminator.Detach();
            }
            terminator = value;
            if (value is null)
                return;
            value.Block = this;
            foreach (BasicBlock successor in value.Successors)
                successor.predecessors.Add(this);
        }
    }

    public IReadOnlyList<BasicBlock> Predecessors => predecessors;
    public IReadOnlyList<BasicBlock> Successors => terminator?.Successors ?? [];

    public T Append<T>(T instruction) where T : Instruction
    {
        instruction.Block = this;
        Body.Add(instruction);
        return instruction;
    }

    public Phi AppendPhi(Phi phi)
    {
        phi.Block = this;
        Phis.Add(phi);
        return phi;
    }

    /// <summary>Takes a phi or body instruction out and unlinks its operands.</summary>
    public void Remove(Instruction instruction)
    {
        if (instruction is Phi phi)
            Phis.Remove(phi);
        else
            Body.Remove(instruction);
        instruction.Detach();
    }
}

internal static class InstructionLists
{
    /// <summary>Takes out, and detaches, the instructions that the predicate holds for; returns whether there were any.</summary>
    public static bool Sweep<T>(this List<T> instructions, Predicate<T> goes) where T : Instruction => instructions.RemoveAll(instruction =>
    {
        if (!goes(instruction))
            return false;
        instruction.Detach();
        return true;
    }) > 0;
}

/// <summary>A kernel with everything it calls inlined, in SSA form over a reducible control-flow graph.</summary>
internal sealed class IrKernel(string name)
{
    public string Name { get; } = name;
    public List<Parameter> Parameters { get; } = [];
    public List<Allocation> Allocations { get; } = [];

    /// <summary>Views whose loads are taken to see no store of the same launch, and those stored through; only if both exist.</summary>
    public (IReadOnlyList<Parameter> ReadOnly, IReadOnlyList<Parameter> Written) DisjointViews { get; set; } = ([], []);

    /// <summary>Constant tables in pinned memory, which pointer constants name; they have to live as long as the code.</summary>
    public List<byte[]> Tables { get; } = [];

    /// <summary>All blocks; the entry comes first and has no predecessors.</summary>
    public List<BasicBlock> Blocks { get; } = [];
    public BasicBlock Entry => Blocks[0];
    public IEnumerable<Instruction> Instructions => Blocks.SelectMany(b => b.Phis.Concat<Instruction>(b.Body).Append(b.Terminator!));
}
