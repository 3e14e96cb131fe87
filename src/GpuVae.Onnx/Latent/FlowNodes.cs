using GpuVae.Kernels.Latent;
using GpuVae.Onnx.Graphs;
using GpuVae.Onnx.Layers;
using static GpuVae.Onnx.Graphs.Functions;

namespace GpuVae.Onnx.Latent;

/// <summary>
/// A diagonal normal taken through steps of an inverse autoregressive flow: [means | log-variances | the steps' contexts].
/// </summary>
internal sealed class FlowNodes(int latents, int width, int steps) : PosteriorNodes(latents)
{
    public override Value Center(Value encoded)
    {
        // The start's mean, without noise.
        Value code = base.Center(encoded);
        for (int i = 0; i < steps; i++)
            (code, _) = Step(i, encoded, code);
        return code;
    }

    public override (Value Code, Value LogDensity) Sample(Value encoded, Value noise)
    {
        Value logVariance = LogVariance(encoded), density = LogDensity(logVariance, noise);
        Value code = base.Center(encoded) + Exp(0.5f * logVariance) * noise;
        for (int i = 0; i < steps; i++)
        {
            (code, Value gate) = Step(i, encoded, code);
            density += Sum(Softplus(-gate));
        }
        return (code, density);
    }

    public override Value LogDensities(Value code, float[] rows, int count) =>
        throw new BadInputException(
            "A mixture of flows has no density that is known, so it cannot be exported to ONNX. Train with VaeOptions.Prior = Mixture.");

    /// <summary>The next code, and what goes into the gate.</summary>
    private (Value Next, Value Gate) Step(int step, Value encoded, Value code)
    {
        Value context = Slice(encoded, 0, 2 * Latents + step * width, width);
        Value hidden = Relu(LinearNodes.Append($"flow.{step}.0", width, code) + context);
        Value outputs = LinearNodes.Append($"flow.{step}.2", 2 * Latents, hidden);
        Value gate = Slice(outputs, 0, Latents, Latents) + AutoregressiveFlow.GateOffset;
        return (Sigmoid(gate) * code + Sigmoid(-gate) * Slice(outputs, 0, 0, Latents), gate);
    }
}
