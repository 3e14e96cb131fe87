namespace GpuVae.Simd.Analyses;

/// <summary>The nodes of a graph that a start reaches, every one before those that only forward edges lead to.</summary>
internal static class ReversePostorder
{
    /// <param name="start">The first node.</param>
    /// <param name="successors">Where a node's edges lead; the first one walked comes last in the order.</param>
    public static List<T> Of<T>(T start, Func<T, IEnumerable<T>> successors) where T : class
    {
        var order = new List<T>();
        var seen = new HashSet<T> { start };
        // An explicit stack: unrolled kernels have chains of blocks too long for recursion.
        var stack = new Stack<(T Node, IEnumerator<T> Edges)>();
        stack.Push((start, successors(start).GetEnumerator()));
        while (stack.TryPeek(out (T Node, IEnumerator<T> Edges) top))
        {
            if (!top.Edges.MoveNext())
            {
                order.Add(top.Node);
                stack.Pop();
            }
            else if (seen.Add(top.Edges.Current))
            {
                stack.Push((top.Edges.Current, successors(top.Edges.Current).GetEnumerator()));
            }
        }
        order.Reverse();
        return order;
    }
}
