using GpuVae.Onnx.Graphs;
using static GpuVae.Onnx.Graphs.Functions;

namespace GpuVae.Onnx.Latent;

/// <summary>N(0, I).</summary>
internal sealed class NormalNodes : PriorNodes
{
    public override Value LogDensity(Value code) => -0.5f * Sum(code * code + float.Log(float.Tau));

    public override Value Sample(Value noise) => noise;
}
