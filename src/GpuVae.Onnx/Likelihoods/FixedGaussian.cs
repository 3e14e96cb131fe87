using GpuVae.Onnx.Graphs;

namespace GpuVae.Onnx.Likelihoods;

/// <summary>Gaussian with a fixed variance; the decoder gives its mean.</summary>
internal sealed class FixedGaussian(float variance) : PixelLikelihood
{
    public override IReadOnlyList<Parameter> Parameters(Value decoded) => [new("mean", "of each pixel", decoded)];

    public override Value Mean(IReadOnlyList<Parameter> parameters) => parameters[0].Value;

    public override Value Loss(IReadOnlyList<Parameter> parameters, Value x)
    {
        Value difference = parameters[0].Value - x;
        return 0.5f / variance * (difference * difference) + 0.5f * float.Log(float.Tau * variance);
    }
}
