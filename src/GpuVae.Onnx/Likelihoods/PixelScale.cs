using GpuVae.Onnx.Graphs;
using static GpuVae.Onnx.Graphs.Functions;

namespace GpuVae.Onnx.Likelihoods;

/// <summary>A location and a logarithm of the scale for each pixel.</summary>
internal sealed class PixelScale(LocationScaleFamily family) : PixelLikelihood
{
    public override IReadOnlyList<Parameter> Parameters(Value decoded)
    {
        Value[] parts = Parts(decoded, 2);
        return [new(family.LocationName, "of each pixel", parts[0]), new(family.ScaleName, "of each pixel", parts[1])];
    }

    public override Value Mean(IReadOnlyList<Parameter> parameters) => family.Mean(parameters[0].Value, parameters[1].Value);

    public override Value Loss(IReadOnlyList<Parameter> parameters, Value x) =>
        family.Loss(parameters[0].Value, parameters[1].Value, x);
}
