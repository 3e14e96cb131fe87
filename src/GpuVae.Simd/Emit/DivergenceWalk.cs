using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Emit;

/// <summary>
/// Finds the jumps that only some of the lanes inside their target take together, given which branches split lanes. A loop that has such
/// a jump out of it is divergent: its lanes leave in different turns.
/// </summary>
/// <remarks>
/// The walk carries one number: the depth of the innermost target with lanes that are elsewhere at this point. Lanes missing from a target
/// are missing from all targets around it too.
/// </remarks>
internal sealed class DivergenceWalk
{
    private const int None = int.MaxValue;

    private readonly Func<ConditionalBranch, bool> splits;
    private readonly List<TargetNode> targets = [];
    private readonly HashSet<ControlNode> divergentLoops = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<ControlNode> divergentJumps = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<ControlNode, int> partialAt = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<ControlNode, int> depths = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<ControlNode, bool> crossed = new(ReferenceEqualityComparer.Instance);

    public DivergenceWalk(ControlNode root, Func<ConditionalBranch, bool> splits)
    {
        this.splits = splits;
        Visit(root, -1);
    }

    public bool IsDivergent(LoopNode loop) => divergentLoops.Contains(loop);

    public bool IsDivergent(IfNode branch) => splits(branch.Branch);

    /// <summary>
    /// The copies run without some of the lanes of a target that control leaves behind them; those may come to the same place another way,
    /// by a jump that stands further in.
    /// </summary>
    /// <param name="edge">The copies and what control leaves.</param>
    /// <param name="loop">For a back edge its loop, whose lanes meet again at the header.</param>
    public bool IsPartial(ControlEdge edge, LoopNode? loop)
    {
        if (!partialAt.TryGetValue(edge.Node, out int partial))
            return false;
        if (loop is not null && depths[loop] <= partial)
            return true;
        return edge.Exited.Any(node => node is TargetNode && depths[node] <= partial);
    }

    /// <summary>For a break, continue or return: only part of the lanes of its target take it at a time.</summary>
    public bool IsDivergentJump(ControlNode jump) => divergentJumps.Contains(jump);

    /// <summary>Lanes can leave the node other than through its end while others stay.</summary>
    public bool IsCrossed(ControlNode node) => crossed.GetValueOrDefault(node);

    /// <summary>Returns the depth of the outermost target of the divergent jumps that leave the node. Depth 0 is the kernel.</summary>
    private int Visit(ControlNode node, int partial)
    {
        int escape = None;
        switch (node)
        {
            case SequenceNode sequence:
                foreach (ControlNode child in sequence.Children)
                {
                    int childEscape = Visit(child, partial);
                    if (childEscape != None)
                        partial = targets.Count;
                    escape = Math.Min(escape, childEscape);
                }
                break;
            case IfNode branch:
                int inside = splits(branch.Branch) ? targets.Count : partial;
                escape = Math.Min(Visit(branch.Then, inside), Visit(branch.Else, inside));
                break;
            case EdgeCopies:
                partialAt[node] = partial;
                break;
            case LabeledNode labeled:
                targets.Add(labeled);
                depths[labeled] = targets.Count;
                escape = Visit(labeled.Body, partial);
                targets.RemoveAt(targets.Count - 1);
                if (escape > targets.Count)
                    escape = None;
                break;
            case LoopNode loop:
                escape = VisitLoop(loop, partial);
                break;
            case BreakNode { Target: var target }:
                escape = VisitJump(node, targets.IndexOf(target) + 1, partial);
                if (escape != None && target is LoopNode left)
                    divergentLoops.Add(left);
                break;
            case ContinueNode { Target: var target }:
                escape = VisitJump(node, targets.IndexOf(target) + 1, partial);
                break;
            case ReturnNode:
                escape = VisitJump(node, 0, partial);
                break;
        }
        crossed[node] = escape != None;
        return escape;
    }

    private int VisitLoop(LoopNode loop, int partial)
    {
        bool known = divergentLoops.Contains(loop);
        targets.Add(loop);
        depths[loop] = targets.Count;
        int escape = Visit(loop.Body, known ? Math.Max(partial, targets.Count - 1) : partial);
        targets.RemoveAt(targets.Count - 1);
        // From its second turn on a divergent loop runs without the lanes that have left.
        if (!known && divergentLoops.Contains(loop))
            return VisitLoop(loop, partial);
        return escape > targets.Count ? None : escape;
    }

    private int VisitJump(ControlNode jump, int depth, int partial)
    {
        if (partial < depth)
        {
            divergentJumps.Remove(jump);
            return None;
        }
        divergentJumps.Add(jump);
        // Lanes that jump out of a loop alone make it divergent.
        divergentLoops.UnionWith(targets.Skip(depth).OfType<LoopNode>());
        return depth;
    }
}
