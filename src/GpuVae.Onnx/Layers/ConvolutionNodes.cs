using GpuVae.Kernels.Convolution;
using GpuVae.Layers;
using GpuVae.Onnx.Graphs;
using static GpuVae.Onnx.Graphs.Functions;

namespace GpuVae.Onnx.Layers;

/// <summary>Convolutions and transposed ones; of these the weight is [inputs, outputs, k, k].</summary>
internal static class ConvolutionNodes
{
    public static Value Append(Convolution2d layer, Value x)
    {
        ConvolutionShape shape = layer.Shape;
        (string, object)[] geometry =
        [
            ("kernel_shape", new[] { shape.Kernel, shape.Kernel }), ("strides", new[] { shape.Stride, shape.Stride }),
            ("pads", Enumerable.Repeat(shape.Padding, 4).ToArray()),
        ];
        if (!layer.IsTransposed)
        {
            return x.Graph.Apply(
                "Conv", [shape.Outputs, shape.OutputHeight, shape.OutputWidth],
                Operands(Reshape(x, shape.Inputs, shape.Height, shape.Width), layer.Name, 0, shape.Outputs), geometry);
        }
        int[] missing = [Missing(shape.Height, shape.OutputHeight, shape), Missing(shape.Width, shape.OutputWidth, shape)];
        return x.Graph.Apply(
            "ConvTranspose", [shape.Inputs, shape.Height, shape.Width],
            Operands(Reshape(x, shape.Outputs, shape.OutputHeight, shape.OutputWidth), layer.Name, 1, shape.Inputs),
            [.. geometry, ("output_padding", missing)]);
    }

    private static Value[] Operands(Value x, string name, int channelAxis, int channels) =>
        [x, x.Graph.Weight($"{name}.weight", channelAxis), x.Graph.Parameter($"{name}.bias", channels)];

    /// <summary>What rounding took from a side on the way down.</summary>
    private static int Missing(int large, int small, ConvolutionShape shape) =>
        large - ((small - 1) * shape.Stride - 2 * shape.Padding + shape.Kernel);
}
