using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Emit;

/// <summary>
/// A loop that keeps many vectors from turn to turn, with what leads into it and the block behind it: it becomes a method of its own. In the
/// method of a whole kernel the JIT's register allocator sees hundreds of variables that outlive the loop, and sends its sums
/// through memory; alone, what the loop needs is all there is.
/// </summary>
internal sealed class LoopMethod
{
    /// <summary>Loops that carry fewer vectors gain nothing by a call.</summary>
    private const int LeastVectors = 4;

    private readonly ControlIndex index;
    private readonly InlinePlan plan;
    private readonly HashSet<ControlNode> nodes = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<Value> inside = new(ReferenceEqualityComparer.Instance);

    private LoopMethod(ControlIndex index, InlinePlan plan, List<ControlNode> children, int from, int end)
    {
        (this.index, this.plan, End) = (index, plan, end);
        for (int i = from; i < end; i++)
            Add(children[i]);
    }

    /// <summary>One behind the last node of the sequence.</summary>
    public int End { get; }

    /// <summary>The loop that begins at a node of a sequence, or null where there is none that should be alone.</summary>
    public static LoopMethod? At(
        List<ControlNode> children, int from, ControlIndex index, InlinePlan plan, ShapeAnalysis shapes, SimdConfiguration configuration)
    {
        int at = from + (children[from] is EdgeCopies ? 1 : 0);
        if (at == children.Count || children[at] is not LoopNode loop || index.ContainsBarrier(loop) ||
            shapes.LaneWalk.IsDivergent(loop) || !IsClosed(loop, []))
            return null;
        int vectors = loop.Header.Phis.Where(phi => shapes[phi].IsVarying).Sum(phi => configuration.PartsOf(phi.Type));
        if (vectors < LeastVectors)
            return null;
        // The sums end in the block behind the loop.
        int end = at + 1;
        if (end < children.Count && children[end] is BlockNode && !index.ContainsBarrier(children[end]))
            end++;
        return new(index, plan, children, from, end);
    }

    /// <summary>Whether anything behind the method reads the variable that holds these values.</summary>
    public bool IsReadBehind(Value variable) =>
        inside.Any(value => ReferenceEquals(plan.VariableOf(value), variable) && value.Users.Any(user => IsOutside(value, user)));

    private bool IsOutside(Value value, Instruction user)
    {
        if (user is Phi phi)
        {
            return !index.EdgesInto.TryGetValue(phi.Block!, out List<ControlEdge>? edges) || edges.Exists(edge =>
                ReferenceEquals(phi.ValueFrom(edge.Node.From), value) && !nodes.Contains(edge.Node));
        }
        // What stays on the stack is computed where it is used.
        return !inside.Contains(user) || (plan.IsInlined(user) && user.Users.Any(next => IsOutside(user, next)));
    }

    private void Add(ControlNode node)
    {
        nodes.Add(node);
        switch (node)
        {
            case BlockNode { Block.Body: var body }:
                inside.UnionWith(body);
                break;
            case EdgeCopies { To.Phis: var phis }:
                inside.UnionWith(phis);
                break;
            case IfNode { Branch: var branch }:
                inside.Add(branch);
                break;
        }
        foreach (ControlNode inner in node.Inner)
            Add(inner);
    }

    /// <summary>No way out but behind the node, and nothing that talks about where it is.</summary>
    private static bool IsClosed(ControlNode node, HashSet<ControlNode> targets)
    {
        if (node is TargetNode)
            targets.Add(node);
        return node switch
        {
            ReturnNode => false,
            BreakNode { Target: var target } => targets.Contains(target),
            ContinueNode { Target: var target } => targets.Contains(target),
            BlockNode { Block.Body: var body } => !body.Exists(instruction => instruction is Print or Assert or BoundsCheck),
            _ => node.Inner.All(inner => IsClosed(inner, targets)),
        };
    }
}
