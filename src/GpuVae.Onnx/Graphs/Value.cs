namespace GpuVae.Onnx.Graphs;

/// <summary>
/// What a node of a graph gives, or a constant. Arithmetic on values appends nodes, with shapes broadcast as ONNX does it; more is in
/// <see cref="Functions"/>.
/// </summary>
/// <param name="Graph">Where it belongs.</param>
/// <param name="Name">In the graph.</param>
/// <param name="Shape">Without the batch, which comes before it; of a constant all of it.</param>
internal sealed record Value(Graph Graph, string Name, params int[] Shape)
{
    public static Value operator +(Value a, Value b) => a.Graph.Apply("Add", Broadcast(a, b), [a, b]);

    public static Value operator +(Value a, float b) => a + a.Graph.Constant(b);

    public static Value operator +(float a, Value b) => b.Graph.Constant(a) + b;

    public static Value operator -(Value a, Value b) => a.Graph.Apply("Sub", Broadcast(a, b), [a, b]);

    public static Value operator -(Value a, float b) => a - a.Graph.Constant(b);

    public static Value operator -(float a, Value b) => b.Graph.Constant(a) - b;

    public static Value operator -(Value a) => a.Graph.Apply("Neg", a.Shape, [a]);

    public static Value operator *(Value a, Value b) => a.Graph.Apply("Mul", Broadcast(a, b), [a, b]);

    public static Value operator *(float a, Value b) => b.Graph.Constant(a) * b;

    public static Value operator /(Value a, Value b) => a.Graph.Apply("Div", Broadcast(a, b), [a, b]);

    public static Value operator /(Value a, float b) => a / a.Graph.Constant(b);

    public static Value operator /(float a, Value b) => b.Graph.Constant(a) / b;

    /// <summary>The shape of two operands together; those of one have the same rank, or one is a constant.</summary>
    private static int[] Broadcast(Value a, Value b)
    {
        (int[] more, int[] less) = a.Shape.Length >= b.Shape.Length ? (a.Shape, b.Shape) : (b.Shape, a.Shape);
        int missing = more.Length - less.Length;
        return [.. more.Select((extent, i) => i < missing ? extent : Math.Max(extent, less[i - missing]))];
    }
}
