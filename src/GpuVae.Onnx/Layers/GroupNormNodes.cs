using GpuVae.Layers;
using GpuVae.Onnx.Graphs;
using static GpuVae.Onnx.Graphs.Functions;

namespace GpuVae.Onnx.Layers;

/// <summary>
/// Group normalisation as instance normalisation of groups, each one channel; ONNX has it as one node from operator set 21 on.
/// </summary>
internal static class GroupNormNodes
{
    private const float Epsilon = 1e-5f;

    public static Value Append(GroupNorm layer, Value x)
    {
        Graph graph = x.Graph;
        int channels = x.Shape[0], groups = GroupNorm.GroupsOf(channels);
        Value one = graph.Constant($"ones_{groups}", [.. Enumerable.Repeat(1f, groups)], groups);
        Value zero = graph.Constant($"zeros_{groups}", new float[groups], groups);
        Value grouped = Reshape(x, groups, layer.Outputs / groups);
        Value normalized = graph.Apply("InstanceNormalization", grouped.Shape, [grouped, one, zero], ("epsilon", Epsilon));
        return Reshape(normalized, x.Shape) * graph.Parameter($"{layer.Name}.weight", channels, 1, 1)
            + graph.Parameter($"{layer.Name}.bias", channels, 1, 1);
    }
}
