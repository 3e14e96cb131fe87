using GpuVae.Onnx.Graphs;
using static GpuVae.Onnx.Graphs.Functions;

namespace GpuVae.Onnx.Likelihoods;

/// <summary>K weights, locations and logarithms of scales for each pixel, [K, channels, height, width] each.</summary>
internal sealed class Mixture(LocationScaleFamily family, int components) : PixelLikelihood
{
    public override IReadOnlyList<Parameter> Parameters(Value decoded)
    {
        int[] shape = [components, decoded.Shape[0] / (3 * components), .. decoded.Shape[1..]];
        Value[] parts = [.. Parts(decoded, 3).Select(part => Reshape(part, shape))];
        return
        [
            new("logits", "of the components' weights", parts[0]), new(family.LocationName, "of the components", parts[1]),
            new(family.ScaleName, "of the components", parts[2]),
        ];
    }

    public override Value Mean(IReadOnlyList<Parameter> parameters) =>
        Sum(Softmax(parameters[0].Value, 0) * family.Mean(parameters[1].Value, parameters[2].Value), 0);

    public override Value Loss(IReadOnlyList<Parameter> parameters, Value x)
    {
        Value logits = parameters[0].Value;
        Value losses = family.Loss(parameters[1].Value, parameters[2].Value, Reshape(x, [1, .. x.Shape]));
        return LogSumExp(logits, 0) - LogSumExp(logits - losses, 0);
    }
}
