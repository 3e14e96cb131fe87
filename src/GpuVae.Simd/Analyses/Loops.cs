using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Analyses;

/// <summary>An edge that leaves a loop.</summary>
internal readonly record struct LoopExit(BasicBlock From, BasicBlock To);

/// <summary>A natural loop: the header and everything that reaches a back edge to it without passing it.</summary>
internal sealed class Loop(BasicBlock header)
{
    private readonly HashSet<BasicBlock> members = [header];

    public BasicBlock Header { get; } = header;

    /// <summary>The sources of the back edges.</summary>
    public List<BasicBlock> Latches { get; } = [];

    /// <summary>All blocks with those of inner loops, in reverse postorder.</summary>
    public List<BasicBlock> Blocks { get; } = [];
    public List<LoopExit> Exits { get; } = [];
    public Loop? Parent { get; internal set; }
    public List<Loop> Children { get; } = [];

    /// <summary>1 for an outermost loop.</summary>
    public int Depth => Parent is null ? 1 : Parent.Depth + 1;
    public bool Contains(BasicBlock block) => members.Contains(block);
    public bool Contains(Value value) => value is Instruction { Block: { } block } && members.Contains(block);

    /// <summary>The only block outside that leads to the header, if it leads nowhere else.</summary>
    public BasicBlock? Preheader =>
        Header.Predecessors.Where(p => !Contains(p)).ToArray() is [{ Successors.Count: 1 } only] ? only : null;

    internal bool AddMember(BasicBlock block) => members.Add(block);
}

/// <summary>
/// The loops of a kernel and how they nest. A snapshot: valid until the control flow changes.
/// </summary>
internal sealed class Loops
{
    private readonly Dictionary<BasicBlock, Loop> innermost = [];

    /// <exception cref="KernelCompilationException">The graph is irreducible: a loop is entered at two places.</exception>
    public Loops(IrKernel kernel, Dominators dominators)
    {
        var byHeader = new Dictionary<BasicBlock, Loop>();
        foreach (BasicBlock block in dominators.Order)
        {
            foreach (BasicBlock successor in block.Successors)
            {
                if (dominators.NumberOf(successor) > dominators.NumberOf(block))
                    continue;
                if (!dominators.Dominates(successor, block))
                {
                    throw new KernelCompilationException(
                        $"kernel '{kernel.Name}': a loop is entered at two places, at {Describe(successor)}; " +
                        "replace the goto into the loop by structured code");
                }
                if (!byHeader.TryGetValue(successor, out Loop? loop))
                    byHeader.Add(successor, loop = new Loop(successor));
                loop.Latches.Add(block);
            }
        }

        // Inner headers come later in reverse postorder: outermost first lets every block end with its innermost loop.
        var work = new Stack<BasicBlock>();
        foreach (BasicBlock header in dominators.Order)
        {
            if (!byHeader.TryGetValue(header, out Loop? loop))
                continue;
            foreach (BasicBlock latch in loop.Latches)
            {
                if (loop.AddMember(latch))
                    work.Push(latch);
            }
            while (work.TryPop(out BasicBlock? block))
            {
                foreach (BasicBlock predecessor in block.Predecessors)
                {
                    if (dominators.IsReachable(predecessor) && loop.AddMember(predecessor))
                        work.Push(predecessor);
                }
            }
            if (innermost.TryGetValue(header, out Loop? parent))
            {
                loop.Parent = parent;
                parent.Children.Add(loop);
            }
            foreach (BasicBlock block in dominators.Order)
            {
                if (!loop.Contains(block))
                    continue;
                loop.Blocks.Add(block);
                innermost[block] = loop;
                loop.Exits.AddRange(block.Successors.Where(s => !loop.Contains(s)).Select(s => new LoopExit(block, s)));
            }
            OuterFirst.Add(loop);
        }
    }

    /// <summary>All loops, every one before the loops inside it; backwards, inner loops come first.</summary>
    public List<Loop> OuterFirst { get; } = [];

    /// <summary>The innermost loop around a block, or null.</summary>
    public Loop? InnermostOf(BasicBlock block) => innermost.GetValueOrDefault(block);

    private static string Describe(BasicBlock block) =>
        block.Body.Append(block.Terminator!).FirstOrDefault(i => i.Location is not null)?.Location!.ToString() ?? "an unknown place";
}
