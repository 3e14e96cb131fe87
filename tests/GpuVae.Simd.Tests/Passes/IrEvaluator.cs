using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Tests.Passes;

/// <summary>
/// Runs a kernel for one thread, either along its graph or along its control tree, and returns what it stored. Atomics, whose results
/// the random kernels do not use, are left out.
/// </summary>
internal sealed class IrEvaluator(IReadOnlyDictionary<Parameter, long> scalars, IReadOnlyDictionary<GeometryKind, int>? geometry = null)
{
    private readonly Dictionary<Value, (Value? Base, Constant? Bits, long Offset)> values = [];
    private int fuel = 200_000;

    /// <summary>What memory holds, by origin and byte offset; unwritten memory is zero.</summary>
    public Dictionary<(Value Origin, long Offset), ulong> Memory { get; } = [];

    public IReadOnlyDictionary<long, ulong> Global =>
        Memory.Where(m => m.Key.Origin is Parameter).ToDictionary(m => m.Key.Offset, m => m.Value);

    public IrEvaluator RunGraph(IrKernel kernel)
    {
        BasicBlock? from = null;
        for (BasicBlock block = kernel.Entry; ;)
        {
            if (from is not null)
                Copy(from, block);
            RunBody(block);
            switch (block.Terminator)
            {
                case Branch branch:
                    (from, block) = (block, branch.Target);
                    break;
                case ConditionalBranch branch:
                    (from, block) = (block, Bits(branch.Condition).Bits != 0 ? branch.WhenTrue : branch.WhenFalse);
                    break;
                default:
                    return this;
            }
        }
    }

    public IrEvaluator RunTree(ControlNode node)
    {
        Run(node);
        return this;
    }

    /// <summary>Null when control falls off the end; otherwise the jump under way.</summary>
    private ControlNode? Run(ControlNode node)
    {
        switch (node)
        {
            case SequenceNode sequence:
                foreach (ControlNode child in sequence.Children)
                {
                    if (Run(child) is { } jump)
                        return jump;
                }
                return null;
            case BlockNode block:
                RunBody(block.Block);
                return null;
            case EdgeCopies copies:
                Copy(copies.From, copies.To);
                return null;
            case IfNode branch:
                return Run(Bits(branch.Branch.Condition).Bits != 0 ? branch.Then : branch.Else);
            case LoopNode loop:
                while (true)
                {
                    ControlNode? jump = Run(loop.Body);
                    Burn();
                    if (jump is BreakNode leave && leave.Target == loop)
                        return null;
                    if (jump is not null && !(jump is ContinueNode next && next.Target == loop))
                        return jump;
                }
            case LabeledNode label:
                ControlNode? inner = Run(label.Body);
                return inner is BreakNode exit && exit.Target == label ? null : inner;
            default:
                return node;
        }
    }

    private void Burn()
    {
        if (--fuel < 0)
            throw new InvalidOperationException("the kernel does not end");
    }

    private void Copy(BasicBlock from, BasicBlock to)
    {
        (Value? Base, Constant? Bits, long Offset)[] incoming = to.Phis.Select(p => Get(p.ValueFrom(from))).ToArray();
        for (int i = 0; i < incoming.Length; i++)
            values[to.Phis[i]] = incoming[i];
    }

    private void RunBody(BasicBlock block)
    {
        foreach (Instruction instruction in block.Body)
        {
            Burn();
            switch (instruction)
            {
                case ElementAddress address:
                    (Value? origin, _, long offset) = Get(address.Pointer);
                    values[address] = (origin, null, offset + Bits(address.Index).SignedValue * address.ElementSize + address.Offset);
                    break;
                case Load load:
                    (Value? Base, Constant? Bits, long Offset) source = Get(load.Pointer);
                    values[load] = (null, Constant.FromBits(load.Type, Memory.GetValueOrDefault((source.Base!, source.Offset))), 0);
                    break;
                case Store store:
                    (Value? Base, Constant? Bits, long Offset) target = Get(store.Pointer);
                    Memory[(target.Base!, target.Offset)] = Bits(store.StoredValue).Bits;
                    break;
                case Select select:
                    values[select] = Get(Bits(select.Condition).Bits != 0 ? select.WhenTrue : select.WhenFalse);
                    break;
                case Unary unary:
                    Set(unary, ScalarEvaluator.Evaluate(unary.Op, unary.Operand.Type, Bits(unary.Operand).Bits));
                    break;
                case Binary binary:
                    Set(binary, ScalarEvaluator.Evaluate(binary.Op, binary.Type, Bits(binary.Left).Bits, Bits(binary.Right).Bits));
                    break;
                case Fma fma:
                    Set(fma, ScalarEvaluator.FusedMultiplyAdd(fma.Type, Bits(fma.A).Bits, Bits(fma.B).Bits, Bits(fma.C).Bits));
                    break;
                case Compare compare:
                    bool holds = ScalarEvaluator.Evaluate(compare.Op, compare.Left.Type, Bits(compare.Left).Bits, Bits(compare.Right).Bits);
                    Set(compare, holds ? 1UL : 0);
                    break;
                case GpuVae.Simd.Ir.Convert convert:
                    Set(convert, ScalarEvaluator.Evaluate(convert.Op, convert.Operand.Type, convert.Type, Bits(convert.Operand).Bits));
                    break;
                case Geometry place:
                    Set(place, (uint)geometry![place.Kind]);
                    break;
                case Atomic:
                    break;
                default:
                    throw new NotSupportedException(instruction.GetType().Name);
            }
        }
        Burn();
    }

    private void Set(Instruction instruction, ulong bits) => values[instruction] = (null, Constant.FromBits(instruction.Type, bits), 0);

    private Constant Bits(Value value) => Get(value).Bits!;

    private (Value? Base, Constant? Bits, long Offset) Get(Value value) => value switch
    {
        Constant constant => (null, constant, 0),
        Parameter { Type: IrType.Pointer } or Allocation => (value, null, 0),
        Parameter parameter => (null, Constant.FromBits(parameter.Type, (ulong)scalars[parameter]), 0),
        _ => values[value],
    };
}
