using GpuVae.Onnx.Graphs;
using static GpuVae.Onnx.Graphs.Functions;

namespace GpuVae.Onnx.Latent;

/// <summary>A mixture of normals whose components stand still.</summary>
internal sealed class MixtureNodes(MixtureTable table, PosteriorNodes component) : PriorNodes
{
    public override Value LogDensity(Value code) => LogSumExp(
        component.LogDensities(code, table.Rows, table.Count)
            + code.Graph.Constant("prior.log_shares", table.LogShares(), table.Count), 0);

    public override Value Sample(Value noise)
    {
        Graph graph = noise.Graph;
        float[] bounds = table.Bounds();
        Value chosen = ComponentChoice.Append(graph.Constant("prior.bounds", bounds, table.Count), bounds[^1]);
        int columns = table.Rows.Length / table.Count;
        Value rows = graph.Constant("prior.components", table.Rows, table.Count, columns);
        return component.Sample(graph.Apply("Gather", [columns], [rows, chosen], ("axis", 0)), noise).Code;
    }
}
