using GpuVae.Layers;
using GpuVae.Onnx.Graphs;
using static GpuVae.Onnx.Graphs.Functions;

namespace GpuVae.Onnx.Layers;

/// <summary>The features of an image in stages, and out of them the contexts of all levels, one after the other.</summary>
internal static class BottomUpNodes
{
    /// <summary>The contexts, [all widths]; those of maps are planar.</summary>
    public static Value Append(BottomUp layer, Value x, Value? label)
    {
        var features = new Value[layer.Stages.Count];
        for (int stage = 0; stage < features.Length; stage++)
            features[stage] = x = NetworkNodes.Append(layer.Stages[stage], x);
        Value[] contexts =
        [
            .. layer.Contexts.Select((context, i) =>
                Reshape(NetworkNodes.Append(context, features[layer.StageOf[i]], label), context.Outputs)),
        ];
        return x.Graph.Apply("Concat", [layer.Outputs], contexts, ("axis", 1));
    }
}
