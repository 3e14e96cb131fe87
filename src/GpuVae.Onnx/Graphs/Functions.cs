namespace GpuVae.Onnx.Graphs;

/// <summary>Functions of values, each one node or a few. Axes count from the first after the batch.</summary>
internal static class Functions
{
    public static Value Abs(Value x) => x.Graph.Apply("Abs", x.Shape, [x]);

    public static Value Erf(Value x) => x.Graph.Apply("Erf", x.Shape, [x]);

    public static Value Exp(Value x) => x.Graph.Apply("Exp", x.Shape, [x]);

    public static Value Floor(Value x) => x.Graph.Apply("Floor", x.Shape, [x]);

    public static Value Log(Value x) => x.Graph.Apply("Log", x.Shape, [x]);

    public static Value Relu(Value x) => x.Graph.Apply("Relu", x.Shape, [x]);

    public static Value Sigmoid(Value x) => x.Graph.Apply("Sigmoid", x.Shape, [x]);

    public static Value Softplus(Value x) => x.Graph.Apply("Softplus", x.Shape, [x]);

    public static Value Tanh(Value x) => x.Graph.Apply("Tanh", x.Shape, [x]);

    /// <summary>x, not below min nor above max.</summary>
    public static Value Clamp(Value x, float min, float max) =>
        x.Graph.Apply("Clip", x.Shape, [x, x.Graph.Constant(min), x.Graph.Constant(max)]);

    /// <summary>x, not below a bound.</summary>
    public static Value Max(Value x, float bound) => x.Graph.Apply("Max", x.Shape, [x, x.Graph.Constant(bound)]);

    /// <summary>Where x lies below the bound the one, else the other.</summary>
    public static Value WhereLess(Value x, float bound, Value then, Value otherwise) =>
        x.Graph.Apply("Where", x.Shape, [x.Graph.Apply("Less", x.Shape, [x, x.Graph.Constant(bound)]), then, otherwise]);

    /// <summary>The shares e^x / Σ e^x along an axis.</summary>
    public static Value Softmax(Value x, int axis) => x.Graph.Apply("Softmax", x.Shape, [x], ("axis", axis + 1));

    /// <summary>ln Σ e^x along an axis, which goes; relative to the largest, so that nothing overflows.</summary>
    public static Value LogSumExp(Value x, int axis)
    {
        int[] kept = [.. x.Shape];
        kept[axis] = 1;
        Value largest = x.Graph.Apply("ReduceMax", kept, [x], ("axes", new[] { axis + 1 }), ("keepdims", 1));
        return Log(Sum(Exp(x - largest), axis)) + Reshape(largest, Without(x.Shape, axis));
    }

    /// <summary>The sum along an axis, which goes.</summary>
    public static Value Sum(Value x, int axis) =>
        x.Graph.Apply("ReduceSum", Without(x.Shape, axis), [x, x.Graph.Integers(axis + 1)], ("keepdims", 0));

    /// <summary>The sum of everything but the batch.</summary>
    public static Value Sum(Value x) => Sum(Rows(x), 0);

    /// <summary>The product of matrices; what is before the last two extents is broadcast.</summary>
    public static Value MatMul(Value a, Value b) => a.Graph.Apply("MatMul", [.. a.Shape[..^1], b.Shape[^1]], [a, b]);

    /// <summary>The values of a row, one after the other.</summary>
    public static Value Rows(Value x) => x.Shape.Length == 1 ? x : Reshape(x, x.Shape.Aggregate(1, (product, extent) => product * extent));

    /// <summary>The same values in another shape; the same value where it is the same shape.</summary>
    public static Value Reshape(Value x, params int[] shape) => x.Shape.AsSpan().SequenceEqual(shape)
        ? x
        // 0 keeps the batch as large as it is.
        : x.Graph.Apply("Reshape", shape, [x, x.Graph.Integers([0, .. shape])]);

    /// <summary>From an axis the extents from a first one on.</summary>
    public static Value Slice(Value x, int axis, int first, int count)
    {
        int[] shape = [.. x.Shape];
        shape[axis] = count;
        Graph graph = x.Graph;
        return count == x.Shape[axis]
            ? x
            : graph.Apply(
                "Slice", shape, [x, graph.Integers(first), graph.Integers(first + count), graph.Integers(axis + 1)]);
    }

    /// <summary>The first axis in equal parts.</summary>
    public static Value[] Parts(Value x, int count)
    {
        int each = x.Shape[0] / count;
        return [.. Enumerable.Range(0, count).Select(part => Slice(x, 0, part * each, each))];
    }

    /// <summary>The places of the first axis that a constant names, one after the other.</summary>
    public static Value Gather(Value x, Value places) =>
        x.Graph.Apply("Gather", [.. places.Shape, .. x.Shape[1..]], [x, places], ("axis", 1));

    private static int[] Without(int[] shape, int axis) => [.. shape[..axis], .. shape[(axis + 1)..]];
}
