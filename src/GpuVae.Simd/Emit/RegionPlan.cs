using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Emit;

/// <summary>A piece of a kernel as the whole group runs it; what lies between barriers is a <see cref="RegionStep"/>.</summary>
internal abstract record GroupStep;

internal sealed record GroupSequence(List<GroupStep> Steps) : GroupStep;

/// <summary>Runs for one warp after the other.</summary>
internal sealed record RegionStep(List<RegionPiece> Pieces) : GroupStep;

/// <summary>A whole node, or the instructions [From, To) of a block.</summary>
internal readonly record struct RegionPiece(ControlNode Node, int From, int To);

/// <summary>The phis of the copies' target that are one variable of the group; the others are assigned in the region before.</summary>
internal sealed record GroupCopies(EdgeCopies Copies) : GroupStep;

internal sealed record GroupIf(IfNode Node, GroupStep Then, GroupStep Else) : GroupStep;

/// <summary>A loop or label with a barrier inside.</summary>
internal sealed record GroupTarget(TargetNode Node, GroupStep Body) : GroupStep;

/// <summary>A break, continue or return that the whole group takes.</summary>
internal sealed record GroupJump(ControlNode Node) : GroupStep;

/// <summary>
/// Cuts a kernel whose groups have several warps at its barriers (the regions of Jääskeläinen et al. 2015, "pocl: A Performance-Portable
/// OpenCL Implementation"): a barrier inside a branch or loop makes that branch or loop one of the whole group, so its condition must be
/// too.
/// </summary>
internal sealed class RegionPlan
{
    private readonly ControlIndex index;
    private readonly ShapeAnalysis shapes;
    private readonly HashSet<ControlNode> groupLevel = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<EdgeCopies> looseCopies = new(ReferenceEqualityComparer.Instance);

    private RegionPlan(ControlIndex index, ShapeAnalysis shapes)
    {
        this.index = index;
        this.shapes = shapes;
        MarkGroupLevel(index.Root, tail: true);
        IsConvergent = GroupBranches.All(branch => shapes[branch.Condition].Kind == ShapeKind.GroupUniform);
        FindLooseCopies(index.Root);
        Root = Build(index.Root);
    }

    public GroupStep Root { get; }

    /// <summary>Whether all threads of a group come to every barrier together; only then can the plan be emitted.</summary>
    public bool IsConvergent { get; }
    public IEnumerable<ConditionalBranch> GroupBranches => groupLevel.OfType<IfNode>().Select(n => n.Branch);

    public static RegionPlan Build(ControlIndex index, ShapeAnalysis shapes) => new(index, shapes);

    /// <summary>The phi is one scalar of the group that only steps between regions assign.</summary>
    public bool IsGroupVariable(Phi phi) =>
        shapes[phi].Kind == ShapeKind.GroupUniform &&
        index.EdgesInto.GetValueOrDefault(phi.Block!) is { } edges && edges.All(e => looseCopies.Contains(e.Node));

    /// <summary>Some edge into the phi's block is taken in a region and another between regions.</summary>
    public bool IsMixed(Phi phi)
    {
        List<ControlEdge> edges = index.EdgesInto.GetValueOrDefault(phi.Block!) ?? [];
        return edges.Any(e => looseCopies.Contains(e.Node)) && !edges.All(e => looseCopies.Contains(e.Node));
    }

    /// <summary>
    /// A node is one of the group if it holds a barrier or a jump to a target that is, or returns while other regions follow.
    /// Returns whether the node is.
    /// </summary>
    private bool MarkGroupLevel(ControlNode node, bool tail)
    {
        bool result = index.ContainsBarrier(node);
        switch (node)
        {
            case SequenceNode sequence:
                for (int i = sequence.Children.Count - 1; i >= 0; i--)
                {
                    result |= MarkGroupLevel(sequence.Children[i], tail);
                    tail &= !index.ContainsBarrier(sequence.Children[i]);
                }
                break;
            case IfNode branch:
                result |= MarkGroupLevel(branch.Then, tail);
                result |= MarkGroupLevel(branch.Else, tail);
                break;
            case TargetNode target:
                if (result)
                    groupLevel.Add(node);
                result |= MarkGroupLevel(target.Body, tail && !(result && node is LoopNode));
                break;
            case BreakNode jump:
                result = groupLevel.Contains(jump.Target);
                break;
            case ContinueNode jump:
                result = groupLevel.Contains(jump.Target);
                break;
            case ReturnNode:
                result = !tail;
                break;
        }
        if (result)
            groupLevel.Add(node);
        return result;
    }

    private void FindLooseCopies(ControlNode node)
    {
        if (node is EdgeCopies copies)
            looseCopies.Add(copies);
        if (node is not SequenceNode && !groupLevel.Contains(node))
            return;
        foreach (ControlNode inner in node.Inner)
            FindLooseCopies(inner);
    }

    private GroupSequence Build(ControlNode node)
    {
        var steps = new List<GroupStep>();
        RegionStep? open = null;
        Append(node);
        return new GroupSequence(steps);

        void Append(ControlNode child)
        {
            switch (child)
            {
                case SequenceNode sequence:
                    sequence.Children.ForEach(Append);
                    break;
                case BlockNode block:
                    AppendBlock(block);
                    break;
                case EdgeCopies copies:
                    if (copies.To.Phis.Any(p => !IsGroupVariable(p)))
                        Open().Pieces.Add(new RegionPiece(copies, 0, 0));
                    if (copies.To.Phis.Any(IsGroupVariable))
                        Close(new GroupCopies(copies));
                    break;
                case IfNode branch when groupLevel.Contains(branch):
                    Close(new GroupIf(branch, Build(branch.Then), Build(branch.Else)));
                    break;
                case TargetNode target when groupLevel.Contains(target):
                    Close(new GroupTarget(target, Build(target.Body)));
                    break;
                case BreakNode or ContinueNode or ReturnNode:
                    Close(new GroupJump(child));
                    break;
                default:
                    Open().Pieces.Add(new RegionPiece(child, 0, 0));
                    break;
            }
        }

        void AppendBlock(BlockNode block)
        {
            int from = 0;
            List<Instruction> body = block.Block.Body;
            for (int i = 0; i < body.Count; i++)
            {
                if (!ControlIndex.IsBarrier(body[i]))
                    continue;
                Open().Pieces.Add(new RegionPiece(block, from, i + 1));
                open = null;
                from = i + 1;
            }
            if (from < body.Count)
                Open().Pieces.Add(new RegionPiece(block, from, body.Count));
        }

        RegionStep Open()
        {
            if (open is null)
                steps.Add(open = new RegionStep([]));
            return open;
        }

        void Close(GroupStep step)
        {
            open = null;
            steps.Add(step);
        }
    }
}
