using GpuVae.Onnx.Graphs;
using static GpuVae.Onnx.Graphs.Functions;
using static Onnx.TensorProto.Types;

namespace GpuVae.Onnx.Latent;

/// <summary>A mixture of normals whose components stand still.</summary>
internal sealed class MixtureNodes(MixtureTable table, PosteriorNodes component) : PriorNodes
{
    public override Value LogDensity(Value code) => LogSumExp(
        component.LogDensities(code, table.Rows, table.Count)
            + code.Graph.Constant("prior.log_shares", table.LogShares(), table.Count), 0);

    /// <summary>The component is the first whose bound lies above the number that the row has drawn.</summary>
    public override Value Sample(Value noise)
    {
        Graph graph = noise.Graph;
        Value uniform = graph.Input("uniform", "numbers of [0, 1) that choose the components", DataType.Float);
        float[] bounds = table.Bounds();
        Value drawn = Reshape(bounds[^1] * uniform, 1);
        Value isBelow = graph.Apply("LessOrEqual", [table.Count], [graph.Constant("prior.bounds", bounds, table.Count), drawn]);
        Value count = Clamp(Sum(graph.Apply("Cast", [table.Count], [isBelow], ("to", (int)DataType.Float)), 0), 0, table.Count - 1);
        Value chosen = graph.Apply("Cast", [], [count], ("to", (int)DataType.Int64));
        int columns = table.Rows.Length / table.Count;
        Value rows = graph.Constant("prior.components", table.Rows, table.Count, columns);
        return component.Sample(graph.Apply("Gather", [columns], [rows, chosen], ("axis", 0)), noise).Code;
    }
}
