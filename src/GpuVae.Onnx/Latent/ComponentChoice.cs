using GpuVae.Onnx.Graphs;
using static GpuVae.Onnx.Graphs.Functions;
using static Onnx.TensorProto.Types;

namespace GpuVae.Onnx.Latent;

/// <summary>A component of a mixture, drawn at random.</summary>
internal static class ComponentChoice
{
    /// <summary>
    /// The number, [], of the first component whose bound lies above scale · uniform, an input that the graph gets.
    /// </summary>
    /// <param name="bounds">[K]: sums of the components' shares, up to and with each.</param>
    /// <param name="scale">The last bound.</param>
    public static Value Append(Value bounds, float scale)
    {
        Graph graph = bounds.Graph;
        int count = bounds.Shape[0];
        Value uniform = graph.Input("uniform", "numbers of [0, 1) that choose the components", DataType.Float);
        Value isBelow = graph.Apply("LessOrEqual", [count], [bounds, Reshape(scale * uniform, 1)]);
        Value below = Clamp(Sum(graph.Apply("Cast", [count], [isBelow], ("to", (int)DataType.Float)), 0), 0, count - 1);
        return graph.Apply("Cast", [], [below], ("to", (int)DataType.Int64));
    }
}
