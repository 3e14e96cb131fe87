using GpuVae.Kernels.Common;
using GpuVae.Layers;
using GpuVae.Onnx.Graphs;
using static GpuVae.Onnx.Graphs.Functions;

namespace GpuVae.Onnx.Layers;

/// <summary>Each pixel as the mean of its block: reduced and enlarged again.</summary>
internal static class AveragePoolingNodes
{
    public static Value Append(AveragePooling layer, Value x)
    {
        PoolShape shape = layer.Reduction;
        int[] block = [shape.Factor, shape.Factor];
        Value images = Reshape(x, shape.Channels, shape.Height, shape.Width);
        Value small = x.Graph.Apply(
            "AveragePool", [shape.Channels, shape.Height / shape.Factor, shape.Width / shape.Factor], [images],
            ("kernel_shape", block), ("strides", block));
        return UpsamplingNodes.Enlarge(small, shape.Factor);
    }
}
