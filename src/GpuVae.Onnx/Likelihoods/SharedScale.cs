using GpuVae.Onnx.Graphs;

namespace GpuVae.Onnx.Likelihoods;

/// <summary>A location for each pixel and one learned logarithm of the scale for all of them.</summary>
internal sealed class SharedScale(LocationScaleFamily family) : PixelLikelihood
{
    public override IReadOnlyList<Parameter> Parameters(Value decoded) =>
    [
        new(family.LocationName, "of each pixel", decoded),
        new(family.ScaleName, "of all pixels", decoded.Graph.Parameter($"likelihood.{family.ScaleName}", 1)),
    ];

    public override Value Mean(IReadOnlyList<Parameter> parameters) => family.Mean(parameters[0].Value, parameters[1].Value);

    public override Value Loss(IReadOnlyList<Parameter> parameters, Value x) =>
        family.Loss(parameters[0].Value, parameters[1].Value, x);
}
