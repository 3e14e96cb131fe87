using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Analyses;

/// <summary>
/// Reverse postorder and dominator tree of the reachable blocks, by the iterative intersection of Cooper, Harvey and Kennedy
/// ("A Simple, Fast Dominance Algorithm", 2001). A snapshot: valid until the control flow changes.
/// </summary>
internal sealed class Dominators
{
    private readonly Dictionary<BasicBlock, int> numbers;
    private readonly BasicBlock[] order;
    private readonly int[] immediate;

    // Preorder intervals of the dominator tree: a dominates b exactly if b's interval lies within a's.
    private readonly int[] enter;
    private readonly int[] leave;
    private readonly List<BasicBlock>[] children;

    public Dominators(IrKernel kernel)
    {
        // Last successor first, so that the first one comes earlier in the reversed order.
        order = [.. ReversePostorder.Of(kernel.Entry, block => block.Successors.Reverse())];
        numbers = order.Index().ToDictionary(n => n.Item, n => n.Index);
        immediate = ComputeImmediate();
        children = new List<BasicBlock>[order.Length];
        for (int i = 0; i < order.Length; i++)
            children[i] = [];
        for (int i = 1; i < order.Length; i++)
            children[immediate[i]].Add(order[i]);
        enter = new int[order.Length];
        leave = new int[order.Length];
        NumberTree();
    }

    /// <summary>The reachable blocks, every one before those that only forward edges lead to.</summary>
    public IReadOnlyList<BasicBlock> Order => order;

    /// <summary>Position in <see cref="Order"/>.</summary>
    public int NumberOf(BasicBlock block) => numbers[block];

    public bool IsReachable(BasicBlock block) => numbers.ContainsKey(block);

    /// <summary>The immediate dominator; the entry has none.</summary>
    public BasicBlock? ImmediateDominatorOf(BasicBlock block)
    {
        int number = numbers[block];
        return number == 0 ? null : order[immediate[number]];
    }

    /// <summary>The blocks immediately dominated, in reverse postorder.</summary>
    public IReadOnlyList<BasicBlock> ChildrenOf(BasicBlock block) => children[numbers[block]];

    /// <summary>Whether every path to <paramref name="b"/> passes <paramref name="a"/>; a block dominates itself.</summary>
    public bool Dominates(BasicBlock a, BasicBlock b)
    {
        int x = numbers[a], y = numbers[b];
        return enter[x] <= enter[y] && leave[y] <= leave[x];
    }

    private int[] ComputeImmediate()
    {
        int[] result = new int[order.Length];
        Array.Fill(result, -1);
        result[0] = 0;
        for (bool changed = true; changed;)
        {
            changed = false;
            for (int i = 1; i < order.Length; i++)
            {
                int dominator = -1;
                foreach (BasicBlock predecessor in order[i].Predecessors)
                {
                    if (!numbers.TryGetValue(predecessor, out int p) || result[p] < 0)
                        continue;
                    dominator = dominator < 0 ? p : Intersect(p, dominator);
                }
                changed |= result[i] != dominator;
                result[i] = dominator;
            }
        }
        return result;

        int Intersect(int a, int b)
        {
            while (a != b)
            {
                while (a > b)
                    a = result[a];
                while (b > a)
                    b = result[b];
            }
            return a;
        }
    }

    private void NumberTree()
    {
        int clock = 0;
        var stack = new Stack<(int Node, int Next)>();
        stack.Push((0, 0));
        enter[0] = clock++;
        while (stack.TryPop(out (int Node, int Next) top))
        {
            if (top.Next == children[top.Node].Count)
            {
                leave[top.Node] = clock++;
                continue;
            }
            stack.Push((top.Node, top.Next + 1));
            int child = numbers[children[top.Node][top.Next]];
            enter[child] = clock++;
            stack.Push((child, 0));
        }
    }
}
