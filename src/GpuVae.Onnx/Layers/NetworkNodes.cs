using GpuVae.Layers;
using GpuVae.Onnx.Graphs;

namespace GpuVae.Onnx.Layers;

/// <summary>
/// A network as nodes. Images are planar throughout, as ONNX has them, so what the library reorders for its kernels stays as it is.
/// </summary>
internal static class NetworkNodes
{
    /// <param name="network">With layers of any kind that has a file beside this.</param>
    /// <param name="x">Rows, or images.</param>
    /// <param name="label">[]: class numbers, for a conditional model; null for others.</param>
    /// <exception cref="BadInputException">A layer has no form in ONNX here.</exception>
    public static Value Append(Network network, Value x, Value? label = null)
    {
        foreach (Layer layer in network.Layers)
            x = ActivationNodes.Append(layer.Activation, Append(layer, x, label));
        return x;
    }

    /// <summary>A layer without its activation.</summary>
    private static Value Append(Layer layer, Value x, Value? label) => layer switch
    {
        Linear linear => LinearNodes.Append(linear, x),
        Convolution2d convolution => ConvolutionNodes.Append(convolution, x),
        GroupNorm norm => GroupNormNodes.Append(norm, x),
        ResidualBlock block => Residual(block, x),
        AveragePooling pooling => AveragePoolingNodes.Append(pooling, x),
        Upsample upsampling => UpsamplingNodes.Append(upsampling, x),
        CenteredInput => CenteredInputNodes.Append(x),
        BottomUp encoder => BottomUpNodes.Append(encoder, x, label),
        TopDown hierarchy => TopDownNodes.Append(hierarchy, x, label),
        LabelInput input => LabelNodes.Append(input, x, label!),
        Reordering => x,
        _ => throw new BadInputException(
            $"The layer {layer.Name} is a {layer.GetType().Name}, which cannot be exported to ONNX, so neither can the model. "
            + "Train one without it."),
    };

    private static Value Residual(ResidualBlock block, Value x)
    {
        Value branch = Append(block.Branch, x);
        return Functions.Reshape(x, branch.Shape) + branch;
    }
}
