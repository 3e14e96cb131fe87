using GpuVae.Layers;
using GpuVae.Onnx.Graphs;
using static GpuVae.Onnx.Graphs.Functions;

namespace GpuVae.Onnx.Layers;

/// <summary>y = x·Wᵀ + b with W [outputs, inputs].</summary>
internal static class LinearNodes
{
    public static Value Append(Linear layer, Value x) => Append(layer.Name, layer.Outputs, x);

    /// <summary>The layer of which the parameters have this name.</summary>
    public static Value Append(string name, int outputs, Value x) => x.Graph.Apply(
        "Gemm", [outputs], [Rows(x), x.Graph.Weight($"{name}.weight", channelAxis: 0), x.Graph.Parameter($"{name}.bias", outputs)],
        ("transB", 1));
}
