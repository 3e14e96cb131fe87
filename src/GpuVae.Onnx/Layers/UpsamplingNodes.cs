using GpuVae.Kernels.Layers;
using GpuVae.Layers;
using GpuVae.Onnx.Graphs;
using static GpuVae.Onnx.Graphs.Functions;

namespace GpuVae.Onnx.Layers;

/// <summary>Each pixel several times in both directions.</summary>
internal static class UpsamplingNodes
{
    /// <summary>To twice the sides, or one pixel less.</summary>
    public static Value Append(NearestUpsampling layer, Value x)
    {
        UpsamplingShape shape = layer.Shape;
        Value enlarged = Enlarge(Reshape(x, shape.Channels, shape.SourceHeight, shape.SourceWidth), 2);
        return Slice(Slice(enlarged, 1, 0, shape.Height), 2, 0, shape.Width);
    }

    /// <param name="x">Images.</param>
    /// <param name="factor">How often each pixel comes in a row and in a column.</param>
    public static Value Enlarge(Value x, int factor) => x.Graph.Apply(
        "Resize", [x.Shape[0], x.Shape[1] * factor, x.Shape[2] * factor],
        [x, null, x.Graph.Constant($"sides_times_{factor}", [1, 1, factor, factor], 4)],
        ("mode", "nearest"), ("coordinate_transformation_mode", "asymmetric"), ("nearest_mode", "floor"));
}
