using GpuVae.Onnx.Graphs;
using static GpuVae.Onnx.Graphs.Functions;

namespace GpuVae.Onnx.Latent;

/// <summary>Normal with independent units: [means | log-variances].</summary>
internal sealed class DiagonalNodes(int latents) : PosteriorNodes(latents)
{
    public override (Value Code, Value LogDensity) Sample(Value encoded, Value noise)
    {
        Value logVariance = LogVariance(encoded);
        return (Center(encoded) + Exp(0.5f * logVariance) * noise, LogDensity(logVariance, noise));
    }

    public override Value LogDensities(Value code, float[] rows, int count)
    {
        float[] precisions = [.. Enumerable.Range(0, count * Latents).Select(i =>
            float.Exp(-0.5f * LogVariance(rows, count, i / Latents, i % Latents)))];
        Value difference = Reshape(code, 1, Latents) - Means(code.Graph, rows, count, Latents);
        return LogDensities(difference * code.Graph.Constant("prior.precisions", precisions, count, Latents), rows);
    }
}
