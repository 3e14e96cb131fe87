namespace GpuVae.Simd.Ir;

/// <summary>
/// The control flow of a reducible graph as nested statements, made by the structurizer for vector code, which cannot jump: a
/// divergent branch is a mask. Phis are variables here: each <see cref="EdgeCopies"/> assigns, in parallel, the
/// values that flow along one edge. The graph is in loop-closed form, so a value of a loop is used outside it only through phis.
/// </summary>
internal abstract class ControlNode
{
    /// <summary>The nodes that stand directly inside, in order.</summary>
    public virtual IEnumerable<ControlNode> Inner => [];
}

internal sealed class SequenceNode(List<ControlNode> children) : ControlNode
{
    public List<ControlNode> Children { get; } = children;
    public override IEnumerable<ControlNode> Inner => Children;
}

/// <summary>The body of one basic block, without phis and terminator.</summary>
internal sealed class BlockNode(BasicBlock block) : ControlNode
{
    public BasicBlock Block { get; } = block;
}

/// <summary>The parallel copies <c>phi ← phi.ValueFrom(From)</c> for every phi of <see cref="To"/>.</summary>
internal sealed class EdgeCopies(BasicBlock from, BasicBlock to) : ControlNode
{
    public BasicBlock From { get; } = from;
    public BasicBlock To { get; } = to;
}

internal sealed class IfNode(ConditionalBranch branch, ControlNode then, ControlNode otherwise) : ControlNode
{
    public ConditionalBranch Branch { get; } = branch;
    public ControlNode Then { get; } = then;

    /// <summary>An empty sequence where there is no else part.</summary>
    public ControlNode Else { get; } = otherwise;
    public override IEnumerable<ControlNode> Inner => [Then, Else];
}

/// <summary>A construct that <see cref="BreakNode"/> and <see cref="ContinueNode"/> can name.</summary>
internal abstract class TargetNode : ControlNode
{
    public ControlNode Body { get; set; } = new SequenceNode([]);
    public override IEnumerable<ControlNode> Inner => [Body];
}

/// <summary>Repeats its body for ever: falling off the end starts the next turn; only breaks and returns leave it.</summary>
internal sealed class LoopNode(BasicBlock header) : TargetNode
{
    public BasicBlock Header { get; } = header;
}

/// <summary>Runs its body once; a break that names it jumps behind it. Arises where branches join in ways that ifs cannot nest.</summary>
internal sealed class LabeledNode : TargetNode;

/// <summary>Leaves the target, which may be several levels out.</summary>
internal sealed class BreakNode(TargetNode target) : ControlNode
{
    public TargetNode Target { get; } = target;
}

/// <summary>Starts the next turn of the loop, which may be several levels out.</summary>
internal sealed class ContinueNode(LoopNode target) : ControlNode
{
    public LoopNode Target { get; } = target;
}

internal sealed class ReturnNode : ControlNode;
