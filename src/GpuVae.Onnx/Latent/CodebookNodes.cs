using GpuVae.Models;
using GpuVae.Onnx.Graphs;

namespace GpuVae.Onnx.Latent;

/// <summary>The nearest vectors e of a codebook: argmin |e|² − 2·z·e, scores that a convolution of one place gives.</summary>
internal sealed class CodebookNodes(Vae model, ImageShape grid, string prefix) : QuantizerNodes(model, grid, prefix)
{
    private readonly int count = model.Options.Codes, size = model.Options.CodeSize;
    private readonly float[] vectors =
        model.ReadWeights().First(tensor => tensor.Name == $"codebook.{prefix.Replace('_', '.')}weight").Data;

    public override Value Numbers(Value z)
    {
        Graph graph = z.Graph;
        float[] norms = [.. vectors.Chunk(size).Select(vector => vector.Sum(value => value * value))];
        int[] places = z.Shape[1..];
        Value scores = graph.Apply(
            "Conv", [count, .. places],
            [
                z, graph.Constant(Named("factors"), Array.ConvertAll(vectors, value => -2 * value), count, size, 1, 1),
                graph.Constant(Named("norms"), norms, count),
            ]);
        return graph.Apply("ArgMin", places, [scores], ("axis", 1), ("keepdims", 0));
    }

    protected override float[] Table() => vectors;
}
