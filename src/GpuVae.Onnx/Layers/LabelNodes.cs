using GpuVae.Layers;
using GpuVae.Onnx.Graphs;
using static GpuVae.Onnx.Graphs.Functions;

namespace GpuVae.Onnx.Layers;

/// <summary>Each row joined with its class as a one-hot code.</summary>
internal static class LabelNodes
{
    public static Value Append(LabelInput layer, Value x, Value label)
    {
        Graph graph = x.Graph;
        int classes = layer.Outputs - layer.Inputs;
        Value offAndOn = graph.Constant("off_on", [0, 1], 2);
        Value code = graph.Apply("OneHot", [classes], [label, graph.Integers(classes), offAndOn]);
        return graph.Apply("Concat", [layer.Outputs], [Rows(x), code], ("axis", 1));
    }
}
