using GpuVae.Onnx.Graphs;
using static GpuVae.Onnx.Graphs.Functions;

namespace GpuVae.Onnx.Latent;

/// <summary>Codes without noise: what the encoder gives. Half their squared norm stands for the KL term.</summary>
internal sealed class DeterministicNodes(int latents) : PosteriorNodes(latents)
{
    public override bool HasNoise => false;

    public override IEnumerable<(string Name, string Meaning, Value Value)> More(Value encoded) => [];

    public override (Value Code, Value LogDensity) Sample(Value encoded, Value noise) =>
        throw new NotSupportedException("There is no noise.");

    public override Value Kl(Value encoded, Value noise) => 0.5f * Sum(encoded * encoded);

    public override Value LogDensities(Value code, float[] rows, int count) => throw new NotSupportedException("There is no density.");
}
