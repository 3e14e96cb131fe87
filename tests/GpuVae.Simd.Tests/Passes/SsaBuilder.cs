using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Tests.Passes;

/// <summary>
/// Builds kernels by hand: variables are written and read by name, phis are placed as blocks are sealed. Also names blocks for printing.
/// </summary>
internal sealed class SsaBuilder
{
    private readonly Dictionary<(string Variable, BasicBlock Block), Value> definitions = [];
    private readonly Dictionary<BasicBlock, List<(string Variable, Phi Phi)>> incomplete = [];
    private readonly HashSet<BasicBlock> isSealed = [];
    private int slot;

    public SsaBuilder()
    {
        Block = NewBlock("entry");
        Seal(Block);
    }

    public IrKernel Kernel { get; } = new("test");

    public BasicBlock Block { get; set; }

    public Dictionary<BasicBlock, string> Names { get; } = [];

    public Parameter View(string name, IrType elementType)
    {
        var pointer = new Parameter(name, ParameterKind.ViewPointer, IrType.Pointer, slot, elementType.SizeOf());
        slot += 2;
        Kernel.Parameters.Add(pointer);
        return pointer;
    }

    public Parameter Scalar(string name, IrType type)
    {
        var parameter = new Parameter(name, ParameterKind.Scalar, type, slot++);
        Kernel.Parameters.Add(parameter);
        return parameter;
    }

    public Allocation Local(IrType type, int count)
    {
        var allocation = new Allocation(AddressSpace.Local, type, type.SizeOf(), count);
        Kernel.Allocations.Add(allocation);
        return allocation;
    }

    public BasicBlock NewBlock(string name)
    {
        var block = new BasicBlock();
        Kernel.Blocks.Add(block);
        Names.Add(block, name);
        return block;
    }

    public T Add<T>(T instruction) where T : Instruction => Block.Append(instruction);

    public Value Binary(BinaryOp op, Value left, Value right) => Add(new Binary(op, left, right));

    public Value Compare(CompareOp op, Value left, Value right) => Add(new Compare(op, left, right));

    public Value Load(Value pointer, Value index, IrType type) =>
        Add(new Load(Add(new ElementAddress(pointer, index, type.SizeOf())), type, type.SizeOf()));

    public void Store(Value pointer, Value index, Value value) =>
        Add(new Store(Add(new ElementAddress(pointer, index, value.Type.SizeOf())), value, value.Type.SizeOf()));

    public void Goto(BasicBlock target) => Block.Terminator = new Branch(target);

    public void If(Value condition, BasicBlock whenTrue, BasicBlock whenFalse) =>
        Block.Terminator = new ConditionalBranch(condition, whenTrue, whenFalse);

    public void Return() => Block.Terminator = new Return();

    /// <summary>All predecessors are known; go on in the block.</summary>
    public void Enter(BasicBlock block)
    {
        Seal(block);
        Block = block;
    }

    /// <summary>Goes on in a block whose predecessors are not all known; <see cref="Seal"/> it later.</summary>
    public void EnterOpen(BasicBlock block) => Block = block;

    public void Seal(BasicBlock block)
    {
        if (!isSealed.Add(block))
            return;
        if (incomplete.Remove(block, out List<(string Variable, Phi Phi)>? phis))
        {
            foreach ((string variable, Phi phi) in phis)
                Fill(variable, block, phi);
        }
    }

    public void Set(string variable, Value value) => definitions[(variable, Block)] = value;

    public Value Get(string variable) => Read(variable, Block);

    private Value Read(string variable, BasicBlock block)
    {
        if (definitions.TryGetValue((variable, block), out Value? value))
            return value;
        if (isSealed.Contains(block) && block.Predecessors.Count == 1)
        {
            value = Read(variable, block.Predecessors[0]);
        }
        else if (isSealed.Contains(block) && block.Predecessors.Count == 0)
        {
            value = Constant.Int(0);
        }
        else
        {
            Phi phi = block.AppendPhi(new Phi(IrType.I32));
            definitions[(variable, block)] = phi;
            if (isSealed.Contains(block))
                Fill(variable, block, phi);
            else if (incomplete.TryGetValue(block, out List<(string Variable, Phi Phi)>? list))
                list.Add((variable, phi));
            else
                incomplete.Add(block, [(variable, phi)]);
            return phi;
        }
        return definitions[(variable, block)] = value;
    }

    private void Fill(string variable, BasicBlock block, Phi phi)
    {
        foreach (BasicBlock predecessor in block.Predecessors)
            phi.AddIncoming(predecessor, Read(variable, predecessor));
    }

    /// <summary>The control tree on one line, blocks by their names.</summary>
    public string Print(ControlNode node) => node switch
    {
        SequenceNode sequence => string.Join(" ", sequence.Children.Select(Print)),
        BlockNode block => Names[block.Block],
        EdgeCopies copies => $"{Names[copies.From]}→{Names[copies.To]}",
        IfNode branch => $"if({Print(branch.Then)})else({Print(branch.Else)})",
        LoopNode loop => $"loop {Names[loop.Header]} {{{Print(loop.Body)}}}",
        LabeledNode labeled => $"label {{{Print(labeled.Body)}}}",
        BreakNode { Target: LoopNode loop } => $"break {Names[loop.Header]}",
        BreakNode => "break label",
        ContinueNode next => $"continue {Names[next.Target.Header]}",
        ReturnNode => "return",
        _ => throw new InvalidOperationException(),
    };
}
