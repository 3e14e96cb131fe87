namespace GpuVae.Simd.Ir;

/// <summary>Where an instruction came from; the line is 0 where there is no PDB.</summary>
internal sealed record SourceLocation(string Method, string? File, int Line, int IlOffset)
{
    public override string ToString() => File is null ? $"{Method} (IL_{IlOffset:x4})" : $"{Method} ({Path.GetFileName(File)}:{Line})";
}

/// <summary>An operation in SSA form. Its result, if it has one, is the instruction itself.</summary>
internal abstract class Instruction : Value
{
    private List<Value> operands = [];

    protected Instruction(IrType type, AddressSpace space, params ReadOnlySpan<Value> operands) : base(type, space)
    {
        foreach (Value operand in operands)
            AppendOperand(operand);
    }

    public BasicBlock? Block { get; internal set; }
    public SourceLocation? Location { get; set; }
    public IReadOnlyList<Value> Operands => operands;

    /// <summary>
    /// True where removing the instruction would change what the kernel does, even if nobody uses its result. A shuffle communicates, so it
    /// may not move across control flow, but an unused one may go.
    /// </summary>
    public bool HasSideEffects => this is Store or Atomic or AtomicCompareExchange or Barrier or Fence or GroupBroadcast or BoundsCheck
        or Assert or Print or Prefetch or Terminator;

    public void SetOperand(int index, Value value)
    {
        operands[index].RemoveUser(this);
        operands[index] = value;
        value.AddUser(this);
    }

    protected void AppendOperand(Value value)
    {
        operands.Add(value);
        value.AddUser(this);
    }

    protected void RemoveOperandAt(int index)
    {
        operands[index].RemoveUser(this);
        operands.RemoveAt(index);
    }

    /// <summary>Unlinks the instruction, which has left its block for good.</summary>
    public void Detach()
    {
        foreach (Value operand in operands)
            operand.RemoveUser(this);
        operands.Clear();
        Block = null;
    }

    /// <summary>Puts another value in the place of this instruction, which has left its block for good.</summary>
    public void DetachFor(Value replacement)
    {
        ReplaceAllUsesWith(replacement);
        Detach();
    }

    /// <summary>
    /// A copy with each operand mapped, attached to no block and without users. Phis are not copied so: their blocks are others.
    /// </summary>
    public Instruction Clone(Func<Value, Value> map)
    {
        var copy = (Instruction)MemberwiseClone();
        copy.ForgetUsers();
        copy.Block = null;
        copy.operands = [];
        foreach (Value operand in operands)
            copy.AppendOperand(map(operand));
        return copy;
    }
}

/// <summary>One operand per predecessor of its block, in the order of <see cref="IncomingBlocks"/>.</summary>
internal sealed class Phi(IrType type, AddressSpace space = AddressSpace.None) : Instruction(type, space)
{
    private readonly List<BasicBlock> incomingBlocks = [];

    public IReadOnlyList<BasicBlock> IncomingBlocks => incomingBlocks;

    public void AddIncoming(BasicBlock from, Value value)
    {
        incomingBlocks.Add(from);
        AppendOperand(value);
    }

    public void RemoveIncoming(BasicBlock from)
    {
        int index = incomingBlocks.IndexOf(from);
        incomingBlocks.RemoveAt(index);
        RemoveOperandAt(index);
    }

    public void ReplaceIncomingBlock(BasicBlock from, BasicBlock replacement) => incomingBlocks[incomingBlocks.IndexOf(from)] = replacement;

    public Value ValueFrom(BasicBlock from) => Operands[incomingBlocks.IndexOf(from)];

    /// <summary>The value that comes from any of several blocks, which have become the predecessors of a new one.</summary>
    public Value ValueFrom(BasicBlock[] from, BasicBlock joined)
    {
        if (from is [var only])
            return ValueFrom(only);
        Phi merged = joined.AppendPhi(new Phi(Type, Space) { Location = Location });
        foreach (BasicBlock block in from)
            merged.AddIncoming(block, ValueFrom(block));
        return merged;
    }
}

/// <summary>Ends a block. Its successors are kept in step with the predecessor lists by <see cref="BasicBlock.Terminator"/>.</summary>
internal abstract class Terminator(BasicBlock[] successors, params ReadOnlySpan<Value> operands)
    : Instruction(IrType.Void, AddressSpace.None, operands)
{
    public IReadOnlyList<BasicBlock> Successors { get; private set; } = successors;

    /// <summary>The same terminator with other targets, attached to no block.</summary>
    public Terminator WithTargets(Func<Value, Value> mapValue, Func<BasicBlock, BasicBlock> mapBlock)
    {
        var copy = (Terminator)Clone(mapValue);
        copy.Successors = [.. Successors.Select(mapBlock)];
        return copy;
    }
}

internal sealed class Branch(BasicBlock target) : Terminator([target])
{
    public BasicBlock Target => Successors[0];
}

/// <summary>Two different targets; a conditional branch whose targets agree is written as a <see cref="Branch"/>.</summary>
internal sealed class ConditionalBranch(Value condition, BasicBlock whenTrue, BasicBlock whenFalse)
    : Terminator([whenTrue, whenFalse], condition)
{
    public Value Condition => Operands[0];
    public BasicBlock WhenTrue => Successors[0];
    public BasicBlock WhenFalse => Successors[1];
}

internal sealed class Return() : Terminator([]);
