using GpuVae.Simd.Ir;
using Barrier = GpuVae.Simd.Ir.Barrier;

namespace GpuVae.Simd.Emit;

/// <summary>One <see cref="EdgeCopies"/> with the constructs that control leaves on the way to its target block.</summary>
/// <param name="Node">The copies.</param>
/// <param name="Exited">The ifs, loops and labels between the copies and the target.</param>
/// <param name="IsBackEdge">The target is the header of a loop around the copies.</param>
internal sealed record ControlEdge(EdgeCopies Node, IReadOnlyList<ControlNode> Exited, bool IsBackEdge);

/// <summary>
/// Facts about a control tree: the order in which SIMD code runs it (all arms one after another, so every instruction has one position),
/// the parents, the edges into each block and the loops around each instruction.
/// </summary>
internal sealed class ControlIndex
{
    private readonly Dictionary<ControlNode, (ControlNode? Parent, int Index)> parents = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Value, int> positions = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<EdgeCopies, int> copyPositions = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<BasicBlock, LoopNode?> loopOf = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<LoopNode, (int First, int Last)> loopRanges = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<ControlNode> withBarrier = new(ReferenceEqualityComparer.Instance);
    private int next;

    public ControlIndex(ControlNode root)
    {
        Root = root;
        Visit(root, null, 0, null);
        foreach (EdgeCopies copies in Copies)
        {
            ControlEdge edge = Resolve(copies);
            if (!EdgesInto.TryGetValue(copies.To, out List<ControlEdge>? list))
                EdgesInto.Add(copies.To, list = []);
            list.Add(edge);
            EdgeOf.Add(copies, edge);
        }
    }

    public ControlNode Root { get; }

    /// <summary>All copies in the order of their positions.</summary>
    public List<EdgeCopies> Copies { get; } = [];
    public List<IfNode> Ifs { get; } = [];
    public Dictionary<BasicBlock, List<ControlEdge>> EdgesInto { get; } = new(ReferenceEqualityComparer.Instance);
    public Dictionary<EdgeCopies, ControlEdge> EdgeOf { get; } = new(ReferenceEqualityComparer.Instance);
    public bool HasLoops => loopRanges.Count > 0;
    public bool ContainsBarrier(ControlNode node) => withBarrier.Contains(node);
    public int PositionOf(Value instruction) => positions[instruction];
    public bool IsPlaced(Value instruction) => positions.ContainsKey(instruction);
    public int PositionOf(EdgeCopies copies) => copyPositions[copies];

    /// <summary>The innermost loop around the block, as far as it stands in the tree.</summary>
    public LoopNode? LoopOf(BasicBlock block) => loopOf.GetValueOrDefault(block);

    public (int First, int Last) RangeOf(LoopNode loop) => loopRanges[loop];

    public static bool IsBarrier(Instruction instruction) =>
        instruction is Barrier { Kind: not BarrierKind.Warp } or GroupBroadcast;

    private bool Visit(ControlNode node, ControlNode? parent, int index, LoopNode? loop)
    {
        parents.Add(node, (parent, index));
        bool barrier = false;
        switch (node)
        {
            case SequenceNode sequence:
                for (int i = 0; i < sequence.Children.Count; i++)
                    barrier |= Visit(sequence.Children[i], node, i, loop);
                break;
            case BlockNode block:
                loopOf[block.Block] = loop;
                foreach (Instruction instruction in block.Block.Body)
                {
                    positions[instruction] = next++;
                    barrier |= IsBarrier(instruction);
                }
                break;
            case EdgeCopies copies:
                copyPositions[copies] = next++;
                Copies.Add(copies);
                break;
            case IfNode branch:
                positions[branch.Branch] = next++;
                Ifs.Add(branch);
                barrier |= Visit(branch.Then, node, 0, loop);
                barrier |= Visit(branch.Else, node, 1, loop);
                break;
            case LoopNode inner:
                int first = next;
                loopOf[inner.Header] = inner;
                barrier |= Visit(inner.Body, node, 0, inner);
                loopRanges[inner] = (first, next);
                break;
            case LabeledNode labeled:
                barrier = Visit(labeled.Body, node, 0, loop);
                break;
        }
        if (barrier)
            withBarrier.Add(node);
        return barrier;
    }

    /// <summary>
    /// Walks from the copies to where their target stands. A target without a body leaves no node behind; then the walk may go further out
    /// than the target, which errs on the side of leaving too many constructs.
    /// </summary>
    private ControlEdge Resolve(EdgeCopies copies)
    {
        var exited = new List<ControlNode>();
        ControlNode node = copies;
        while (true)
        {
            (ControlNode? parent, int index) = parents[node];
            if (parent is null)
                return new ControlEdge(copies, exited, false);
            if (parent is SequenceNode sequence && index + 1 < sequence.Children.Count)
            {
                switch (sequence.Children[index + 1])
                {
                    case BreakNode jump:
                        LeaveTo(jump.Target, sequence);
                        exited.Add(jump.Target);
                        node = jump.Target;
                        continue;
                    case ContinueNode jump:
                        LeaveTo(jump.Target, sequence);
                        return new ControlEdge(copies, exited, true);
                    default:
                        return new ControlEdge(copies, exited, false);
                }
            }
            if (parent is LoopNode loop)
                return new ControlEdge(copies, exited, loop.Header == copies.To);
            if (parent is not SequenceNode)
                exited.Add(parent);
            node = parent;
        }

        void LeaveTo(ControlNode target, ControlNode from)
        {
            for (ControlNode current = from; current != target; current = parents[current].Parent!)
            {
                if (current is not SequenceNode)
                    exited.Add(current);
            }
        }
    }
}
