using GpuVae.Onnx.Graphs;
using static GpuVae.Onnx.Graphs.Functions;

namespace GpuVae.Onnx.Likelihoods;

/// <summary>Continuous Bernoulli from logits, by series around 0 and by the closed forms elsewhere.</summary>
internal sealed class ContinuousBernoulli : PixelLikelihood
{
    private const float SeriesEnd = 1f;

    // From the highest power down; see the kernel.
    private static readonly float[] OfNormaliser = [-1f / 37800, 1f / 2835, -1f / 180, 1f / 6];
    private static readonly float[] OfMean = [1f / 47900160, -1f / 1209600, 1f / 30240, -1f / 720, 1f / 12];

    public override IReadOnlyList<Parameter> Parameters(Value decoded) => [new("logits", "of the continuous Bernoulli", decoded)];

    public override Value Mean(IReadOnlyList<Parameter> parameters)
    {
        Value y = parameters[0].Value, far = Max(Abs(y), SeriesEnd), e = Exp(-far), lower = 1f / far - e / (1f - e);
        return WhereLess(Abs(y), SeriesEnd, 0.5f + y * Polynomial(y * y, OfMean), WhereLess(y, 0, lower, 1f - lower));
    }

    public override Value Loss(IReadOnlyList<Parameter> parameters, Value x)
    {
        Value y = parameters[0].Value, far = Max(Abs(y), SeriesEnd), square = 0.25f * y * y;
        return WhereLess(
            Abs(y), SeriesEnd,
            y * (0.5f - x) + square * Polynomial(square, OfNormaliser),
            Relu(y) - y * x + Log((1f - Exp(-far)) / far));
    }

    private static Value Polynomial(Value x, float[] coefficients)
    {
        Value sum = coefficients[0] * x + coefficients[1];
        foreach (float coefficient in coefficients[2..])
            sum = sum * x + coefficient;
        return sum;
    }
}
