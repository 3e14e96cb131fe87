using GpuVae.Kernels.Layers;
using GpuVae.Layers;
using GpuVae.Onnx.Graphs;
using static GpuVae.Onnx.Graphs.Functions;

namespace GpuVae.Onnx.Layers;

/// <summary>Images enlarged by a whole number in both directions.</summary>
internal static class UpsamplingNodes
{
    /// <summary>To twice the sides, or one pixel less.</summary>
    public static Value Append(Upsample layer, Value x)
    {
        UpsamplingShape shape = layer.Shape;
        Value small = Reshape(x, shape.Channels, shape.SourceHeight, shape.SourceWidth);
        Value enlarged = layer.IsBilinear
            ? Resize(small, 2, ("mode", "linear"), ("coordinate_transformation_mode", "half_pixel")) : Enlarge(small, 2);
        return Slice(Slice(enlarged, 1, 0, shape.Height), 2, 0, shape.Width);
    }

    /// <param name="x">Images.</param>
    /// <param name="factor">How often each pixel comes in a row and in a column.</param>
    public static Value Enlarge(Value x, int factor) =>
        Resize(x, factor, ("mode", "nearest"), ("coordinate_transformation_mode", "asymmetric"), ("nearest_mode", "floor"));

    private static Value Resize(Value x, int factor, params (string Name, object Value)[] attributes) => x.Graph.Apply(
        "Resize", [x.Shape[0], x.Shape[1] * factor, x.Shape[2] * factor],
        [x, null, x.Graph.Constant($"sides_times_{factor}", [1, 1, factor, factor], 4)], attributes);
}
