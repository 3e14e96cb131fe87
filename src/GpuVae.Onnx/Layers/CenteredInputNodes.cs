using GpuVae.Layers;
using GpuVae.Onnx.Graphs;

namespace GpuVae.Onnx.Layers;

/// <summary>Images less their mean, both planar.</summary>
internal static class CenteredInputNodes
{
    public static Value Append(Value x) => x - x.Graph.Parameter(CenteredInput.MeanName, x.Shape);
}
