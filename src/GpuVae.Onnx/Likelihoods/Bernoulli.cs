using GpuVae.Onnx.Graphs;
using static GpuVae.Onnx.Graphs.Functions;

namespace GpuVae.Onnx.Likelihoods;

/// <summary>Bernoulli from logits.</summary>
internal sealed class Bernoulli : PixelLikelihood
{
    public override IReadOnlyList<Parameter> Parameters(Value decoded) => [new("logits", "of white", decoded)];

    public override Value Mean(IReadOnlyList<Parameter> parameters) => Sigmoid(parameters[0].Value);

    public override Value Loss(IReadOnlyList<Parameter> parameters, Value x)
    {
        Value y = parameters[0].Value;
        return Relu(y) - y * x + Log(1f + Exp(-Abs(y)));
    }
}
