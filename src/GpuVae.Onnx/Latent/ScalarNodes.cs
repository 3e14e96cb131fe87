using GpuVae.Models;
using GpuVae.Onnx.Graphs;
using static GpuVae.Onnx.Graphs.Functions;

namespace GpuVae.Onnx.Latent;

/// <summary>Every number bounded and rounded to one of its levels; the formula stands with the kernel, ScalarQuantization.</summary>
internal sealed class ScalarNodes(Vae model, ImageShape grid, string prefix) : QuantizerNodes(model, grid, prefix)
{
    private readonly int[] levels = [.. model.Options.Levels];
    private readonly int count = model.Options.CodeCount;

    public override Value Numbers(Value z)
    {
        Graph graph = z.Graph;
        double[] offsets = [.. levels.Select(level => level % 2 == 0 ? 0.5 : 0)];
        double[] halves = [.. levels.Select(level => 0.5 * (level - 1) * (1 - 1e-3))];
        Value shifted = z + OfNumbers(graph, Named("shifts"), offsets.Zip(halves, (o, h) => (float)Math.Atanh(o / h)));
        Value bounded = OfNumbers(graph, Named("halves"), halves.Select(h => (float)h)) * Tanh(shifted)
            - OfNumbers(graph, Named("offsets"), offsets.Select(o => (float)o));
        Value chosen = Floor(bounded + 0.5f) + OfNumbers(graph, Named("middles"), levels.Select(level => (float)(level / 2)));
        return Integers(Sum(chosen * OfNumbers(graph, Named("strides"), Strides().Select(stride => (float)stride)), 0));
    }

    protected override float[] Table() =>
    [
        .. Enumerable.Range(0, count).SelectMany(number => levels.Zip(
            Strides(), (level, stride) => (float)(number / stride % level - level / 2) / (level / 2))),
    ];

    /// <summary>What a step of each number's level adds to the number of the code.</summary>
    private IEnumerable<int> Strides()
    {
        int stride = 1;
        foreach (int level in levels)
        {
            yield return stride;
            stride *= level;
        }
    }
}
